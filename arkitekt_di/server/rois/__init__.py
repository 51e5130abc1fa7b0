"""Regions of interest of a hub."""
