"""How every subscription of the schema is answered: what was missed first, then what happens."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import strawberry

from arkitekt_di.errors import RecordRefusedError
from arkitekt_di.messages.changes import ChangeKind
from arkitekt_di.server.graphql.context import Context
from arkitekt_di.server.journal import Journal, News, Scope
from arkitekt_di.server.principal import Principal

Load = Callable[[Principal, Sequence[str]], Awaitable[Mapping[str, Any]]]
"""Reads records by their identifiers; one that is gone is left out."""


@dataclass(frozen=True)
class Told:
    """One event of a subscription.

    Attributes
    ----------
    cursor : str
        Names this moment: a subscription that begins with it as ``after`` is told what happened since.
    kind : ChangeKind or None
        None where nothing happened: the hub has taken note of the subscription.
    record_id : str or None
    record : object or None
        The row; None where it is gone.
    """

    cursor: str
    kind: ChangeKind | None = None
    record_id: str | None = None
    record: Any = None

    def members(self, show: Callable[[Any], Any]) -> dict[str, Any]:
        """Return the member of an event that tells of it, the record as *show* shows it; nothing where nothing was."""
        match self.kind:
            case ChangeKind.CREATED:
                return {"create": show(self.record)}
            case ChangeKind.UPDATED:
                return {"update": show(self.record)}
            case ChangeKind.DELETED:
                return {"delete": strawberry.ID(str(self.record_id))}
        return {}


async def tell(context: Context, scope: Scope, after: str | None, load: Load) -> AsyncIterator[Told]:
    """Yield what happens to the records in *scope*, as long as the token of whoever asks holds.

    Parameters
    ----------
    context : Context
    scope : Scope
    after : str or None
        Cursor of the last event that came.  Empty for one who begins: they are told as soon as the hub has taken
        note.  None for clients that know no cursors, to whom nothing is told but changes.
    load : callable
        Reads the records of changes that come without them.
    """
    principal, journal = await context.principal(), context.part(Journal)
    organization_id = principal.organization_id
    with journal.watch(organization_id, scope) as watch:
        seen = 0
        if after is not None:
            missed, seen = await _missed(journal, organization_id, scope, after)
            for told in await _told(principal, missed, load, cursor=after):
                yield told
            yield Told(str(seen))
        async for news in watch:
            if news.change.number <= seen:
                continue
            await context.principal()
            for told in await _told(principal, [news], load, cursor=str(news.change.number)):
                yield told


async def _missed(journal: Journal, organization_id: str, scope: Scope, after: str) -> tuple[list[News], int]:
    if not after:
        return [], await journal.last(organization_id)
    # Decimal digits of a 64-bit number; int() reads a good deal more than that.
    if not (after.isascii() and after.isdecimal() and len(after) < 19):
        raise RecordRefusedError("the cursor is none of this hub", "Begin anew, without one")
    return await journal.missed(organization_id, scope, int(after))


async def _told(principal: Principal, listed: Sequence[News], load: Load, *, cursor: str) -> list[Told]:
    unread = [
        news.change.subject_id for news in listed if news.kind is not ChangeKind.DELETED and news.change.state is None
    ]
    records = await load(principal, unread) if unread else {}
    events = (
        Told(cursor, news.kind, news.change.subject_id, news.change.state or records.get(news.change.subject_id))
        for news in listed
    )
    # What is gone by now is told as deleted a little later.
    return [told for told in events if told.kind is ChangeKind.DELETED or told.record is not None]
