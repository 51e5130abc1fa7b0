"""Writes down who changed a record, with which app and in which task, in the transaction that changes it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from arkitekt_di.messages.changes import RecordKind
from arkitekt_di.messages.comments import Subject
from arkitekt_di.messages.provenance import OriginKind
from arkitekt_di.server.administering import administers
from arkitekt_di.server.database import Database
from arkitekt_di.server.identity.tables import Client
from arkitekt_di.server.journal import Change, Event
from arkitekt_di.server.listing import Page
from arkitekt_di.server.principal import Principal
from arkitekt_di.server.provenance.tables import Provenance
from arkitekt_di.server.subjects import Subjects
from arkitekt_di.server.tasks.tables import AGENTS, TASKS
from arkitekt_di.server.tasks.told_arguments import ToldArguments, told_arguments

KEPT: Final = frozenset({RecordKind.IMAGE, RecordKind.FILE, RecordKind.TABLE})
"""Records whose provenance is kept."""

MAX_ARGUMENTS_BYTES: Final = 32 * 1024
"""Largest arguments that are kept, as JSON; of larger ones only the task is named."""

# Composed once: that takes longer than to find the row.
_LAST = (
    select(Provenance)
    .where(Provenance.organization_id == bindparam("organization"), Provenance.subject_id == bindparam("subject"))
    .order_by(Provenance.first_at.desc())
    .limit(1)
)


@dataclass(frozen=True)
class _App:
    """What an app says about itself."""

    identifier: str | None = None
    version: str | None = None


@dataclass(frozen=True)
class _Task:
    """What the ledger knows about the task that a request is made in."""

    id: str | None = None
    function: str | None = None
    arguments: str | None = None
    code_hash: str | None = None


@dataclass(frozen=True)
class ToldLine:
    """A line of provenance, and what one person is told of its arguments."""

    line: Provenance
    arguments: ToldArguments


class Chronicle:
    """Keeps the provenance of records.

    Parameters
    ----------
    clock : callable
        Returns seconds since 1970, UTC.
    """

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self._clock = clock

    async def write(self, session: AsyncSession, author: Principal, changes: Sequence[Change]) -> None:
        """Write down what *author* did; what the same did again in the same way counts up its last line."""
        kept = [change for change in changes if change.subject in KEPT]
        if not kept:
            return
        app, task, now = await _app(session, author), await _running(session, author), self._clock()
        for change in kept:
            last = await _last(session, author, change)
            at = now if last is None else max(now, last.last_at + 1e-6)
            line = {
                "organization_id": author.organization_id,
                "user_id": author.user_id,
                "user_name": author.user_name,
                "client_id": author.client_id,
                "app": app.identifier,
                "app_version": app.version,
                "subject_kind": change.subject,
                "subject_id": change.subject_id,
                "kind": _kind(change.kind, last),
                "task_id": task.id,
                "function": task.function,
                "arguments": task.arguments,
                "code_hash": task.code_hash,
                "first_at": at,
                "last_at": at,
                "count": 1,
            }
            if last is not None and _is_same(last, line):
                last.last_at, last.count = at, last.count + 1
            else:
                await session.execute(insert(Provenance), line)


class Provenances:
    """Tells how records came to be; nobody sees those of another organization.

    Parameters
    ----------
    database : Database
    subjects : Subjects
    """

    def __init__(self, database: Database, subjects: Subjects) -> None:
        self._database = database
        self._subjects = subjects

    async def list(self, principal: Principal, subject: Subject, page: Page) -> Sequence[ToldLine]:
        """Return one page of what was done to a record, oldest first; raises `NotFoundError` where it is gone.

        Which arguments *principal* is told: see `told_arguments`.
        """
        await self._subjects.require(principal, subject.kind, subject.id)
        mine = Provenance.organization_id == principal.organization_id, Provenance.subject_id == subject.id
        query = select(Provenance).where(*mine, Provenance.subject_kind == subject.kind)
        ordered = query.order_by(Provenance.first_at, Provenance.id).limit(page.limit).offset(page.offset)
        async with self._database.transaction() as session:
            lines = (await session.scalars(ordered)).all()
            knows_all = await administers(session, principal)
            called = await _called(session, principal, [line.task_id for line in lines if line.task_id is not None])
        own = {line.task_id for line in lines if line.user_id == principal.user_id} | called
        return [
            ToldLine(line, told_arguments(line.arguments, to_participant=knows_all or line.task_id in own))
            for line in lines
        ]


def _kind(event: Event, last: Provenance | None) -> OriginKind:
    if event is Event.CREATED and last is not None:
        return OriginKind.RESTORED
    return OriginKind(event)


def _is_same(last: Provenance, line: Mapping[str, object]) -> bool:
    names = ("kind", "user_id", "client_id", "app_version", "task_id")
    return all(getattr(last, name) == line[name] for name in names)


async def _called(session: AsyncSession, principal: Principal, task_ids: Sequence[str]) -> set[str]:
    """Return those of the tasks that *principal* called, as far as the ledger still has them."""
    mine = TASKS.c.organization_id == principal.organization_id, TASKS.c.user_id == principal.user_id
    found = await session.scalars(select(TASKS.c.id).where(*mine, TASKS.c.id.in_(task_ids)))
    return set(found)


async def _last(session: AsyncSession, author: Principal, change: Change) -> Provenance | None:
    return await session.scalar(_LAST, {"organization": author.organization_id, "subject": change.subject_id})


async def _app(session: AsyncSession, author: Principal) -> _App:
    client = await session.get(Client, author.client_id)
    return _App() if client is None else _App(client.manifest.identifier, client.manifest.version)


async def _running(session: AsyncSession, author: Principal) -> _Task:
    """Return the task that the request names, where it runs, at the very agent that the request comes from."""
    if author.task_id is None:
        return _Task()
    query = select(TASKS.c.id, TASKS.c.interface, TASKS.c.args, TASKS.c.code_hash)
    query = query.join(AGENTS, AGENTS.c.id == TASKS.c.agent_id)
    query = query.where(
        TASKS.c.id == author.task_id,
        TASKS.c.organization_id == author.organization_id,
        TASKS.c.ended_at.is_(None),
        AGENTS.c.user_id == author.user_id,
        AGENTS.c.client_id == author.client_id,
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        return _Task()
    fits = len(row.args.encode()) <= MAX_ARGUMENTS_BYTES
    return _Task(row.id, row.interface, row.args if fits else None, row.code_hash)
