"""Every implementation of the promise of files keeps it, and every document is one that the hub understands."""

import pytest
from graphql import build_schema, parse, validate

from arkitekt_di.mikro.files import documents
from arkitekt_di.mikro.files.in_memory import InMemoryFileRecords
from arkitekt_di.mikro.files.records import GraphQLFileRecords
from arkitekt_di.mikro.folders.in_memory import InMemoryFolderRecords
from arkitekt_di.mikro.folders.records import GraphQLFolderRecords
from arkitekt_di.mikro.in_memory import InMemoryPixelStore
from arkitekt_di.mikro.pixels.s3 import S3PixelStore
from arkitekt_di.server.mikro.schema import make_schema
from arkitekt_di.testing.files import FileRecordsContract
from tests.mikro.hub import Hub

SENT = {name: value for name, value in vars(documents).items() if name.isupper() and name != "GRANT" and name[0] != "_"}


class TestInMemoryFileRecords(FileRecordsContract):
    @pytest.fixture
    def store(self) -> InMemoryPixelStore:
        return InMemoryPixelStore()

    @pytest.fixture
    def folders(self) -> InMemoryFolderRecords:
        return InMemoryFolderRecords()

    @pytest.fixture
    def files(self, store: InMemoryPixelStore, folders: InMemoryFolderRecords) -> InMemoryFileRecords:
        return InMemoryFileRecords(store, folders)


class TestGraphQLFileRecordsOfTheHub(FileRecordsContract):
    @pytest.fixture
    def store(self, hub: Hub) -> S3PixelStore:
        return hub.pixels

    @pytest.fixture
    def folders(self, hub: Hub) -> GraphQLFolderRecords:
        return GraphQLFolderRecords(hub.graphql)

    @pytest.fixture
    def files(self, hub: Hub) -> GraphQLFileRecords:
        return GraphQLFileRecords(hub.graphql)


def test_every_document_is_valid() -> None:
    schema = build_schema(make_schema().as_str())

    assert len(SENT) == 12
    assert {name: errors for name, text in SENT.items() if (errors := validate(schema, parse(text)))} == {}
