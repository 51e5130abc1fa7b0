"""Ports: how values of Python types travel, and how types are told to others."""
