"""A hub in a process of its own, as the package has it for everybody's tests."""

from arkitekt_di.testing.served_hub import ServedHub, serving, start_hub

__all__ = ["ServedHub", "serving", "start_hub"]
