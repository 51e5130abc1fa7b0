"""The ``arkitekt-di`` command; each subcommand loads what it needs when it runs."""

from arkitekt_di.cli.main import main

__all__ = ["main"]
