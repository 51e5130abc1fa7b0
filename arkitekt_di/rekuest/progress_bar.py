"""A progress bar for loops that are written with ``tqdm``: the caller of the task sees it."""

from collections.abc import Iterable, Iterator
from typing import Any, Generic, Self, TypeVar

from arkitekt_di.rekuest.task import progress

T = TypeVar("T")


class tqdm(Generic[T]):  # noqa: N801  # the name of what it stands for
    """Tell the caller of the running task how far a loop is; outside of a task do nothing.

    Parameters
    ----------
    iterable : iterable, optional
        What is looped over; without it, call `update`.
    desc : str, optional
        What is being done.
    total : int, optional
        How many steps there are, where ``len(iterable)`` does not say; without it there is no percentage to tell.
    **_ : object
        Other options of ``tqdm``, which are of use on a terminal only.

    Examples
    --------
    >>> [plane for plane in tqdm(range(3), desc="planes")]
    [0, 1, 2]
    """

    def __init__(
        self, iterable: Iterable[T] | None = None, desc: str | None = None, total: int | None = None, **_: Any
    ) -> None:
        self._iterable = iterable
        self._desc = desc
        self.total = total if total is not None else _length(iterable)
        self.n = 0
        self._told = -1

    def __iter__(self) -> Iterator[T]:
        for item in self._iterable or ():
            yield item
            self.update()

    def update(self, n: float = 1) -> None:
        """Count *n* more steps; a percentage is told once."""
        self.n += int(n)
        if not self.total:
            return
        percent = min(100, 100 * self.n // self.total)
        if percent != self._told:
            self._told = percent
            progress(percent, self._desc)

    def set_description(self, desc: str | None = None, **_: Any) -> None:
        """Change what is being done."""
        self._desc = desc

    def close(self) -> None:
        """Do nothing: there is no line on a terminal to end."""

    def __len__(self) -> int:
        return self.total or 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _length(iterable: object) -> int | None:
    try:
        return len(iterable)  # type: ignore[arg-type]  # asked, not assumed
    except TypeError:
        return None
