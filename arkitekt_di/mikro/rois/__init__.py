"""Regions of interest of images."""
