"""Folders of a hub: a tree that images, files and tables are filed in."""
