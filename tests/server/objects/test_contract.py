"""Both object stores hold the promise."""

from pathlib import Path

from arkitekt_di.server.objects import InMemoryObjects, ObjectFolder, Objects
from arkitekt_di.testing.objects import ObjectsContract


class TestObjectFolder(ObjectsContract):
    def make_objects(self, folder: Path) -> Objects:
        return ObjectFolder(folder)


class TestInMemoryObjects(ObjectsContract):
    def make_objects(self, folder: Path) -> Objects:
        return InMemoryObjects()
