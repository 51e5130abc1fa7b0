"""Functions that run in processes of their own."""

import ctypes
import os
import time
from collections.abc import Iterator

from arkitekt_di import Task, log, progress, register
from arkitekt_di.koil import sleep
from arkitekt_di.mikro import File, Image, Table


@register(isolation="process")
def pid_of(word: str) -> tuple[int, str]:
    """Tell which process this is."""
    print("to the agent's errors, not to its pipe")
    progress(40, "in between")
    log(f"got {word}")
    return os.getpid(), word


@register(isolation="process")
async def pid_of_async() -> int:
    """Tell which process this is."""
    return os.getpid()


@register(isolation="process")
def squares(n: int) -> Iterator[int]:
    """Yield squares."""
    for number in range(n):
        yield number * number


@register(isolation="process")
def leave(code: int) -> None:
    """End the process without a word."""
    os._exit(code)


@register(isolation="process")
def crash() -> None:
    """Read what is not there."""
    ctypes.string_at(0)


@register(isolation="process")
def refuse(word: str) -> None:
    """Raise."""
    raise RuntimeError(word)


@register(isolation="process")
def look(image: Image, table: Table, file: File) -> tuple[int, int, int, Image, Table, File]:
    """Tell which process this is and what it reads; give back what was given."""
    rows = table.row_count or 0
    return os.getpid(), int(image.data.sum()), rows + (file.size or 0), image, table, file


@register(isolation="process", gpus=[3])
def visible() -> str | None:
    """Tell which GPUs there are."""
    return os.environ.get("CUDA_VISIBLE_DEVICES")


@register(isolation="process")
def stubborn() -> None:
    """Hold the interpreter's lock, and listen to nobody."""
    log("begun")
    ctypes.PyDLL(None).sleep(60)


@register(isolation="process")
def willing(task: Task) -> None:
    """Listen while it works."""
    log("begun")
    while True:
        task.check_cancelled()
        sleep(0.01)


@register
def hold_the_lock(seconds: int) -> float:
    """Hold the interpreter's lock in a thread of the agent."""
    began = time.monotonic()
    ctypes.PyDLL(None).sleep(seconds)
    return time.monotonic() - began


@register
async def add(number: int) -> int:
    """Add one."""
    return number + 1
