"""A bar on the screen, drawn by rich."""

import rich.progress
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from arkitekt_di.mikro.pixels.progress import Progress


def watched_console() -> Console | None:
    """Return the console where somebody looks at it: a terminal, or a notebook."""
    console = Console(stderr=True)
    return console if console.is_terminal or console.is_jupyter else None


class RichBar:
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
