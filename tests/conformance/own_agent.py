"""Our app offering what `real_agent.py` does; notes in its working folder that it is offered (`ready`).

It keeps its login, so that its next process is the same agent to the hub.
"""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

from arkitekt_di import easy, progress, register
from arkitekt_di.mikro import Image


def note(path: str, word: str) -> None:
    """Add a line to a file that the test reads."""
    with Path(path).open("a") as notes:
        notes.write(f"{word}\n")


def is_there(path: str) -> bool:
    """Tell whether there is a file."""
    return Path(path).exists()


@register(name="Double")
def double(number: int) -> int:
    """Double a number."""
    return number * 2


@register(name="Count")
def count(until: int) -> Iterator[int]:
    """Count."""
    progress(40, "in between")
    yield from range(until)


@register(name="Same")
def same(picture: Image) -> Image:
    """Return the image that was given, after a look at it."""
    if int(picture.data.max()) == 0:
        raise ValueError("there is nothing on the picture")
    return picture


@register(name="Fail")
def fail(text: str) -> str:
    """Fail."""
    raise ValueError(text)


@register(name="Sleep")
async def sleep(log: str) -> str:
    """Sleep until cancelled; notes in a file that it began, and how it ended."""
    note(log, "began")
    try:
        await asyncio.sleep(600)
    except asyncio.CancelledError:
        note(log, "cancelled")
        raise
    return "slept"


@register(name="Wait")
async def wait(log: str, until: str) -> str:
    """Wait until there is a file; notes in another that it began."""
    note(log, "began")
    while not is_there(until):  # noqa: ASYNC110  # another process writes it
        await asyncio.sleep(0.05)
    return "waited"


if __name__ == "__main__":
    own = easy("conformance-agent", version="1.0.0", url=sys.argv[1], headless=True)
    with own as app, app.rekuest.serving():
        note("ready", "live")
        sys.stdin.read()
