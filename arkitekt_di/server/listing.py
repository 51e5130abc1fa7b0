"""Which part of a long list is asked for, and in which order."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, false

from arkitekt_di.errors import RecordRefusedError
from arkitekt_di.server.identifiers import is_identifier
from arkitekt_di.server.naming import folded, is_text
from arkitekt_di.server.records import Record

T = TypeVar("T", bound=Record)

MAX_PAGE = 200
"""Records in one answer, at most."""

MAX_OFFSET = 2**31 - 1
"""GraphQL's largest Int."""

MAX_SEARCH = 1024
"""Longest text that is searched for, in characters."""

_COLUMNS = {"name": "folded_name"}
"""What a key is ordered by where it is not the column of that name: names without regard to case."""


@dataclass(frozen=True)
class Page:
    """A part of a list.

    Attributes
    ----------
    limit : int
        Most records in it.
    offset : int
        Records before it.
    """

    limit: int = MAX_PAGE
    offset: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.limit <= MAX_PAGE or not 0 <= self.offset <= MAX_OFFSET:
            raise RecordRefusedError(
                f"limit {self.limit} and offset {self.offset} do not name a page",
                f"Ask for {MAX_PAGE} records at most, from offset 0 on",
            )


@dataclass(frozen=True)
class Order:
    """One criterion of an order: a column, and its direction."""

    key: str
    is_descending: bool = False

    def column(self, kind: type[Record]) -> ColumnElement[object]:
        """Return the criterion for SQL."""
        column: ColumnElement[object] = getattr(kind, _COLUMNS.get(self.key, self.key))
        return column.desc() if self.is_descending else column.asc()


NEWEST_FIRST = (Order("created_at", is_descending=True), Order("id", is_descending=True))


@dataclass(frozen=True)
class Listing:
    """One page of records of one kind.

    Attributes
    ----------
    page : Page
    search : str or None
        Part of the name; case does not count.
    ids : sequence of str or None
        Only these records.
    order : sequence of Order
        Criteria, the first one first; the newest record first among equals, so that pages never overlap.
    """

    page: Page = field(default_factory=Page)
    search: str | None = None
    ids: Sequence[str] | None = None
    order: Sequence[Order] = ()

    def __post_init__(self) -> None:
        if len(self.ids or ()) > MAX_PAGE:
            raise RecordRefusedError(f"{len(self.ids or ())} records were named", f"Name {MAX_PAGE} at most")
        if len(self.search or "") > MAX_SEARCH:
            raise RecordRefusedError("the text to search for is too long", f"Shorten it to {MAX_SEARCH} characters")

    def narrow(self, query: Select[T], kind: type[T]) -> Select[T]:
        """Return *query* for this page of what fits."""
        if self.ids is not None:
            query = query.where(kind.id.in_([identifier for identifier in self.ids if is_identifier(identifier)]))
        if self.search and not is_text(self.search):
            query = query.where(false())  # no name has such characters, and SQLite stops reading at the first
        elif self.search:
            query = query.where(kind.folded_name.contains(folded(self.search), autoescape=True))
        order = [criterion.column(kind) for criterion in (*self.order, *NEWEST_FIRST)]
        return query.order_by(*order).limit(self.page.limit).offset(self.page.offset)
