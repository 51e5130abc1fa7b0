"""Writes a stored object to a file of this machine, whole or not at all."""

import hashlib
import os
import secrets
from pathlib import Path, PureWindowsPath
from typing import Final

from arkitekt_di.errors import FileDamagedError
from arkitekt_di.mikro.full_disk import telling_full
from arkitekt_di.protocols.mikro import PixelSource

PIECE_BYTES: Final = 16 * 2**20
"""What is fetched, and held in memory, at once."""


def target_of(path: Path, name: str, *, may_overwrite: bool) -> Path:
    """Return where a file called *name* goes: *path*, or into it where that is a folder.

    Raises
    ------
    FileExistsError
        There is a file already, and it may not be overwritten.
    """
    target = path / local_name(name) if path.is_dir() else path
    if target.exists() and not may_overwrite:
        raise FileExistsError(f"{target} is there already. Choose another name, or pass overwrite=True")
    return target


def local_name(name: str) -> str:
    """Return the last part of a name that others gave: it never leads out of the folder that it is put into."""
    last = PureWindowsPath(name).name  # knows both kinds of slashes
    return last if last not in {"", ".", ".."} else "file"


def fetch(
    source: PixelSource, name: str, *, size: int, sha256: str | None, to: tuple[Path, bool], file_id: str
) -> None:
    """Write an object to a path, by one rename when every byte is there and right; the flag lets it overwrite.

    Raises
    ------
    FileDamagedError
        The bytes are not those that were stored.
    FileExistsError
        There is a file by now, and it may not be overwritten.
    StorageFullError
        There is no space for it; nothing of it is left.
    """
    target, may_overwrite = to
    partial = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}.part")
    try:
        with telling_full(target.parent), partial.open("xb") as file:
            digest = hashlib.sha256()
            for start in range(0, size, PIECE_BYTES):
                (piece,) = _read(source, name, start, min(start + PIECE_BYTES, size), file_id)
                digest.update(piece)
                file.write(piece)
            if sha256 is not None and digest.hexdigest() != sha256:
                raise FileDamagedError(file_id, "its bytes are not those that were stored")
            file.flush()
            os.fsync(file.fileno())
        _put(partial, target, may_overwrite=may_overwrite)
    finally:
        partial.unlink(missing_ok=True)


def _read(source: PixelSource, name: str, start: int, stop: int, file_id: str) -> list[bytes]:
    try:
        pieces = source.read_ranges(name, [(start, stop)])
    except FileNotFoundError as error:
        raise FileDamagedError(file_id, "its bytes are missing") from error
    if len(pieces[0]) != stop - start:
        raise FileDamagedError(file_id, "it is shorter than it was")
    return pieces


def _put(partial: Path, target: Path, *, may_overwrite: bool) -> None:
    if may_overwrite:
        partial.replace(target)
        return
    try:
        os.link(partial, target)  # unlike a rename, it never replaces what came there meanwhile
    except FileExistsError:
        raise FileExistsError(f"{target} is there already. Choose another name, or pass overwrite=True") from None
    except OSError:  # a file system without links
        target_of(target, target.name, may_overwrite=False)
        partial.rename(target)
