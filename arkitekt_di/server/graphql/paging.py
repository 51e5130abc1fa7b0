"""Pages and orders, as every listing of the schema is asked for them."""

from enum import Enum

import strawberry

from arkitekt_di.server.listing import MAX_PAGE, Page


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
