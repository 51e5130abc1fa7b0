"""Comments on records: who said what, and when."""

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from arkitekt_di.errors import CommentNotFoundError, RecordRefusedError
from arkitekt_di.messages.changes import RecordKind
from arkitekt_di.messages.comments import CommentDraft, Subject
from arkitekt_di.server.administering import administers
from arkitekt_di.server.comments.tables import Comment
from arkitekt_di.server.database import Database
from arkitekt_di.server.identifiers import is_identifier
from arkitekt_di.server.journal import Change, Event, Journal
from arkitekt_di.server.listing import Page
from arkitekt_di.server.naming import checked_description
from arkitekt_di.server.principal import Principal
from arkitekt_di.server.subjects import Subjects


class Comments:
    """Comments of the organizations of a hub; nobody sees another's.

    Parameters
    ----------
    database : Database
    journal : Journal
        Told of every comment; its place is the record that it is on.
    subjects : Subjects
        What comments are on.
    clock : callable
        Returns seconds since 1970, UTC.
    """

    def __init__(self, database: Database, journal: Journal, subjects: Subjects, *, clock: Callable[[], float]) -> None:
        self._database = database
        self._journal = journal
        self._subjects = subjects
        self._clock = clock

    async def create(self, principal: Principal, draft: CommentDraft) -> Comment:
        """Say something about a record.

        Raises
        ------
        NotFoundError
            There is no such record, or no such comment to answer.
        RecordRefusedError
            The text will not do, or the comment to answer is on something else, or an answer itself.
        """
        text, subject = _checked(draft.text), draft.subject
        await self.require(principal, subject)
        async with self._journal.transaction(principal) as entry:
            if draft.reply_to_id is not None:
                answered = await _find(entry.session, principal, draft.reply_to_id)
                if answered.subject_id != subject.id or answered.reply_to_id is not None:
                    raise RecordRefusedError(
                        "a reply answers a comment on the same record that is no reply itself", "Answer that one"
                    )
            comment = Comment(
                organization_id=principal.organization_id,
                user_id=principal.user_id,
                user_name=principal.user_name,
                client_id=principal.client_id,
                subject_kind=subject.kind,
                subject_id=subject.id,
                reply_to_id=draft.reply_to_id,
                text=text,
                created_at=await self._next_moment(entry.session, principal, subject),
            )
            entry.session.add(comment)
            await entry.session.flush()
            entry.tell(_change(Event.CREATED, comment))
            return comment

    async def _next_moment(self, session: AsyncSession, principal: Principal, subject: Subject) -> float:
        """Return the time, or a little more than that: comments are listed in the order in which they were made."""
        mine = Comment.organization_id == principal.organization_id, Comment.subject_id == subject.id
        last = await session.scalar(select(func.max(Comment.created_at)).where(*mine))
        return max(self._clock(), (last or 0.0) + 1e-6)

    async def require(self, principal: Principal, subject: Subject) -> None:
        """Return where there is such a record; raises `NotFoundError`."""
        await self._subjects.require(principal, subject.kind, subject.id)

    async def get(self, principal: Principal, comment_id: str) -> Comment:
        """Return one comment; raises `NotFoundError` where it is gone, or what it is on."""
        async with self._database.transaction() as session:
            comment = await _find(session, principal, comment_id)
        await self._subjects.require(principal, RecordKind(comment.subject_kind), comment.subject_id)
        return comment

    async def load(self, principal: Principal, comment_ids: Sequence[str]) -> Mapping[str, Comment]:
        """Return those of the comments that there are, by their identifiers."""
        mine = Comment.organization_id == principal.organization_id, Comment.id.in_(comment_ids)
        async with self._database.transaction() as session:
            return {comment.id: comment for comment in await session.scalars(select(Comment).where(*mine))}

    async def list(self, principal: Principal, subject: Subject, page: Page) -> Sequence[Comment]:
        """Return one page of the comments on a record, oldest first; raises `NotFoundError` where it is gone."""
        await self.require(principal, subject)
        mine = Comment.organization_id == principal.organization_id, Comment.subject_id == subject.id
        query = select(Comment).where(*mine, Comment.subject_kind == subject.kind)
        ordered = query.order_by(Comment.created_at, Comment.id).limit(page.limit).offset(page.offset)
        async with self._database.transaction() as session:
            return (await session.scalars(ordered)).all()

    async def edit(self, principal: Principal, comment_id: str, text: str) -> Comment:
        """Change what one's own comment says; raises `CommentNotFoundError` and `RecordRefusedError`."""
        checked = _checked(text)
        async with self._journal.transaction(principal) as entry:
            comment = await _find(entry.session, principal, comment_id)
            if comment.user_id != principal.user_id:
                raise RecordRefusedError("the comment is somebody else's", "Answer it with one of your own")
            comment.text, comment.edited_at = checked, self._clock()
            entry.tell(_change(Event.UPDATED, comment))
            return comment

    async def delete(self, principal: Principal, comment_id: str) -> None:
        """Remove one's own comment, or as an admin anybody's, with the replies to it.

        Raises
        ------
        CommentNotFoundError, RecordRefusedError
        """
        async with self._journal.transaction(principal) as entry:
            session = entry.session
            comment = await _find(session, principal, comment_id)
            if comment.user_id != principal.user_id and not await administers(session, principal):
                raise RecordRefusedError("the comment is somebody else's", "Ask its author, or an admin")
            for reply in await session.scalars(select(Comment).where(Comment.reply_to_id == comment.id)):
                await session.delete(reply)
                entry.tell(_change(Event.DELETED, reply))
            await session.flush()
            await session.delete(comment)
            entry.tell(_change(Event.DELETED, comment))


def _checked(text: str) -> str:
    if not text.strip():
        raise RecordRefusedError("the comment is empty", "Write something")
    return checked_description(text)


def _change(event: Event, comment: Comment) -> Change:
    state = None if event is Event.DELETED else comment
    return Change(event, RecordKind.COMMENT, comment.id, comment.subject_id, state=state)


async def _find(session: AsyncSession, principal: Principal, comment_id: str) -> Comment:
    mine = Comment.id == comment_id, Comment.organization_id == principal.organization_id
    found = await session.scalar(select(Comment).where(*mine)) if is_identifier(comment_id) else None
    if found is None:
        raise CommentNotFoundError(comment_id)
    return found
