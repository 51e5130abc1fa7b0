"""What every implementation of `CommentRecords` has to pass."""

import asyncio
from contextlib import aclosing

import pytest

from arkitekt_di.errors import CommentNotFoundError, HubRefusedError, ImageNotFoundError
from arkitekt_di.messages.changes import ChangeKind, RecordKind
from arkitekt_di.messages.comments import CommentDraft, Subject
from arkitekt_di.protocols.comments import CommentRecords
from arkitekt_di.protocols.mikro import ImageRecords, PixelStore
from arkitekt_di.testing.image_watching import BOUND_S, stored_image

_UNKNOWN = "4b1f0b5e-3a1c-4c55-9f5e-8f3c1f0a2b7d"


@pytest.mark.anyio
class CommentRecordsContract:
    """Tests of `CommentRecords`; a subclass has fixtures `comments`, `records` and `pixels`, all empty."""

    @pytest.fixture
    async def subject(self, records: ImageRecords, pixels: PixelStore) -> Subject:
        """Return an image."""
        return Subject(kind=RecordKind.IMAGE, id=(await stored_image(records, pixels)).id)

    async def test_comments_are_read_in_the_order_in_which_they_were_made(
        self, comments: CommentRecords, subject: Subject
    ) -> None:
        """Page by page, with what they answer."""
        first = await comments.create(CommentDraft(subject=subject, text="out of focus\nbelow 12"))
        reply = await comments.create(CommentDraft(subject=subject, text="yes", reply_to_id=first.id))
        last = await comments.create(CommentDraft(subject=subject, text="repeat it"))

        assert (first.subject, first.text, first.edited_at) == (subject, "out of focus\nbelow 12", None)
        assert reply.reply_to_id == first.id
        assert first.author_id
        assert await comments.find(subject, limit=10, offset=0) == [first, reply, last]
        assert await comments.find(subject, limit=1, offset=1) == [reply]

    async def test_a_comment_is_edited_and_removed_with_its_replies(
        self, comments: CommentRecords, subject: Subject
    ) -> None:
        """Those of others stay."""
        first = await comments.create(CommentDraft(subject=subject, text="one"))
        await comments.create(CommentDraft(subject=subject, text="two", reply_to_id=first.id))
        other = await comments.create(CommentDraft(subject=subject, text="three"))

        edited = await comments.edit(first.id, "uno")
        assert edited == first.model_copy(update={"text": "uno", "edited_at": edited.edited_at})
        assert edited.edited_at is not None
        await comments.delete(first.id)

        assert await comments.find(subject, limit=10, offset=0) == [other]
        for gone in (comments.edit(first.id, "x"), comments.delete(first.id)):
            with pytest.raises(CommentNotFoundError):
                await gone

    async def test_what_cannot_be_said_is_refused(self, comments: CommentRecords, subject: Subject) -> None:
        """Nothing, about nothing, and answers to answers."""
        first = await comments.create(CommentDraft(subject=subject, text="one"))
        reply = await comments.create(CommentDraft(subject=subject, text="two", reply_to_id=first.id))

        for refused in (
            CommentDraft(subject=subject, text="  "),
            CommentDraft(subject=subject, text="x", reply_to_id=reply.id),
        ):
            with pytest.raises(HubRefusedError):
                await comments.create(refused)
        with pytest.raises(CommentNotFoundError):
            await comments.create(CommentDraft(subject=subject, text="x", reply_to_id=_UNKNOWN))
        gone = subject.model_copy(update={"id": _UNKNOWN})
        with pytest.raises(ImageNotFoundError):
            await comments.create(CommentDraft(subject=gone, text="x"))
        with pytest.raises(ImageNotFoundError):
            await comments.find(gone, limit=10, offset=0)

    async def test_the_comments_on_one_record_are_watched(
        self, comments: CommentRecords, subject: Subject, records: ImageRecords, pixels: PixelStore
    ) -> None:
        """Those on others are not told."""
        other = Subject(kind=RecordKind.IMAGE, id=(await stored_image(records, pixels, "other")).id)
        async with asyncio.timeout(BOUND_S), aclosing(comments.watch(subject)) as events:
            assert await anext(events) is None
            await comments.create(CommentDraft(subject=other, text="elsewhere"))
            made = await comments.create(CommentDraft(subject=subject, text="here"))
            await comments.delete(made.id)

            seen = [await anext(events) for _ in range(2)]

        assert seen == [(ChangeKind.CREATED, made.id, made), (ChangeKind.DELETED, made.id, None)]
