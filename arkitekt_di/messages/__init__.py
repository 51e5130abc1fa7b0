"""Frozen models that the clients and the hub exchange; nothing here does I/O."""
