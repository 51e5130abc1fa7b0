"""Every implementation of the promise of tables keeps it, and every document is one that the hub understands."""

import hashlib

import pytest
from graphql import build_schema, parse, validate

from arkitekt_di.errors import ArkitektError
from arkitekt_di.messages.tables import TableDraft
from arkitekt_di.mikro.folders.in_memory import InMemoryFolderRecords
from arkitekt_di.mikro.folders.records import GraphQLFolderRecords
from arkitekt_di.mikro.in_memory import InMemoryPixelStore
from arkitekt_di.mikro.pixels.s3 import S3PixelStore
from arkitekt_di.mikro.tables import documents
from arkitekt_di.mikro.tables.in_memory import InMemoryTableRecords
from arkitekt_di.mikro.tables.records import GraphQLTableRecords
from arkitekt_di.server.mikro.schema import make_schema
from arkitekt_di.testing.tables import TableRecordsContract
from tests.mikro.hub import Hub

SENT = {name: value for name, value in vars(documents).items() if name.isupper() and name != "GRANT" and name[0] != "_"}


class TestInMemoryTableRecords(TableRecordsContract):
    @pytest.fixture
    def store(self) -> InMemoryPixelStore:
        return InMemoryPixelStore()

    @pytest.fixture
    def folders(self) -> InMemoryFolderRecords:
        return InMemoryFolderRecords()

    @pytest.fixture
    def tables(self, store: InMemoryPixelStore, folders: InMemoryFolderRecords) -> InMemoryTableRecords:
        return InMemoryTableRecords(store, folders)


class TestGraphQLTableRecordsOfTheHub(TableRecordsContract):
    @pytest.fixture
    def store(self, hub: Hub) -> S3PixelStore:
        return hub.pixels

    @pytest.fixture
    def folders(self, hub: Hub) -> GraphQLFolderRecords:
        return GraphQLFolderRecords(hub.graphql)

    @pytest.fixture
    def tables(self, hub: Hub) -> GraphQLTableRecords:
        return GraphQLTableRecords(hub.graphql)


@pytest.mark.anyio
async def test_the_hub_takes_nothing_but_parquet(hub: Hub) -> None:
    records = GraphQLTableRecords(hub.graphql)
    upload = await records.request_upload(name=None, content_type=None, key=None)
    await (await hub.pixels.open_sink(upload.grant)).put(upload.name, b"a,b\n1,2\n")
    await records.finish_upload(upload.grant.store, sha256=hashlib.sha256(b"a,b\n1,2\n").hexdigest())

    with pytest.raises(ArkitektError, match="not a Parquet file"):
        await records.create(TableDraft(store_id=upload.grant.store, name="csv", columns=()))


def test_every_document_is_valid() -> None:
    schema = build_schema(make_schema().as_str())

    assert len(SENT) == 13
    assert {name: errors for name, text in SENT.items() if (errors := validate(schema, parse(text)))} == {}
