"""Where objects lie on disk, and how they appear and disappear; for threads."""

import os
import secrets
import shutil
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Final

from arkitekt_di.private_file import make_private_folder
from arkitekt_di.server.objects.checksums import Checksums, checksum_of
from arkitekt_di.server.objects.draft import CompleteDraft
from arkitekt_di.server.objects.keys import UPLOADS
from arkitekt_di.server.objects.local_drafts import LocalDrafts
from arkitekt_di.server.objects.promise import Condition, ObjectEntry, Page
from arkitekt_di.server.objects.seals import Seals, begin_to_sync, sync
from arkitekt_di.server.objects.tree import (
    conflict,
    entry_of,
    make_room,
    missing,
    place,
    prune,
    size_below,
    status_of,
    walk,
)
from arkitekt_di.server.objects.usage import Reservation, Usage

_PIECE_BYTES: Final = 4 * 2**20


class Shelf:
    """The files of an `ObjectFolder`.

    Objects appear, disappear and are counted under one lock, which is not held while bytes move.

    Parameters
    ----------
    root : Path
    takes_files : bool
        Whether clients on this machine may write objects as files.
    """

    def __init__(self, root: Path, *, takes_files: bool) -> None:
        self.staging = root / ".staging"
        self.drafts = LocalDrafts(root / ".drafts", self.staging) if takes_files else None
        self._root = root
        self._seals = Seals(root / ".sealed")
        self._lock = threading.Lock()
        self._usage = Usage(self._measure)
        self._checksums = Checksums()
        self._last_ns = 0

    def prepare(self) -> None:
        """Create the folders, and remove what a killed process left."""
        make_private_folder(self._root)
        if self.staging.exists():
            shutil.rmtree(self.staging)
        make_private_folder(self.staging)
        if self.drafts is not None:
            self.drafts.prepare()

    def open_file(self, bucket: str, key: str) -> BinaryIO | None:
        """Open the file of an object; None where there is none."""
        path = place(self._root, bucket, key)
        if status_of(path, self._root) is None:
            return None
        try:
            return os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)), "rb")
        except (FileNotFoundError, NotADirectoryError):
            return None  # removed meanwhile

    def checksums(self, bucket: str, keys: Sequence[str]) -> list[int | None]:
        """Return the CRC-32 of each object's bytes; None where there is none."""
        return [self._checksum(bucket, key) for key in keys]

    def remembered(self, bucket: str, entries: Sequence[ObjectEntry]) -> list[int | None]:
        """Return the CRC-32 of these very versions; None for one of which it is not known without reading it."""
        with self._lock:
            return [self._checksums.of(bucket, entry) for entry in entries]

    def _checksum(self, bucket: str, key: str) -> int | None:
        file = self.open_file(bucket, key)
        if file is None:
            return None
        with file:
            entry = entry_of(key, os.fstat(file.fileno()))
            with self._lock:
                known = self._checksums.of(bucket, entry)
            if known is not None:
                return known
            value = 0
            while piece := file.read(_PIECE_BYTES):
                value = checksum_of(piece, value)
        with self._lock:
            self._checksums.note(bucket, entry, value)
        return value

    def page(self, bucket: str, start: str, after: str, limit: int, separator: str | None) -> Page:
        """Return the next objects whose keys begin with *start*."""
        return Page.cut(walk(self._root, bucket, start, after=after, separator=separator), limit)

    def refuse_sealed(self, bucket: str, key: str) -> None:
        """Raise `ObjectRefusedError` where nothing may be written any more."""
        self._seals.refuse(bucket, key)

    def reserve(self, reservation: Reservation, size: int) -> None:
        """Count bytes on their way; raises `ObjectRefusedError` where they are too many."""
        with self._lock:
            self._usage.reserve(reservation, size)

    def release(self, reservation: Reservation | None) -> None:
        """Take back what was reserved."""
        with self._lock:
            self._usage.release(reservation)

    def place(self, draft: CompleteDraft, bucket: str, key: str, *, condition: Condition | None) -> ObjectEntry:
        """Move a complete file to where it is visible; from then on its bytes are kept, and no more on their way."""
        target = place(self._root, bucket, key)
        begin_to_sync(draft.path)  # or all of it were left to `seal`, which the client waits for
        with self._lock:
            self._seals.refuse(bucket, key)
            old = status_of(target, self._root)
            if condition is not None:
                condition.test(None if old is None else entry_of(key, old))
            self._last_ns = max(self._last_ns + 1, time.time_ns())  # no two writes share an ETag
            os.utime(draft.path, ns=(self._last_ns, self._last_ns))
            try:
                make_room(target, self._root)
                draft.path.replace(target)
            except IsADirectoryError as error:
                raise conflict() from error
            except OSError:
                prune(target, self._root)
                raise
            entry = entry_of(key, target.lstat())
            self._usage.change(bucket, key, entry.size - (0 if old is None else old.st_size))
            self._usage.release(draft.reservation)
            self._checksums.note(bucket, entry, draft.checksum)
        return entry

    def delete(self, bucket: str, keys: Sequence[str]) -> None:
        """Remove objects, and the folders that become empty."""
        for key in keys:
            path = place(self._root, bucket, key)
            with self._lock:
                self._seals.refuse(bucket, key)
                status = status_of(path, self._root)
                if status is not None:
                    path.unlink()
                    prune(path, self._root)
                    self._usage.change(bucket, key, -status.st_size)

    def delete_prefix(self, bucket: str, prefix: str) -> None:
        """Remove a folder: out of sight in one step, then file by file."""
        if self.drafts is not None:
            self.drafts.close(bucket, prefix)
        folder = place(self._root, bucket, prefix)
        trash = self.staging / secrets.token_hex(16)
        with self._lock:
            if not folder.is_dir() or folder.is_symlink():
                return
            folder.replace(trash)
            prune(folder, self._root)
        size = size_below(trash)
        with self._lock:
            self._usage.clear(bucket, prefix, size)
        shutil.rmtree(trash)

    def move(self, bucket: str, moves: Sequence[tuple[str, str]]) -> None:
        """Give objects other keys, and bring them to the disk: the bytes first, then the names."""
        paths = [(place(self._root, bucket, source), place(self._root, bucket, target)) for source, target in moves]
        for path, _ in paths:
            if status_of(path, self._root) is None:
                raise missing()
            sync(path)
        for (source, target), (path, goal) in zip(moves, paths, strict=True):
            self._rename(bucket, (source, path), (target, goal))
        for folder in {parent for _, goal in paths for parent in goal.relative_to(self._root).parents}:
            if (self._root / folder).is_dir():
                sync(self._root / folder)

    def _rename(self, bucket: str, source: tuple[str, Path], target: tuple[str, Path]) -> None:
        with self._lock:
            status = status_of(source[1], self._root)
            if status is None:
                raise missing()
            old, entry = status_of(target[1], self._root), entry_of(source[0], status)
            checksum = self._checksums.of(bucket, entry)
            make_room(target[1], self._root)
            source[1].replace(target[1])
            prune(source[1], self._root)
            self._usage.change(bucket, source[0], -entry.size)
            self._usage.change(bucket, target[0], entry.size - (0 if old is None else old.st_size))
            if checksum is not None:
                self._checksums.note(bucket, entry_of(target[0], status), checksum)

    def seal(self, bucket: str, prefix: str) -> list[Path]:
        """Let nobody write below a prefix any more; return the files and folders that are to be brought to the disk."""
        folder = place(self._root, bucket, prefix)
        with self._lock:
            paths = self._seals.add(bucket, prefix)
        if self.drafts is not None:
            self.drafts.close(bucket, prefix)
        for path, _, names in os.walk(folder):
            paths += [Path(path), *(Path(path, name) for name in names)]
        parents = folder.parents[: len(folder.relative_to(self._root).parts)]
        return [*paths, *(parent for parent in parents if parent.is_dir())]

    def _measure(self, bucket: str, prefix: str) -> int:
        parts = place(self._root, UPLOADS, f"{bucket}/{prefix}")
        return size_below(place(self._root, bucket, prefix)) + size_below(parts)
