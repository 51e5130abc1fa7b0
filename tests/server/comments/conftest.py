"""A hub of two organizations."""

from tests.server.images.conftest import database, hub, migrated

__all__ = ["database", "hub", "migrated"]
