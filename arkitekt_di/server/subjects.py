"""The records that comments, provenance and relations are about."""

from collections.abc import Awaitable, Callable, Mapping

from arkitekt_di.errors import RecordRefusedError
from arkitekt_di.messages.changes import RecordKind
from arkitekt_di.server.principal import Principal

Require = Callable[[Principal, str], Awaitable[object]]
"""Raises where there is no such record."""


class Subjects:
    """Finds records of several kinds.

    Parameters
    ----------
    finders : mapping of RecordKind to callable
    """

    def __init__(self, finders: Mapping[RecordKind, Require]) -> None:
        self._finders = dict(finders)

    async def require(self, principal: Principal, kind: RecordKind, record_id: str) -> None:
        """Return where there is such a record; raises the `NotFoundError` of its kind, and `RecordRefusedError`."""
        finder = self._finders.get(kind)
        if finder is None:
            raise RecordRefusedError(
                f"nothing is said about a {kind.lower()}", f"Name one of {', '.join(sorted(self._finders))}"
            )
        await finder(principal, record_id)
