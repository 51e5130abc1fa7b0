"""Marks on prefixes that are final."""

import os
from collections.abc import Sequence
from pathlib import Path

from arkitekt_di.errors import ObjectRefusedError
from arkitekt_di.private_file import FILE_MODE, make_private_folder
from arkitekt_di.server.objects.keys import charged, file_name

_MARK = "#"
"""Behind the name of a sealed folder; never part of an encoded name."""


class Seals:
    """Seals on disk: an empty file for each, which outlives what it seals.

    A grant may outlive its image, and what it could write then would belong to nobody.

    Parameters
    ----------
    folder : Path
        Has a folder for each bucket, and below it the marks in the places of the folders that they seal.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, bucket: str, prefix: str) -> list[Path]:
        """Seal a prefix; return the mark and the folders above it, which are to be brought to the disk."""
        *parents, last = (file_name(segment) for segment in prefix.split("/"))
        place = make_private_folder(self._folder.joinpath(bucket, *parents))
        mark = place / f"{last}{_MARK}"
        os.close(os.open(mark, os.O_WRONLY | os.O_CREAT, FILE_MODE))
        return [mark, place, *place.parents[: len(parents) + 2]]

    def refuse(self, bucket: str, key: str) -> None:
        """Raise `ObjectRefusedError` where *key* lies below a sealed prefix, or is one."""
        bucket, key = charged(bucket, key)
        place = self._folder / bucket
        for segment in key.split("/"):
            name = file_name(segment)
            if place.joinpath(f"{name}{_MARK}").exists():
                raise sealed()
            place /= name
            if not place.exists():
                return


def sealed() -> ObjectRefusedError:
    """Return the error for writing to what is final."""
    return ObjectRefusedError("AccessDenied", "what is stored here is final. Ask for a new grant")


def sync(path: Path) -> None:
    """Bring a file or a folder to the disk."""
    if os.name != "posix" and path.is_dir():
        return  # a folder cannot be opened there
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_all(paths: Sequence[Path]) -> None:
    """Bring files and folders to the disk, in any order."""
    for path in paths:
        sync(path)


def begin_to_sync(path: Path) -> None:
    """Let the system begin to bring a file to the disk, and wait for nothing; it stays in memory as well.

    Linux starts to write what is dirty when it is told that it will not be needed (posix_fadvise(2), "Notes"); a `sync`
    later finds it done.  Elsewhere nothing happens, which costs that `sync` its time.
    """
    advise = getattr(os, "posix_fadvise", None)
    if advise is None:
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        advise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)
