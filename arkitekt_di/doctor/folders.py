"""Looks at the folders in which logins, configurations and the local hub's data are kept."""

import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from arkitekt_di.doctor.finding import Finding, fault, good

NEEDED_BYTES = 2**30
"""Free space below which an upload of an ordinary stack would fail."""

OTHERS = 0o077
"""Rights of everybody but the user."""


def look_at_folders(folders: Iterable[Path], *, needed_bytes: int = NEEDED_BYTES) -> Iterator[Finding]:
    """Tell which of *folders* cannot be written, are full, or hold secrets that others can read.

    Parameters
    ----------
    folders : iterable of Path
        Those that are not there yet are looked at where they would be made.
    needed_bytes : int
        Free space that there has to be.
    """
    for folder in folders:
        there = _nearest(folder)
        findings = [*_look_at_place(folder, there), *_look_at_space(there, needed_bytes), *_look_at_files(folder)]
        yield from findings or [good("folders", f"{folder} is private and has space")]


def _look_at_place(folder: Path, there: Path) -> Iterator[Finding]:
    if not there.is_dir():
        yield fault("folders", f"{there} is no folder, so {folder} cannot be made", f"move {there} away")
    elif not os.access(there, os.W_OK | os.X_OK):
        yield fault("folders", f"{there} cannot be written", f"chmod u+rwx '{there}', or change its owner to yourself")


def _look_at_space(there: Path, needed_bytes: int) -> Iterator[Finding]:
    free = shutil.disk_usage(there).free
    if free < needed_bytes:
        what = f"the disk of {there} has {free / 2**20:.0f} MiB left"
        yield fault("folders", what, "free some space, or set hub.folder to a folder on another disk")


def _look_at_files(folder: Path) -> Iterator[Finding]:
    if not folder.is_dir() or os.name != "posix" or not folder.stat().st_mode & OTHERS:
        return  # in a folder that is closed, nobody reads any file
    for path in sorted([folder, *folder.iterdir()]):
        if path.stat().st_mode & OTHERS:
            yield fault("folders", f"other users of this machine can read {path}", f"chmod go-rwx '{path}'")


def _nearest(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())
