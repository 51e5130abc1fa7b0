"""How far a transfer is, for a callback or for a bar on the screen."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Literal, Self

_PATIENCE_S: Final = 2.0
"""A transfer that takes longer gets a bar: what is over sooner needs none."""


@dataclass(frozen=True)
class Progress:
    """How far a transfer is.

    Attributes
    ----------
    name : str
        Name of the image, file or table.
    done_bytes : int
        Bytes that are stored; of an image those of its pixels, before compression.
    total_bytes : int or None
        How many there are in all; None where nobody knows yet.
    """

    name: str
    done_bytes: int
    total_bytes: int | None


ProgressListener = Callable[[Progress], None]


def telling(name: str, total_bytes: int | None, *listeners: ProgressListener | None) -> Callable[[int], None]:
    """Return what tells *listeners* how many bytes of *name* are stored."""

    def tell(done_bytes: int) -> None:
        progress = Progress(name, done_bytes, total_bytes)
        for listener in listeners:
            if listener is not None:
                listener(progress)

    return tell


class ProgressBar:
    """A bar in the terminal or the notebook, for a transfer that takes long.

    Nothing is shown where nobody looks: in a script whose output goes to a file, in a test, on a server.

    Parameters
    ----------
    mode : {'auto', 'never'}
    """

    def __init__(self, mode: Literal["auto", "never"]) -> None:
        self._mode = mode
        self._shown: Any = None  # a RichBar, which is loaded late: most transfers are over before it is shown
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._shown is not None:
            self._shown.stop()

    def __call__(self, progress: Progress) -> None:
        """Show *progress*."""
        if self._shown is None:
            if self._mode == "never" or time.monotonic() - self._began < _PATIENCE_S:
                return
            from arkitekt_di.mikro.pixels.rich_bar import RichBar, watched_console

            console = watched_console()
            if console is None:
                self._mode = "never"
                return
            self._shown = RichBar(console, progress.name)
        self._shown.show(progress.done_bytes, progress.total_bytes)
