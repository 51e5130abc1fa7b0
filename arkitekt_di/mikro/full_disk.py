"""A disk of this machine that is full, told as such."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike, fspath
from typing import Final

from arkitekt_di.errors import StorageFullError

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})

_ROOM_BYTES: Final = 64 * 1024
"""A disk with less than this is full: the largest block of the usual file systems."""


@contextmanager
def telling_full(folder: str | PathLike[str]) -> Iterator[None]:
    """Raise `StorageFullError` where the block finds no space in *folder*; every other error as it is."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL or (_says_nothing(error) and shutil.disk_usage(folder).free < _ROOM_BYTES):
            raise StorageFullError(fspath(folder)) from error
        raise


def _says_nothing(error: OSError) -> bool:
    """Tell whether the error has no number, as that of `numpy.ndarray.tofile`, which counts what was written."""
    return type(error) is OSError and error.errno is None
