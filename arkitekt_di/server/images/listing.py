"""Which images a query asks for, and in which order."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, false, select

from arkitekt_di.errors import ImageRefusedError
from arkitekt_di.server.identifiers import is_identifier
from arkitekt_di.server.images.tables import Image
from arkitekt_di.server.listing import MAX_OFFSET, MAX_PAGE, MAX_SEARCH
from arkitekt_di.server.naming import folded, is_text


class SortKey(StrEnum):
    """What a listing is ordered by."""

    CREATED_AT = "created_at"
    NAME = "folded_name"
    ID = "id"


@dataclass(frozen=True)
class Order:
    """One criterion of the order."""

    key: SortKey
    is_descending: bool

    def column(self) -> ColumnElement[object]:
        """Return the criterion for SQL."""
        column: ColumnElement[object] = getattr(Image, self.key)
        return column.desc() if self.is_descending else column.asc()


NEWEST_FIRST = (Order(SortKey.CREATED_AT, is_descending=True), Order(SortKey.ID, is_descending=True))


@dataclass(frozen=True)
class Listing:
    """One page of images.

    Attributes
    ----------
    search : str or None
        Part of the name; case does not count.
    ids : sequence of str or None
        Only these images.
    order : sequence of Order
        Criteria, the first one first; newest first where there is none.
    limit, offset : int
        Size of the page, and images before it.
    """

    search: str | None = None
    ids: Sequence[str] | None = None
    order: Sequence[Order] = field(default=())
    limit: int = MAX_PAGE
    offset: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.limit <= MAX_PAGE or not 0 <= self.offset <= MAX_OFFSET:
            raise ImageRefusedError(
                f"limit {self.limit} and offset {self.offset} do not name a page",
                f"Ask for {MAX_PAGE} images at most, from offset 0 on",
            )
        if len(self.ids or ()) > MAX_PAGE:
            raise ImageRefusedError(f"{len(self.ids or ())} images were named", f"Name {MAX_PAGE} at most")
        if len(self.search or "") > MAX_SEARCH:
            raise ImageRefusedError("the text to search for is too long", f"Shorten it to {MAX_SEARCH} characters")

    def select(self, organization_id: str) -> Select[Image]:
        """Return the query for the images of one organization."""
        query = select(Image).where(Image.organization_id == organization_id)
        if self.ids is not None:
            query = query.where(Image.id.in_([identifier for identifier in self.ids if is_identifier(identifier)]))
        if self.search and not is_text(self.search):
            query = query.where(false())  # no name has such characters, and SQLite stops reading at the first
        elif self.search:
            query = query.where(Image.folded_name.contains(folded(self.search), autoescape=True))
        order = (*self.order, *NEWEST_FIRST)
        return query.order_by(*(criterion.column() for criterion in order)).limit(self.limit).offset(self.offset)
