"""Everything that is promised about records holds where they are in PostgreSQL, with two hubs on one database, too."""

import asyncio
import hashlib
import uuid
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

import pytest
from graphql import GraphQLError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from arkitekt_di.errors import (
    FolderNotFoundError,
    HubRefusedError,
    ImageRefusedError,
    NotFoundError,
    StoredFileNotFoundError,
)
from arkitekt_di.messages.changes import RecordKind
from arkitekt_di.messages.files import FileQuery, FileRecord
from arkitekt_di.messages.folders import FolderQuery
from arkitekt_di.messages.images import UploadKey
from arkitekt_di.messages.metrics import MetricDraft
from arkitekt_di.mikro.files.records import GraphQLFileRecords
from arkitekt_di.mikro.folders.records import GraphQLFolderRecords
from arkitekt_di.mikro.metrics.records import GraphQLMetricRecords
from arkitekt_di.mikro.pixels.s3 import S3PixelStore
from arkitekt_di.mikro.records import GraphQLImageRecords
from arkitekt_di.mikro.rois.records import GraphQLRoiRecords
from arkitekt_di.mikro.tables.records import GraphQLTableRecords
from arkitekt_di.server.database import Database
from arkitekt_di.server.graphql.failures import shown
from arkitekt_di.server.journal import Change, Event, Journal, Scope
from arkitekt_di.server.principal import Principal
from arkitekt_di.settings.models import DatabaseSettings
from arkitekt_di.testing.files import FileRecordsContract
from arkitekt_di.testing.folders import FolderRecordsContract
from arkitekt_di.testing.image_finding import ImageFindingContract
from arkitekt_di.testing.image_watching import ImageWatchContract
from arkitekt_di.testing.metrics import MetricRecordsContract
from arkitekt_di.testing.mikro import ImageRecordsContract
from arkitekt_di.testing.rois import RoiRecordsContract
from arkitekt_di.testing.tables import TableRecordsContract
from arkitekt_di.transport.graphql import HttpGraphQL
from tests.mikro.hub import Hub, serving
from tests.postgres import find_program, running_postgres

pytestmark = pytest.mark.skipif(find_program("initdb") is None, reason="the server of PostgreSQL is not installed")

T = TypeVar("T")
RACERS = 12


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for the module, on which its hubs run."""
    return "asyncio"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running_postgres() as server:
        yield server.fresh_database()


@pytest.fixture(scope="module")
async def hubs(url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Hub, Hub]]:
    """Two hubs on one database, and on one folder of objects."""
    folder = tmp_path_factory.mktemp("hubs")
    async with AsyncExitStack() as stack:
        yield (
            await stack.enter_async_context(serving(folder, database_url=url)),
            await stack.enter_async_context(serving(folder, database_url=url)),
        )


@pytest.fixture
def lab() -> str:
    """Name an organization that nobody has used: it sees an empty database."""
    return uuid.uuid4().hex


@pytest.fixture
def graphql(hubs: tuple[Hub, Hub], lab: str) -> HttpGraphQL:
    return hubs[0].graphql_of(lab)


@pytest.fixture
def pixels(hubs: tuple[Hub, Hub]) -> S3PixelStore:
    return hubs[0].pixels


@pytest.fixture
def store(pixels: S3PixelStore) -> S3PixelStore:
    return pixels


@pytest.fixture
def records(graphql: HttpGraphQL) -> GraphQLImageRecords:
    return GraphQLImageRecords(graphql)


@pytest.fixture
def folders(graphql: HttpGraphQL) -> GraphQLFolderRecords:
    return GraphQLFolderRecords(graphql)


@pytest.fixture
def files(graphql: HttpGraphQL) -> GraphQLFileRecords:
    return GraphQLFileRecords(graphql)


@pytest.fixture
def tables(graphql: HttpGraphQL) -> GraphQLTableRecords:
    return GraphQLTableRecords(graphql)


@pytest.fixture
def rois(graphql: HttpGraphQL) -> GraphQLRoiRecords:
    return GraphQLRoiRecords(graphql)


@pytest.fixture
def metrics(graphql: HttpGraphQL) -> GraphQLMetricRecords:
    return GraphQLMetricRecords(graphql)


@pytest.fixture
async def about(files: GraphQLFileRecords, store: S3PixelStore) -> MetricDraft:
    file = await FileRecordsContract().make_file(files, store)
    return MetricDraft(kind=RecordKind.FILE, subject_id=file.id, key="diameter")


class TestImages(ImageRecordsContract, ImageFindingContract, ImageWatchContract):
    """The images of a hub on PostgreSQL."""


class TestFolders(FolderRecordsContract):
    """Its folders."""


class TestFiles(FileRecordsContract):
    """Its files."""


class TestTables(TableRecordsContract):
    """Its tables."""


class TestMetrics(MetricRecordsContract):
    """Its metrics."""


class TestRois(RoiRecordsContract):
    """Its regions."""


@pytest.mark.anyio
async def test_a_full_disk_of_the_server_is_told_as_such(url: str) -> None:
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        with pytest.raises(DBAPIError) as full:
            await connection.execute(text("DO $$ BEGIN RAISE SQLSTATE '53100'; END $$"))
    await engine.dispose()

    assert shown(GraphQLError("full", original_error=full.value)).extensions == {"code": "STORAGE_FULL"}


async def race(*racers: Coroutine[Any, Any, T]) -> tuple[list[T], list[BaseException]]:
    """Let all run at the same time; return the results of those that won, and the errors of the others."""
    ended = await asyncio.gather(*racers, return_exceptions=True)
    won = [one for one in ended if not isinstance(one, BaseException)]
    return won, [one for one in ended if isinstance(one, BaseException)]


def alternating(hubs: Sequence[Hub], lab: str) -> Iterator[HttpGraphQL]:
    """Yield as many clients as there are racers, each of another hub than the one before."""
    return (hubs[number % 2].graphql_of(lab) for number in range(RACERS))


@pytest.mark.anyio
async def test_changes_that_two_hubs_write_are_numbered_without_a_gap(url: str, lab: str, tmp_path: Path) -> None:
    databases = [Database(DatabaseSettings(url=url), tmp_path) for _ in range(2)]
    journals = [Journal(database, clock=lambda: 0.0) for database in databases]

    author = Principal("ada", "Ada", lab, "app", frozenset())

    async def write(journal: Journal, number: int) -> None:
        async with journal.transaction(author) as entry:
            for part in range(2):
                entry.tell(Change(Event.CREATED, RecordKind.IMAGE, f"{number}-{part}"))

    for database in databases:
        await database.start()
    try:
        _, lost = await race(*(write(journals[number % 2], number) for number in range(4 * RACERS)))
        missed, last = await journals[0].missed(lab, Scope(RecordKind.IMAGE), 0)
    finally:
        for database in databases:
            await database.stop()

    assert lost == []
    assert last == 8 * RACERS
    assert [news.change.number for news in missed] == list(range(1, last + 1))
    names = [news.change.subject_id.split("-")[0] for news in missed]
    assert names[::2] == names[1::2]  # changes of one transaction are neighbours


@pytest.mark.anyio
async def test_racing_hubs_make_one_folder_of_each_name(hubs: tuple[Hub, Hub], lab: str) -> None:
    made, lost = await race(
        *(GraphQLFolderRecords(graphql).ensure("a/b/c", parent_id=None) for graphql in alternating(hubs, lab))
    )

    assert lost == []
    assert len({folder.id for folder in made}) == 1
    found = await GraphQLFolderRecords(hubs[0].graphql_of(lab)).search(FolderQuery())
    assert sorted(folder.path for folder in found) == ["a", "a/b", "a/b/c"]


@pytest.mark.anyio
async def test_of_racing_creators_of_one_folder_one_wins(hubs: tuple[Hub, Hub], lab: str) -> None:
    made, lost = await race(
        *(GraphQLFolderRecords(graphql).create("a", parent_id=None) for graphql in alternating(hubs, lab))
    )

    assert len(made) == 1
    assert [type(error) for error in lost] == [HubRefusedError] * (RACERS - 1)
    assert all("already" in str(error) for error in lost)


@pytest.mark.anyio
async def test_racing_uploads_under_one_key_are_one_file(
    hubs: tuple[Hub, Hub], lab: str, files: GraphQLFileRecords, store: S3PixelStore
) -> None:
    async def upload(graphql: HttpGraphQL) -> str:
        racer = GraphQLFileRecords(graphql)
        opened = await racer.request_upload(name="a", content_type=None, key="plate 7")
        return opened.grant.store

    opened, lost = await race(*(upload(graphql) for graphql in alternating(hubs, lab)))

    assert lost == []
    assert len(set(opened)) == 1
    await FileRecordsContract().upload(files, store, key="plate 7")

    async def create(graphql: HttpGraphQL) -> FileRecord:
        return await GraphQLFileRecords(graphql).create(opened[0], name="a", folder_id=None)

    made, lost = await race(*(create(graphql) for graphql in alternating(hubs, lab)))
    assert len(made) == 1
    assert {type(error) for error in lost} == {HubRefusedError}
    assert [file.id for file in await files.search(FileQuery())] == [made[0].id]


@pytest.mark.anyio
async def test_racing_uploads_under_one_key_are_one_image(hubs: tuple[Hub, Hub], lab: str) -> None:
    key = UploadKey(text="stack of Monday", outlives_image=True)

    async def begin(graphql: HttpGraphQL, levels: int) -> tuple[str, ...]:
        opened = await GraphQLImageRecords(graphql).begin_uploads(levels, key=key)
        return tuple(grant.store for grant in opened.grants)

    opened, lost = await race(*(begin(graphql, 3) for graphql in alternating(hubs, lab)))

    assert lost == []
    assert len(opened) == RACERS
    assert len(set(opened)) == 1
    assert len(opened[0]) == 3


@pytest.mark.anyio
async def test_of_racing_hubs_with_other_numbers_of_levels_the_last_one_has_its_key(
    hubs: tuple[Hub, Hub], lab: str
) -> None:
    key = UploadKey(text="stack of Monday", outlives_image=True)
    racers = [GraphQLImageRecords(graphql) for graphql in alternating(hubs, lab)]

    opened, lost = await race(*(racer.begin_uploads(1 + place % 3, key=key) for place, racer in enumerate(racers)))
    again = await racers[0].begin_uploads(2, key=key)
    once_more = await racers[1].begin_uploads(2, key=key)

    assert {type(error) for error in lost} <= {ImageRefusedError, HubRefusedError}
    assert opened
    assert [grant.store for grant in again.grants] == [grant.store for grant in once_more.grants]


@pytest.mark.anyio
async def test_racing_hubs_finish_one_upload(
    hubs: tuple[Hub, Hub], lab: str, files: GraphQLFileRecords, store: S3PixelStore
) -> None:
    upload = await files.request_upload(name="a", content_type=None, key=None)
    await (await store.open_sink(upload.grant)).put(upload.name, b"body")

    async def finish(graphql: HttpGraphQL) -> None:
        digest = hashlib.sha256(b"body").hexdigest()
        await GraphQLFileRecords(graphql).finish_upload(upload.grant.store, sha256=digest)

    _, lost = await race(*(finish(graphql) for graphql in alternating(hubs, lab)))

    assert lost == []
    made = await files.create(upload.grant.store, name="a", folder_id=None)
    assert made.store.size_bytes == 4


@pytest.mark.anyio
async def test_of_racing_deletions_one_is_told_that_it_was_the_one(
    hubs: tuple[Hub, Hub], lab: str, files: GraphQLFileRecords, folders: GraphQLFolderRecords, store: S3PixelStore
) -> None:
    folder = await folders.ensure("raw", parent_id=None)
    made = await FileRecordsContract().make_file(files, store)

    deleted, lost = await race(*(GraphQLFileRecords(graphql).delete(made.id) for graphql in alternating(hubs, lab)))
    assert len(deleted) == 1
    assert {type(error) for error in lost} == {StoredFileNotFoundError}

    gone, missed = await race(*(GraphQLFolderRecords(graphql).delete(folder.id) for graphql in alternating(hubs, lab)))
    assert len(gone) == 1
    assert {type(error) for error in missed} == {FolderNotFoundError}


@pytest.mark.anyio
async def test_a_file_is_never_put_into_a_folder_that_is_deleted_meanwhile(
    hubs: tuple[Hub, Hub], lab: str, files: GraphQLFileRecords, folders: GraphQLFolderRecords, store: S3PixelStore
) -> None:
    for _ in range(4):
        folder = await folders.ensure("raw", parent_id=None)
        made = await FileRecordsContract().make_file(files, store)
        mover = GraphQLFileRecords(hubs[1].graphql_of(lab))

        async def move(mover: GraphQLFileRecords = mover, made: FileRecord = made, place: str = folder.id) -> None:
            await mover.move(made.id, folder_id=place)

        _, lost = await race(folders.delete(folder.id), move())

        assert all(isinstance(error, NotFoundError) for error in lost)
        live = await files.search(FileQuery())
        assert all(file.folder_id != folder.id for file in live)


@pytest.mark.anyio
async def test_a_metric_has_one_successor_however_many_try(
    hubs: tuple[Hub, Hub], lab: str, metrics: GraphQLMetricRecords, about: MetricDraft
) -> None:
    first = await metrics.create(about.model_copy(update={"magnitude": 1.0}))
    draft = about.model_copy(update={"magnitude": 2.0, "supersedes_id": first.id})

    made, lost = await race(*(GraphQLMetricRecords(graphql).create(draft) for graphql in alternating(hubs, lab)))

    assert len(made) == 1
    assert {type(error) for error in lost} == {HubRefusedError}
