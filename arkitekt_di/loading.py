"""Loads modules without a look for garbage at every step: what importing makes is kept, nearly all of it."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Final

MANY: Final = 20_000
"""Objects after which a collection of all is due: those of a package such as xarray, not those of a module of ours."""

FEW: Final = 0.1
"""Part of all memory blocks below which they are too few beside what there is; imports of ours alone make 0.4."""


def load(name: str) -> ModuleType:
    """Import a module by its whole name, with what it needs."""
    with loading():
        return import_module(name)


@contextmanager
def loading() -> Iterator[None]:
    """Put the collector off while modules are imported, and let it look once after many.

    The collector looks through all objects each time that they have grown by a quarter, which they do several times
    while numpy, xarray, aiohttp and pydantic are imported: a fifth of that time (measured).  Its last look would come
    some moments later, in the middle of the first request, and take 0.1 s.

    Where somebody has put the collector off already, it stays off.  In a process with so many objects that it would
    not be due by its own rule, it does not look.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        if _is_due():
            gc.collect()


def _is_due() -> bool:
    made = gc.get_count()[0]
    return made > MANY and made > FEW * sys.getallocatedblocks()


@contextmanager
def loading_for_good() -> Iterator[None]:
    """Import all that a process of our own needs until it ends: the collector never looks at any of it.

    Only for a process whose program is ours: what is garbage by then is kept, too (`gc.freeze`).
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
