"""Images on pages of the hub, for people."""
