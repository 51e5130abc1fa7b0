"""Every implementation of the promise of folders keeps it, and every document is one that the hub understands."""

import pytest
from graphql import build_schema, parse, validate

from arkitekt_di.mikro.folders import documents
from arkitekt_di.mikro.folders.in_memory import InMemoryFolderRecords
from arkitekt_di.mikro.folders.records import GraphQLFolderRecords
from arkitekt_di.server.mikro.schema import make_schema
from arkitekt_di.testing.folders import FolderRecordsContract
from tests.mikro.hub import Hub

SENT = {name: value for name, value in vars(documents).items() if name.isupper() and not name.startswith("_")}


class TestInMemoryFolderRecords(FolderRecordsContract):
    @pytest.fixture
    def folders(self) -> InMemoryFolderRecords:
        return InMemoryFolderRecords()


class TestGraphQLFolderRecordsOfTheHub(FolderRecordsContract):
    @pytest.fixture
    def folders(self, hub: Hub) -> GraphQLFolderRecords:
        return GraphQLFolderRecords(hub.graphql)


def test_every_document_is_valid() -> None:
    schema = build_schema(make_schema().as_str())

    assert len(SENT) == 10
    assert {name: errors for name, text in SENT.items() if (errors := validate(schema, parse(text)))} == {}
