"""Files that only their owner may read, replaced whole or not at all."""

import os
import secrets
from pathlib import Path

FILE_MODE = 0o600
FOLDER_MODE = 0o700


def make_private_folder(folder: Path) -> Path:
    """Create *folder* and its parents; a folder made here is closed to others."""
    try:
        folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
    except FileNotFoundError:  # one by one: `parents=True` would leave the parents open
        make_private_folder(folder.parent)
        folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
    return folder


def write_private(path: Path, content: bytes) -> None:
    """Replace the file at *path* by *content* in one step, with mode 0600.

    A reader sees the old content or the new, never a part; after a power cut too.
    """
    make_private_folder(path.parent)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        # O_EXCL: a name that an attacker may have linked somewhere else is never opened.
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def read_private(path: Path) -> bytes | None:
    """Return the content of the file, or None where there is none.

    A file that others may read is narrowed to mode 0600 first.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        if os.name == "posix" and os.fstat(file.fileno()).st_mode & 0o077:
            os.fchmod(file.fileno(), FILE_MODE)
        return file.read()


def keep_secret(path: Path, *, size: int = 32) -> bytes:
    """Return the secret at *path*; makes a random one of *size* bytes at the first call.

    Two processes that call this at once get the same secret.
    """
    make_private_folder(path.parent)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    if (known := read_private(path)) is not None:
        return known
    write_private(draft, secrets.token_bytes(size))
    try:
        os.link(draft, path)
    except FileExistsError:
        pass  # another process was first: its secret is the one
    finally:
        draft.unlink()
    known = read_private(path)
    if known is None:
        raise FileNotFoundError(path)
    return known
