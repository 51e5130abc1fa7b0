"""Every implementation of the promise of metrics keeps it, and every document is one that the hub understands."""

import io

import pytest
from graphql import build_schema, parse, validate

from arkitekt_di.errors import MetricNotFoundError
from arkitekt_di.koil import Koil
from arkitekt_di.messages.changes import RecordKind
from arkitekt_di.messages.metrics import MetricDraft
from arkitekt_di.mikro.files.records import GraphQLFileRecords
from arkitekt_di.mikro.files.service import Files
from arkitekt_di.mikro.folders.records import GraphQLFolderRecords
from arkitekt_di.mikro.folders.service import Folders
from arkitekt_di.mikro.metrics import documents
from arkitekt_di.mikro.metrics.in_memory import InMemoryMetricRecords
from arkitekt_di.mikro.metrics.records import GraphQLMetricRecords
from arkitekt_di.mikro.metrics.service import Metrics
from arkitekt_di.server.mikro.schema import make_schema
from arkitekt_di.testing.metrics import MetricRecordsContract
from tests.mikro.hub import Hub

SENT = {name: value for name, value in vars(documents).items() if name.isupper() and name[0] != "_"}


@pytest.fixture
async def files(hub: Hub) -> Files:
    koil = Koil()  # not entered: nothing here crosses to another loop
    return Files(GraphQLFileRecords(hub.graphql), hub.pixels, Folders(GraphQLFolderRecords(hub.graphql), koil), koil)


class TestInMemoryMetricRecords(MetricRecordsContract):
    @pytest.fixture
    def metrics(self) -> InMemoryMetricRecords:
        return InMemoryMetricRecords()

    @pytest.fixture
    def about(self) -> MetricDraft:
        return MetricDraft(kind=RecordKind.IMAGE, subject_id="7", key="diameter")


class TestGraphQLMetricRecordsOfTheHub(MetricRecordsContract):
    @pytest.fixture
    def metrics(self, hub: Hub) -> GraphQLMetricRecords:
        return GraphQLMetricRecords(hub.graphql)

    @pytest.fixture
    async def about(self, files: Files) -> MetricDraft:
        file = await files.aupload(io.BytesIO(b"x"), name="measured")
        return MetricDraft(kind=RecordKind.FILE, subject_id=file.id, key="diameter")


@pytest.mark.anyio
async def test_values_are_numbers_or_words(hub: Hub, files: Files) -> None:
    metrics = Metrics(GraphQLMetricRecords(hub.graphql))
    file = await files.aupload(io.BytesIO(b"x"), name="measured")

    number = await metrics.acreate(file, "nuclei", 412)
    word = await metrics.acreate(file, "focus", "good")

    assert (number.value, word.value) == (412.0, "good")
    assert await metrics.asearch(file, key="nuclei") == [number]
    await files.adelete(file.id)
    with pytest.raises(MetricNotFoundError):
        await metrics.acreate(file, "nuclei", 7)


def test_every_document_is_valid() -> None:
    schema = build_schema(make_schema().as_str())

    assert len(SENT) == 3
    assert {name: errors for name, text in SENT.items() if (errors := validate(schema, parse(text)))} == {}
