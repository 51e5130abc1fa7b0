"""Finds nuclei, and offers that to the apps of the lab."""
