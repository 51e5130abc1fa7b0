"""Which part of a long list is asked for."""

from dataclasses import dataclass

from arkitekt_di.errors import RecordRefusedError

MAX_PAGE = 200
"""Records in one answer, at most."""

MAX_OFFSET = 2**31 - 1
"""GraphQL's largest Int."""

MAX_SEARCH = 1024
"""Longest text that is searched for, in characters."""


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
