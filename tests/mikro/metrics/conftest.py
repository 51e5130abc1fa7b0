"""A hub behind a socket."""

from tests.mikro.files.conftest import hub

__all__ = ["hub"]
