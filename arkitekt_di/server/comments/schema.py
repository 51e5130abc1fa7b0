"""The operations on comments: each hands over to the domain and shows what comes back."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Self

import strawberry

from arkitekt_di.errors import RecordRefusedError
from arkitekt_di.messages.changes import RecordKind
from arkitekt_di.messages.comments import MAX_COMMENT, CommentDraft
from arkitekt_di.server.comments.comments import Comments
from arkitekt_di.server.comments.tables import Comment as CommentRow
from arkitekt_di.server.graphql.context import Info
from arkitekt_di.server.graphql.paging import OffsetPaginationInput, page_of
from arkitekt_di.server.graphql.subject import RecordReference, SubjectInput
from arkitekt_di.server.graphql.watching import Told, tell
from arkitekt_di.server.images.wire import User
from arkitekt_di.server.journal import Scope


@strawberry.type(description="What somebody said about a record.")
class Comment:
    """A comment."""

    id: strawberry.ID
    subject: RecordReference
    text: str
    reply_to: strawberry.ID | None
    author: User
    created_at: datetime
    edited_at: datetime | None

    @classmethod
    def of(cls, comment: CommentRow) -> Self:
        """Show a row."""
        return cls(
            id=strawberry.ID(comment.id),
            subject=RecordReference(kind=RecordKind(comment.subject_kind), id=strawberry.ID(comment.subject_id)),
            text=comment.text,
            reply_to=None if comment.reply_to_id is None else strawberry.ID(comment.reply_to_id),
            author=User(id=strawberry.ID(comment.user_id), sub=comment.user_id, preferred_username=comment.user_name),
            created_at=datetime.fromtimestamp(comment.created_at, UTC),
            edited_at=None if comment.edited_at is None else datetime.fromtimestamp(comment.edited_at, UTC),
        )


@strawberry.type(description="One change of a comment; at most one of create, update and delete is set.")
class CommentEvent:
    """What a subscription sends."""

    cursor: str
    create: Comment | None = None
    update: Comment | None = None
    delete: strawberry.ID | None = None

    @classmethod
    def of(cls, told: Told) -> Self:
        """Show a change."""
        return cls(cursor=told.cursor, **told.members(Comment.of))


@strawberry.input
class CreateCommentInput:
    """A new comment."""

    subject: SubjectInput
    text: str
    reply_to: strawberry.ID | None = None

    def draft(self) -> CommentDraft:
        """Return what is said; raises `RecordRefusedError` where it is too much."""
        return CommentDraft(
            subject=self.subject.message(),
            text=_bounded(self.text),
            reply_to_id=self.reply_to,
        )


@strawberry.input
class UpdateCommentInput:
    """What a comment is to say."""

    id: strawberry.ID
    text: str


@strawberry.input
class DeleteCommentInput:
    """The comment to remove, with the replies to it."""

    id: strawberry.ID


@strawberry.type
class CommentQuery:
    """What can be asked about comments."""

    @strawberry.field
    async def comment(self, info: Info, id: strawberry.ID) -> Comment:
        """Return one comment."""
        return Comment.of(await info.context.part(Comments).get(await info.context.principal(), id))

    @strawberry.field
    async def comments(
        self, info: Info, subject: SubjectInput, pagination: OffsetPaginationInput | None = None
    ) -> list[Comment]:
        """Return one page of the comments on a record, oldest first."""
        found = await info.context.part(Comments).list(
            await info.context.principal(), subject.message(), page_of(pagination)
        )
        return [Comment.of(comment) for comment in found]


@strawberry.type
class CommentMutation:
    """What can be changed about comments."""

    @strawberry.mutation
    async def create_comment(self, info: Info, input: CreateCommentInput) -> Comment:
        """Say something about a record."""
        return Comment.of(await info.context.part(Comments).create(await info.context.principal(), input.draft()))

    @strawberry.mutation
    async def update_comment(self, info: Info, input: UpdateCommentInput) -> Comment:
        """Change what one's own comment says."""
        comments, text = info.context.part(Comments), _bounded(input.text)
        return Comment.of(await comments.edit(await info.context.principal(), input.id, text))

    @strawberry.mutation
    async def delete_comment(self, info: Info, input: DeleteCommentInput) -> strawberry.ID:
        """Remove a comment."""
        await info.context.part(Comments).delete(await info.context.principal(), input.id)
        return input.id


@strawberry.type
class CommentSubscription:
    """What can be watched about comments."""

    @strawberry.subscription
    async def comments(
        self, info: Info, subject: SubjectInput, after: str | None = None
    ) -> AsyncIterator[CommentEvent]:
        """Send what was missed since a cursor, then changes as they happen, as long as the token holds."""
        comments = info.context.part(Comments)
        await comments.require(await info.context.principal(), subject.message())
        scope = Scope(RecordKind.COMMENT, place_id=subject.id)
        async for told in tell(info.context, scope, after, comments.load):
            yield CommentEvent.of(told)


def _bounded(text: str) -> str:
    if len(text) > MAX_COMMENT:
        raise RecordRefusedError(f"the comment has {len(text)} characters", f"Shorten it to {MAX_COMMENT}")
    return text
