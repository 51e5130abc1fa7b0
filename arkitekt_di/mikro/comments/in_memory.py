"""Comments that live as long as the process: for tests, and to try things out without a hub."""

import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime

from arkitekt_di.errors import CommentNotFoundError, HubRefusedError
from arkitekt_di.messages.changes import ChangeKind
from arkitekt_di.messages.comments import CommentDraft, CommentRecord, Subject
from arkitekt_di.mikro.news import News
from arkitekt_di.protocols.comments import CommentEvent


class InMemoryCommentRecords:
    """Comments in a dictionary.

    Parameters
    ----------
    require : callable
        Raises where there is no such record.
    """

    def __init__(self, require: Callable[[str], Awaitable[object]]) -> None:
        self._require = require
        self._comments: dict[str, CommentRecord] = {}
        self._news: News[CommentRecord] = News()

    async def create(self, draft: CommentDraft) -> CommentRecord:
        """Say something."""
        await self._require(draft.subject.id)
        _check("CreateComment", draft.text)
        if draft.reply_to_id is not None:
            answered = self._get(draft.reply_to_id)
            if answered.subject != draft.subject or answered.reply_to_id is not None:
                raise HubRefusedError("CreateComment", ["a reply answers a comment on the same record"])
        comment = CommentRecord(
            **dict(draft),
            id=str(uuid.uuid4()),
            author_id="nobody",
            author_name="nobody",
            created_at=datetime.now(UTC).isoformat(),
        )
        return self._keep(ChangeKind.CREATED, comment)

    def _keep(self, kind: ChangeKind, comment: CommentRecord) -> CommentRecord:
        self._comments[comment.id] = comment
        self._news.tell(kind, comment.id, comment)
        return comment

    def _get(self, comment_id: str) -> CommentRecord:
        if (comment := self._comments.get(comment_id)) is None:
            raise CommentNotFoundError(comment_id)
        return comment

    async def find(self, subject: Subject, *, limit: int, offset: int) -> list[CommentRecord]:
        """Return one page of the comments on a record, oldest first."""
        await self._require(subject.id)
        found = [comment for comment in self._comments.values() if comment.subject == subject]
        return found[offset : offset + limit]

    async def edit(self, comment_id: str, text: str) -> CommentRecord:
        """Change what a comment says."""
        _check("EditComment", text)
        changed = {"text": text, "edited_at": datetime.now(UTC).isoformat()}
        return self._keep(ChangeKind.UPDATED, self._get(comment_id).model_copy(update=changed))

    async def delete(self, comment_id: str) -> None:
        """Remove a comment with the replies to it."""
        gone = [one for one in self._comments.values() if one.reply_to_id == comment_id]
        for comment in (*gone, self._get(comment_id)):
            del self._comments[comment.id]
            self._news.tell(ChangeKind.DELETED, comment.id, comment)

    async def watch(self, subject: Subject) -> AsyncGenerator[CommentEvent | None, None]:
        """Yield what happens to the comments on a record."""
        async with aclosing(self._news.watch()) as events:
            async for kind, comment_id, comment in events:
                if kind is None:
                    yield None
                elif comment is not None and comment.subject == subject:
                    yield kind, comment_id, None if kind is ChangeKind.DELETED else comment


def _check(operation: str, text: str) -> None:
    if not text.strip():
        raise HubRefusedError(operation, ["the comment is empty"])
