"""Functions whose bodies run on a Dask cluster."""

import ctypes
import os
from collections.abc import Iterator
from pathlib import Path

from arkitekt_di import Task, log, progress, register
from arkitekt_di.koil import sleep


@register(isolation="dask")
def pids() -> tuple[int, int]:
    """Tell which process this is, and which has started it."""
    progress(40, "in between")
    log("on the way")
    return os.getpid(), os.getppid()


@register(isolation="dask")
def squares(n: int) -> Iterator[int]:
    """Yield squares."""
    for number in range(n):
        yield number * number


@register(isolation="dask")
def refuse(word: str) -> None:
    """Raise."""
    raise RuntimeError(word)


@register(isolation="dask")
def leave(code: int) -> None:
    """End the process without a word."""
    os._exit(code)


@register(isolation="dask")
def stubborn(notes: str) -> None:
    """Hold the interpreter's lock, and listen to nobody."""
    Path(notes).write_text(str(os.getpid()))
    log("begun")
    ctypes.PyDLL(None).sleep(600)


@register(isolation="dask")
def willing(notes: str, task: Task) -> None:
    """Listen while it works."""
    Path(notes).write_text(str(os.getpid()))
    log("begun")
    while True:
        task.check_cancelled()
        sleep(0.01)


@register(isolation="dask")
def noting(notes: str) -> None:
    """Note who has started it, and wait."""
    with Path(notes).open("a") as starts:
        starts.write(f"{os.getppid()}\n")
    log("begun")
    sleep(600)


@register(isolation="dask", resources={"laser": 1})
def needs_a_laser() -> bool:
    """Need what is not there."""
    return True


@register(isolation="dask", resources={"microscope": 1})
def needs_a_microscope() -> bool:
    """Need what is there."""
    return True
