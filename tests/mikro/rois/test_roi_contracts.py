"""Every implementation of regions keeps the promise."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from arkitekt_di.mikro.in_memory import InMemoryImageRecords, InMemoryPixelStore
from arkitekt_di.mikro.pixels.s3 import S3PixelStore
from arkitekt_di.mikro.records import GraphQLImageRecords
from arkitekt_di.mikro.rois import documents
from arkitekt_di.mikro.rois.in_memory import InMemoryRoiRecords
from arkitekt_di.mikro.rois.records import GraphQLRoiRecords
from arkitekt_di.testing.rois import RoiRecordsContract
from tests.mikro.hub import Hub, serving


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    async with serving(tmp_path) as served:
        yield served


class TestInMemoryRoiRecords(RoiRecordsContract):
    @pytest.fixture
    def pixels(self) -> InMemoryPixelStore:
        return InMemoryPixelStore()

    @pytest.fixture
    def records(self, pixels: InMemoryPixelStore) -> InMemoryImageRecords:
        return InMemoryImageRecords(pixels)

    @pytest.fixture
    def rois(self, records: InMemoryImageRecords) -> InMemoryRoiRecords:
        return InMemoryRoiRecords(records.get)


class TestGraphQLRoiRecordsOfTheHub(RoiRecordsContract):
    @pytest.fixture
    def pixels(self, hub: Hub) -> S3PixelStore:
        return hub.pixels

    @pytest.fixture
    def records(self, hub: Hub) -> GraphQLImageRecords:
        return hub.records

    @pytest.fixture
    def rois(self, hub: Hub) -> GraphQLRoiRecords:
        return GraphQLRoiRecords(hub.graphql)


def test_documents_are_valid_for_the_hub() -> None:
    from graphql import build_schema, parse, validate

    from arkitekt_di.server.mikro.schema import make_schema

    schema = build_schema(make_schema().as_str())
    sent = [text for name, text in vars(documents).items() if name.isupper() and not name.startswith("_")]
    assert len(sent) == 6
    assert [validate(schema, parse(text)) for text in sent] == [[]] * 6
