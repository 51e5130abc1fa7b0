"""How far a transfer is, for a callback or for a bar on the screen."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Literal, Self

import rich.progress
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn

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
        self._shown: _RichBar | None = None
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
            console = Console(stderr=True)
            if not (console.is_terminal or console.is_jupyter):
                self._mode = "never"
                return
            self._shown = _RichBar(console, progress)
        self._shown.show(progress)


class _RichBar:
    """One line of rich: name, bar, amount, rate, time that is left."""

    def __init__(self, console: Console, progress: Progress) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        self._bar = rich.progress.Progress(*columns, TimeRemainingColumn(), console=console, transient=True)
        self._task = self._bar.add_task(
            escape(progress.name), total=progress.total_bytes, completed=progress.done_bytes
        )
        self._bar.start()

    def show(self, progress: Progress) -> None:
        """Move the bar."""
        self._bar.update(self._task, total=progress.total_bytes, completed=progress.done_bytes)

    def stop(self) -> None:
        """Take the bar away."""
        self._bar.stop()
