"""What makes a second try of a script go on with the upload that the first one left."""

import hashlib
import logging
import platform
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import anyio.to_thread
import numpy as np
from filelock import FileLock, Timeout
from platformdirs import user_state_path

from arkitekt_di.messages.images import UploadKey
from arkitekt_di.mikro.pixels.picture import Picture
from arkitekt_di.private_file import FILE_MODE, make_private_folder

log = logging.getLogger(__name__)

_SAMPLES: Final = 64
"""Rows of an array that are looked at to tell it from others; the checksums of its objects tell for certain."""


@asynccontextmanager
async def derived_key(picture: Picture, *, is_wanted: bool) -> AsyncIterator[UploadKey | None]:
    """Give the key under which an interrupted upload of *picture* is found on this machine, while nobody else has it.

    The lock is the system's, so it ends with the process that holds it, however that ends.  None is given where
    another process or thread stores the same array at this moment, where nothing tells the array from others, and
    where this machine has no place for the lock, such as a container without a home: the upload itself needs none.
    """
    text = await anyio.to_thread.run_sync(_fingerprint, picture) if is_wanted else None
    if text is None:
        yield None
        return
    place = user_state_path("arkitekt-di") / "uploads"
    lock = FileLock(place / f"{text}.lock", mode=FILE_MODE, thread_local=False)
    try:
        make_private_folder(place)
        lock.acquire(timeout=0)
    except Timeout:
        yield None
        return
    except OSError as error:
        log.warning("an upload that breaks off will begin anew: %s cannot be written (%s)", place, error.strerror)
        yield None
        return
    try:
        yield UploadKey(text=text, outlives_image=False)
    finally:
        # Removed while it is held: who waits for nothing can not be waiting for it.
        (place / f"{text}.lock").unlink(missing_ok=True)
        lock.release()


def _fingerprint(picture: Picture) -> str | None:
    content = _content(picture.data)
    if content is None:
        return None
    about = (platform.node(), picture.name, picture.dims, picture.data.shape, str(picture.data.dtype), content)
    return hashlib.sha256(repr((about, picture.document.model_dump_json())).encode()).hexdigest()


def _content(data: Any) -> str | None:
    """Return what tells the content from another; a Dask array is named after what it is computed from."""
    if isinstance(data, np.ndarray):
        rows = data.reshape(-1, data.shape[-1]) if data.flags.c_contiguous and data.ndim else None
        if rows is None:
            return None
        picked = rows[:: max(1, len(rows) // _SAMPLES)]
        return hashlib.sha256(np.ascontiguousarray(picked).tobytes()).hexdigest()
    name = getattr(data, "name", None)
    return name if isinstance(name, str) else None
