"""An app of the unmodified `arkitekt` 8.1 and `rekuest` 10 that offers functions.

Notes in its working folder that it is offered (`ready`), and keeps its login there, so that its next process is the
same agent to the hub.
"""

import asyncio
import sys
from collections.abc import Generator
from pathlib import Path

from arkitekt import App, Task, run


def note(path: str, word: str) -> None:
    """Add a line to a file that the test reads."""
    with Path(path).open("a") as notes:
        notes.write(f"{word}\n")


def is_there(path: str) -> bool:
    """Tell whether there is a file."""
    return Path(path).exists()


class Picture:
    """An image of which nothing but its reference is known."""

    def __init__(self, id: str) -> None:
        self.id = id


async def expand_picture(id: str) -> Picture:
    """Return what a reference stands for."""
    return Picture(id)


app = App("conformance-agent", version="1.0.0")
app.register_structure(Picture, "@mikro/arraydataset", expand=expand_picture)


@app.action
def double(number: int) -> int:
    """Double a number.

    Parameters
    ----------
    number : int
        The number
    """
    return number * 2


@app.action
def count(until: int, task: Task) -> Generator[int, None, None]:
    """Count.

    Parameters
    ----------
    until : int
        The last number
    """
    task.progress(40, "in between")
    yield from range(until)


@app.action(name="Same")
def same(picture: Picture) -> Picture:
    """Return the same.

    Parameters
    ----------
    picture : Picture
        An image
    """
    return Picture(picture.id)


@app.action
def fail(text: str) -> str:
    """Fail.

    Parameters
    ----------
    text : str
        What to say
    """
    raise ValueError(text)


@app.action
async def sleep(log: str) -> str:
    """Sleep until cancelled; notes in a file that it began, and how it ended.

    Parameters
    ----------
    log : str
        The file
    """
    note(log, "began")
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        note(log, "cancelled")
        raise
    return "slept"


@app.action
async def wait(log: str, until: str) -> str:
    """Wait until there is a file; notes in another that it began.

    Parameters
    ----------
    log : str
        The file with notes
    until : str
        The file that ends it
    """
    note(log, "began")
    while not is_there(until):  # noqa: ASYNC110  # another process writes it
        await asyncio.sleep(0.05)
    return "waited"


@app.background
async def ready() -> None:
    """Note that the functions are offered: background work begins when the hub has let the agent in."""
    note("ready", "live")


if __name__ == "__main__":
    run(app, url=sys.argv[1], headless=True, skip_cache=False, device_id="bench", mesh=False)
