"""Stores a Dask array that is larger than the memory this process may have; prints its peak.

Arguments: size of the array and limit of the memory, both in MiB, and how it is cut: ``misaligned`` with everything
that is stored, or into a ``single`` chunk.
"""

import asyncio
import resource
import sys
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np

from arkitekt_di.errors import HubRefusedError
from arkitekt_di.koil import Koil
from arkitekt_di.messages.images import ImageDraft, ImageRecord, UploadGrant
from arkitekt_di.mikro.in_memory import InMemoryImageRecords, InMemoryPixelStore, InMemoryPrefix
from arkitekt_di.mikro.service import Mikro

MIB = 2**20


class Void(InMemoryPixelStore):
    """Keeps nothing."""

    async def open_sink(self, grant: UploadGrant) -> InMemoryPrefix:
        return VoidPrefix(self, grant)


class VoidPrefix(InMemoryPrefix):
    """Takes everything."""

    async def put(self, key: str, body: bytes | bytearray | memoryview) -> None:
        await asyncio.sleep(0)


class TrustingRecords(InMemoryImageRecords):
    """Believes that everything is in."""

    async def finish_upload(self, store_id: str) -> Any:
        return None

    async def create(self, draft: ImageDraft) -> ImageRecord:
        raise HubRefusedError("CreateImage", ["this is far enough"])


def noise(block_info: Any = None) -> np.ndarray[Any, np.dtype[np.uint16]]:
    place = block_info[None]
    rng = np.random.default_rng(place["chunk-location"])
    pixels: np.ndarray[Any, np.dtype[np.uint16]] = rng.integers(0, 2**12, place["chunk-shape"], np.uint16)
    return pixels


def peak_kib() -> int:
    """Return the peak of this program: ``ru_maxrss`` may be that of the process that started it (getrusage(2))."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].removesuffix("kB"))


if __name__ == "__main__":
    size, limit, cut = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    planes = size * MIB // (1024 * 1024 * 2)
    sevens = (7,) * (planes // 7) + ((planes % 7,) if planes % 7 else ())
    whole = da.map_blocks(
        noise,
        chunks=((planes,), (1024,), (1024,)) if cut == "single" else (sevens, (400, 400, 224), (1024,)),
        dtype=np.uint16,
        meta=np.empty((0, 0, 0), np.uint16),
    )
    store = InMemoryPixelStore()
    with Koil() as koil:
        mikro = Mikro(TrustingRecords(store), Void(), koil)
        koil.call(asyncio.sleep, 0)
        resource.setrlimit(resource.RLIMIT_DATA, (limit * MIB, limit * MIB))
        try:
            koil.call(mikro.afrom_xarray, whole, name="large", dims=("t", "y", "x"))
        except HubRefusedError:
            print(peak_kib() // 1024)
