"""Pixels of an image: how they are cut, encoded, sent, and read where they are touched."""
