"""Files of a hub: bytes of any kind, with a name and a place."""
