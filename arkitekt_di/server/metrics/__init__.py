"""Metrics of a hub: measured values of images, files and tables."""
