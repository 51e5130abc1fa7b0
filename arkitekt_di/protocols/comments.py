"""Where comments are kept."""

from collections.abc import AsyncGenerator
from typing import Protocol

from arkitekt_di.messages.changes import ChangeKind
from arkitekt_di.messages.comments import CommentDraft, CommentRecord, Subject

CommentEvent = tuple[ChangeKind, str, CommentRecord | None]
"""What happened, to which comment, and its new state."""


class CommentRecords(Protocol):
    """Where the hub keeps comments.

    Every method may raise `ConnectionLostError`, `LoginRequiredError` and `HubRefusedError`.
    """

    async def create(self, draft: CommentDraft) -> CommentRecord:
        """Say something; raises `CommentNotFoundError` where what it is on, or answers, is not there."""
        ...

    async def find(self, subject: Subject, *, limit: int, offset: int) -> list[CommentRecord]:
        """Return one page of the comments on a record, oldest first."""
        ...

    async def edit(self, comment_id: str, text: str) -> CommentRecord:
        """Change what a comment says; raises `CommentNotFoundError`."""
        ...

    async def delete(self, comment_id: str) -> None:
        """Remove a comment with the replies to it; raises `CommentNotFoundError`."""
        ...

    def watch(self, subject: Subject) -> AsyncGenerator[CommentEvent | None, None]:
        """Yield what happens to the comments on a record; None once the hub has taken note."""
        ...
