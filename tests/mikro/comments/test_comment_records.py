"""Every implementation of comments keeps the promise, and the functions work on any record."""

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from graphql import build_schema, parse, validate

from arkitekt_di import embedded
from arkitekt_di.errors import CommentNotFoundError, FolderNotFoundError, RecordRefusedError
from arkitekt_di.messages.changes import ChangeKind
from arkitekt_di.mikro import (
    create_comment,
    create_roi,
    delete_comment,
    edit_comment,
    ensure_folder,
    from_xarray,
    get_comments,
    watch_comments,
)
from arkitekt_di.mikro.comments import documents
from arkitekt_di.mikro.comments.in_memory import InMemoryCommentRecords
from arkitekt_di.mikro.comments.records import GraphQLCommentRecords
from arkitekt_di.mikro.in_memory import InMemoryImageRecords, InMemoryPixelStore
from arkitekt_di.mikro.pixels.s3 import S3PixelStore
from arkitekt_di.mikro.records import GraphQLImageRecords
from arkitekt_di.server.mikro.schema import make_schema
from arkitekt_di.testing.comments import CommentRecordsContract
from tests.mikro.hub import Hub, serving


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    async with serving(tmp_path) as served:
        yield served


class TestInMemoryCommentRecords(CommentRecordsContract):
    @pytest.fixture
    def pixels(self) -> InMemoryPixelStore:
        return InMemoryPixelStore()

    @pytest.fixture
    def records(self, pixels: InMemoryPixelStore) -> InMemoryImageRecords:
        return InMemoryImageRecords(pixels)

    @pytest.fixture
    def comments(self, records: InMemoryImageRecords) -> InMemoryCommentRecords:
        return InMemoryCommentRecords(records.get)


class TestGraphQLCommentRecordsOfTheHub(CommentRecordsContract):
    @pytest.fixture
    def pixels(self, hub: Hub) -> S3PixelStore:
        return hub.pixels

    @pytest.fixture
    def records(self, hub: Hub) -> GraphQLImageRecords:
        return hub.records

    @pytest.fixture
    def comments(self, hub: Hub) -> GraphQLCommentRecords:
        return GraphQLCommentRecords(hub.graphql)


def test_images_folders_and_regions_are_commented_on() -> None:
    with embedded("comments"):
        image = from_xarray(np.zeros((8, 8), "uint8"), name="embryo")
        folder, roi = ensure_folder("2026/november"), create_roi(image, [[1, 1], [4, 4]], "rectangle")
        with watch_comments(image) as watched:
            made = [create_comment(on, f"about {on.id}") for on in (image, folder, roi)]
            assert [list(get_comments(on)) for on in (image, folder, roi)] == [[one] for one in made]

            reply = create_comment(image, "really?", reply_to=made[0])
            edited = edit_comment(made[0], "about time")
            told = [change for _, change in zip(range(3), watched, strict=False)]

        assert [change.kind for change in told] == [ChangeKind.CREATED, ChangeKind.CREATED, ChangeKind.UPDATED]
        assert told[-1].record == edited
        assert reply.reply_to_id == made[0].id
        delete_comment(made[0])
        assert list(get_comments(image)) == []
        with pytest.raises(CommentNotFoundError):
            delete_comment(reply)
        folder.delete()
        with pytest.raises(FolderNotFoundError):
            create_comment(folder, "too late")
        with pytest.raises(RecordRefusedError):
            create_comment(image, "x" * 4097)


def test_documents_are_valid_for_the_hub() -> None:
    schema = build_schema(make_schema().as_str())
    sent = [text for name, text in vars(documents).items() if name.isupper() and not name.startswith("_")]

    assert len(sent) == 5
    assert [validate(schema, parse(text)) for text in sent] == [[]] * 5
