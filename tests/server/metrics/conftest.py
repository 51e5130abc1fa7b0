"""A hub's data service, as the tests of images have it."""

from tests.server.images.conftest import database, hub, migrated

__all__ = ["database", "hub", "migrated"]
