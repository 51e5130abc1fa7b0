"""Comments of a hub."""
