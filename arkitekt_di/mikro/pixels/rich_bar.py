"""A bar on the screen, drawn by rich."""

import rich.progress
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn


def watched_console() -> Console | None:
    """Return the console where somebody looks at it: a terminal, or a notebook."""
    console = Console(stderr=True)
    return console if console.is_terminal or console.is_jupyter else None


class RichBar:
    """One line of rich: name, bar, amount, rate, time that is left."""

    def __init__(self, console: Console, name: str) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        self._bar = rich.progress.Progress(*columns, TimeRemainingColumn(), console=console, transient=True)
        self._task = self._bar.add_task(escape(name), total=None)
        self._bar.start()

    def show(self, done_bytes: int, total_bytes: int | None) -> None:
        """Move the bar."""
        self._bar.update(self._task, total=total_bytes, completed=done_bytes)

    def stop(self) -> None:
        """Take the bar away."""
        self._bar.stop()
