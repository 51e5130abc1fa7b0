"""Changes as the hub tells them, over GraphQL."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any, TypeVar

from arkitekt_di.messages.changes import ChangeKind
from arkitekt_di.protocols.transport import GraphQL

T = TypeVar("T")


async def follow(
    graphql: GraphQL, document: str, variables: dict[str, Any], read: Callable[[Any], T]
) -> AsyncGenerator[tuple[ChangeKind, str, T | None] | None, None]:
    """Yield what happens, to which record, and its new state; the first None says that the hub has taken note."""
    async with aclosing(graphql.follow(document, variables)) as events:
        async for event in events:
            yield _change(event, read)


def _change(event: dict[str, Any], read: Callable[[Any], T]) -> tuple[ChangeKind, str, T | None] | None:
    for member, kind in (("create", ChangeKind.CREATED), ("update", ChangeKind.UPDATED)):
        if event.get(member) is not None:
            return kind, str(event[member]["id"]), read(event[member])
    if event.get("delete") is not None:
        return ChangeKind.DELETED, str(event["delete"]), None
    return None
