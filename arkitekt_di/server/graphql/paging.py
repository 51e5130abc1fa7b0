"""Pages and orders, as every listing of the schema is asked for them."""

from collections.abc import Iterable
from enum import Enum

import strawberry

from arkitekt_di.server.listing import MAX_PAGE, Order, Page


@strawberry.input
class OffsetPaginationInput:
    """Which page is asked for."""

    offset: int = 0
    limit: int | None = None


@strawberry.enum
class Ordering(Enum):
    """A direction; nothing that can be ordered by is ever null."""

    ASC = "ASC"
    ASC_NULLS_FIRST = "ASC_NULLS_FIRST"
    ASC_NULLS_LAST = "ASC_NULLS_LAST"
    DESC = "DESC"
    DESC_NULLS_FIRST = "DESC_NULLS_FIRST"
    DESC_NULLS_LAST = "DESC_NULLS_LAST"

    @property
    def is_descending(self) -> bool:
        """Whether the largest comes first."""
        return self.value.startswith("DESC")


def page_of(pagination: OffsetPaginationInput | None) -> Page:
    """Return the page that is asked for; the first and longest where nothing is said."""
    asked = pagination or OffsetPaginationInput()
    return Page(limit=MAX_PAGE if asked.limit is None else asked.limit, offset=asked.offset)


def orders_of(criteria: Iterable[object]) -> tuple[Order, ...]:
    """Return the order that is asked for by inputs of which one member each is set, a column's name."""
    chosen = (next((key, some) for key, some in vars(each).items() if some is not None) for each in criteria)
    return tuple(Order(key, is_descending=some.value.is_descending) for key, some in chosen)
