"""Comments on the wire."""

from typing import Annotated, Final

from pydantic import Field

from arkitekt_di.messages.changes import RecordKind
from arkitekt_di.messages.model import CamelMessage

MAX_COMMENT: Final = 4096
"""Longest comment, in characters."""


class Subject(CamelMessage):
    """The record that something is about, by its kind and identifier."""

    kind: RecordKind
    id: str


class CommentDraft(CamelMessage):
    """A new comment.

    Attributes
    ----------
    subject : Subject
        The image, file, table, folder or region of interest that it is on.
    text : str
    reply_to_id : str or None
        The comment on the same record that it answers; that one is no answer itself.
    """

    subject: Subject
    text: Annotated[str, Field(max_length=MAX_COMMENT)]
    reply_to_id: str | None = None


class CommentRecord(CommentDraft):
    """What the hub knows about a comment.

    Attributes
    ----------
    id : str
    author_id, author_name : str
    created_at : str
        ISO 8601, UTC.
    edited_at : str or None
        When its author last changed it.
    """

    id: str
    author_id: str
    author_name: str
    created_at: str
    edited_at: str | None = None
