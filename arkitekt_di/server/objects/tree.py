"""Keys as files: where an object lies, and which objects lie below a folder."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from arkitekt_di.errors import ObjectRefusedError
from arkitekt_di.private_file import FOLDER_MODE
from arkitekt_di.server.objects.keys import LAST_CHARACTER, check_name, check_stored_bucket, file_name, segment_of
from arkitekt_di.server.objects.promise import ObjectEntry


def place(root: Path, bucket: str, key: str) -> Path:
    """Return the file for a key; raises `ObjectRefusedError` where the key is not acceptable."""
    check_name(bucket, key)
    return root.joinpath(bucket, *(file_name(segment) for segment in key.split("/")))


def status_of(path: Path, root: Path) -> os.stat_result | None:
    """Return the status of the plain file at *path*; None where there is none, or a link leads there."""
    try:
        if not all(stat.S_ISDIR(os.lstat(folder).st_mode) for folder in _folders_above(path, root)):
            return None
        status = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return status if stat.S_ISREG(status.st_mode) else None


def make_room(path: Path, root: Path) -> None:
    """Create the folders above *path*; raises `ObjectRefusedError` where an object or a link stands in the way."""
    for folder in _folders_above(path, root):
        try:
            folder.mkdir(mode=FOLDER_MODE)
        except FileExistsError:
            if not stat.S_ISDIR(os.lstat(folder).st_mode):
                raise conflict() from None


def prune(path: Path, root: Path) -> None:
    """Remove the folders above *path* that are empty; the bucket's own stays."""
    for folder in reversed(_folders_above(path, root)[1:]):
        try:
            folder.rmdir()
        except OSError:  # not empty, or not there
            return


def conflict() -> ObjectRefusedError:
    """Return the error for a key that is the folder of another, or lies below another."""
    return ObjectRefusedError("KeyConflict", "a key cannot lie below another object's key. Use another key")


def missing() -> ObjectRefusedError:
    """Return the error for an object that is not there."""
    return ObjectRefusedError("NoSuchKey", "there is no such object")


def entry_of(key: str, status: os.stat_result) -> ObjectEntry:
    """Return what is known of an object; every write gets a modification time of its own."""
    etag = f"{status.st_mtime_ns:x}-{status.st_size:x}"
    return ObjectEntry(key=key, size=status.st_size, etag=etag, modified_ns=status.st_mtime_ns)


def walk(
    root: Path, bucket: str, start: str, *, after: str = "", separator: str | None = None
) -> Iterator[ObjectEntry | str]:
    """Yield the objects whose keys begin with *start* and come behind *after*, in the order of their keys.

    With a *separator*, the folders right below *start* are yielded by name, and not descended into.
    """
    base, _, beginning = start.rpartition("/")
    folder = _folder_of(root, bucket, base if "/" in start else None)
    if folder is None or not _is_plain_folder(folder, root):
        return
    pending = [_children(folder, f"{base}/" if base else "", beginning, after)]
    while pending:
        child = next(pending[-1], None)
        if child is None:
            pending.pop()
        elif not child.is_folder:
            yield entry_of(child.key, child.status)
        elif separator is None:
            pending.append(_children(child.path, child.key, "", after))
        elif next(walk(root, bucket, child.key, after=after), None) is not None:
            yield child.key


def size_below(folder: Path) -> int:
    """Return the bytes of all plain files below *folder*."""
    return sum(
        status.st_size
        for path, _, names in os.walk(folder)
        for status in (os.lstat(Path(path, name)) for name in names)
        if stat.S_ISREG(status.st_mode)
    )


@dataclass(frozen=True)
class _Child:
    key: str
    path: Path
    is_folder: bool
    status: os.stat_result


def _children(folder: Path, base: str, beginning: str, after: str) -> Iterator[_Child]:
    found = []
    try:
        with os.scandir(folder) as scan:
            for item in scan:
                segment = segment_of(item.name)
                is_folder = item.is_dir(follow_symlinks=False)
                if segment is None or not (is_folder or item.is_file(follow_symlinks=False)):
                    continue
                key = f"{base}{segment}/" if is_folder else f"{base}{segment}"
                last = key + LAST_CHARACTER if is_folder else key
                if last > after and key.startswith(base + beginning):
                    found.append((key, item, is_folder))
    except FileNotFoundError:
        return  # removed meanwhile
    # Code points and UTF-8 bytes sort alike, and a folder sorts with its slash, as its keys do.
    for key, item, is_folder in sorted(found, key=lambda child: child[0]):
        try:
            yield _Child(key, Path(item.path), is_folder, item.stat(follow_symlinks=False))
        except FileNotFoundError:
            continue  # removed meanwhile


def _folder_of(root: Path, bucket: str, base: str | None) -> Path | None:
    """Return a bucket's folder, or the one for *base* in it; None where no key begins like this."""
    folder = root / check_stored_bucket(bucket)
    if base is None:
        return folder
    try:
        return place(root, bucket, base)
    except ObjectRefusedError:
        return None


def _folders_above(path: Path, root: Path) -> list[Path]:
    """Return the bucket's folder and those below it, down to the one that holds *path*."""
    depth = len(path.relative_to(root).parts) - 1
    return list(reversed(path.parents[:depth]))


def _is_plain_folder(folder: Path, root: Path) -> bool:
    try:
        return all(stat.S_ISDIR(os.lstat(part).st_mode) for part in (*_folders_above(folder, root), folder))
    except (FileNotFoundError, NotADirectoryError):
        return False
