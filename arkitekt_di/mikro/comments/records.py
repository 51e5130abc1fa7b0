"""Comments over GraphQL."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

from arkitekt_di.errors import CommentNotFoundError, NotFoundError
from arkitekt_di.messages.comments import CommentDraft, CommentRecord, Subject
from arkitekt_di.mikro.answers import ask, read
from arkitekt_di.mikro.comments import documents
from arkitekt_di.mikro.events import follow
from arkitekt_di.mikro.subject import missing
from arkitekt_di.protocols.comments import CommentEvent
from arkitekt_di.protocols.transport import GraphQL


class GraphQLCommentRecords:
    """Comments that a hub keeps.

    Parameters
    ----------
    graphql : GraphQL
    """

    def __init__(self, graphql: GraphQL) -> None:
        self._graphql = graphql

    async def create(self, draft: CommentDraft) -> CommentRecord:
        """Say something."""
        input_ = {"subject": _words(draft.subject), "text": draft.text, "replyTo": draft.reply_to_id}
        answered = draft.reply_to_id
        gone: NotFoundError = missing(draft.subject) if answered is None else CommentNotFoundError(answered)
        answer = await ask(self._graphql, documents.CREATE_COMMENT, {"input": input_}, missing=gone)
        return _record(answer["comment"])

    async def find(self, subject: Subject, *, limit: int, offset: int) -> list[CommentRecord]:
        """Return one page of the comments on a record, oldest first."""
        variables = {"subject": _words(subject), "pagination": {"limit": limit, "offset": offset}}
        answer = await ask(self._graphql, documents.FIND_COMMENTS, variables, missing=missing(subject))
        return [_record(comment) for comment in answer["comments"]]

    async def edit(self, comment_id: str, text: str) -> CommentRecord:
        """Change what a comment says."""
        variables = {"input": {"id": comment_id, "text": text}}
        gone = CommentNotFoundError(comment_id)
        return _record((await ask(self._graphql, documents.EDIT_COMMENT, variables, missing=gone))["comment"])

    async def delete(self, comment_id: str) -> None:
        """Remove a comment with the replies to it."""
        gone = CommentNotFoundError(comment_id)
        await ask(self._graphql, documents.DELETE_COMMENT, {"input": {"id": comment_id}}, missing=gone)

    async def watch(self, subject: Subject) -> AsyncGenerator[CommentEvent | None, None]:
        """Yield what happens to the comments on a record."""
        variables = {"subject": _words(subject)}
        async with aclosing(follow(self._graphql, documents.WATCH_COMMENTS, variables, _record)) as events:
            async for event in events:
                yield event


def _words(subject: Subject) -> dict[str, str]:
    return {"kind": subject.kind.value, "id": subject.id}


def _record(given: Mapping[str, Any]) -> CommentRecord:
    author = given.get("author") or {}
    renamed = {
        "replyToId": given.get("replyTo"),
        "authorId": author.get("sub", ""),
        "authorName": author.get("preferredUsername", ""),
    }
    return read(CommentRecord, {**given, **renamed})
