"""Folders: where images, files and tables are filed."""
