"""Metrics: measured values of images, files and tables."""
