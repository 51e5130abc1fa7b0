"""The comments of an app: ``app.mikro.comments``."""

from dataclasses import dataclass
from datetime import datetime

from arkitekt_di.errors import RecordRefusedError
from arkitekt_di.messages.comments import MAX_COMMENT, CommentDraft, CommentRecord
from arkitekt_di.messages.descriptions import Creator
from arkitekt_di.mikro.identifiers import identifier_of
from arkitekt_di.mikro.paging import Pages
from arkitekt_di.mikro.subject import Commented, subject_of
from arkitekt_di.mikro.watches import Told, Watches
from arkitekt_di.mikro.watching import Watch
from arkitekt_di.protocols.comments import CommentRecords
from arkitekt_di.protocols.koil import Bridge


@dataclass(frozen=True)
class Comment:
    """What somebody said about a record, as it was when it was asked for.

    Attributes
    ----------
    id : str
    subject_id : str
        Identifier of the record that it is on.
    text : str
    author : Creator
    created_at : datetime.datetime
        With its time zone.
    edited_at : datetime.datetime or None
        When its author last changed it.
    reply_to_id : str or None
        The comment that it answers.
    """

    id: str
    subject_id: str
    text: str
    author: Creator
    created_at: datetime
    edited_at: datetime | None = None
    reply_to_id: str | None = None


class Comments:
    """Comments on images, files, tables, folders and regions of interest.

    Parameters
    ----------
    records : CommentRecords
    bridge : Bridge
        Takes blocking calls to the app's loop.
    """

    def __init__(self, records: CommentRecords, bridge: Bridge) -> None:
        self._records = records
        self._bridge = bridge
        self._watches = Watches(bridge)

    async def stop(self) -> None:
        """End what is watched."""
        await self._watches.stop()

    async def acreate(self, on: Commented, text: str, *, reply_to: Comment | str | None = None) -> Comment:
        """Say something about a record; see `arkitekt_di.mikro.create_comment`."""
        reply_to_id = None if reply_to is None else identifier_of(reply_to, Comment)
        draft = CommentDraft(subject=subject_of(on), text=_checked(text), reply_to_id=reply_to_id)
        return _comment(await self._records.create(draft))

    def iterate(self, on: Commented) -> Pages[Comment]:
        """Return the comments on a record, fetched page by page as they are iterated over."""
        subject = subject_of(on)

        async def fetch(limit: int, offset: int) -> list[Comment]:
            return [_comment(record) for record in await self._records.find(subject, limit=limit, offset=offset)]

        return Pages(self._bridge, fetch)

    async def aedit(self, comment: Comment | str, text: str) -> Comment:
        """Change what one's own comment says; raises `CommentNotFoundError`."""
        return _comment(await self._records.edit(identifier_of(comment, Comment), _checked(text)))

    async def adelete(self, comment: Comment | str) -> None:
        """Remove a comment with the replies to it; raises `CommentNotFoundError`."""
        await self._records.delete(identifier_of(comment, Comment))

    def watch(self, on: Commented) -> Watch[Comment]:
        """Return what happens to the comments on a record; it is not open yet."""
        subject = subject_of(on)

        async def begin() -> Told[CommentRecord]:
            return self._records.watch(subject)

        return self._watches.watch(begin, _comment)


def _checked(text: str) -> str:
    if not text.strip() or len(text) > MAX_COMMENT:
        raise RecordRefusedError(f"a comment of {len(text)} characters", f"Write 1 to {MAX_COMMENT}")
    return text


def _comment(record: CommentRecord) -> Comment:
    return Comment(
        id=record.id,
        subject_id=record.subject.id,
        text=record.text,
        author=Creator(id=record.author_id, name=record.author_name),
        created_at=datetime.fromisoformat(record.created_at),
        edited_at=None if record.edited_at is None else datetime.fromisoformat(record.edited_at),
        reply_to_id=record.reply_to_id,
    )
