"""Pixels on their way into the store: shard by shard, a bounded number at a time."""

import asyncio
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import anyio
import numpy as np
import numpy.typing as npt

from arkitekt_di.errors import ImageRefusedError
from arkitekt_di.mikro.pixels.layout import Region
from arkitekt_di.mikro.pixels.shard import ShardCodec
from arkitekt_di.protocols.mikro import PixelSink


class Shipment:
    """Takes shards from worker threads, encodes them there and sends them on the app's loop.

    Holds no more than what its threads work on: one slab of pixels and one encoded shard each.

    Parameters
    ----------
    sink : PixelSink
    codec : ShardCodec
    transfers : int
        Threads, and so shards under way at the same time.
    max_bytes : int
        The most that the grant allows.
    """

    def __init__(self, sink: PixelSink, codec: ShardCodec, *, transfers: int, max_bytes: int) -> None:
        self.manifest: dict[str, int] = {}
        self._sink = sink
        self._codec = codec
        self._transfers = transfers
        self._max_bytes = self._left = max_bytes
        self._loop = asyncio.get_running_loop()
        self._is_stopped = threading.Event()
        self._puts: set[asyncio.Task[None]] = set()

    async def send(self, data: Any) -> dict[str, int]:
        """Send every pixel of *data* and return the manifest; when cancelled, wait for the threads to let go."""
        executor = ThreadPoolExecutor(1, thread_name_prefix="arkitekt-shipment")
        work = self._loop.run_in_executor(executor, self._send, data)
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            self._stop()
            with anyio.CancelScope(shield=True), suppress(Exception):  # the cancellation is what the caller hears of
                await asyncio.wait([work])
                work.exception()
            raise
        finally:
            executor.shutdown(wait=False)
        return self.manifest

    def _send(self, data: Any) -> None:
        with ThreadPoolExecutor(self._transfers, thread_name_prefix="arkitekt-shard") as pool:
            try:
                if isinstance(data, np.ndarray):
                    self._send_eagerly(data, pool)
                else:
                    self._send_lazily(data, pool)
            except BaseException:
                self._is_stopped.set()  # or the threads would send on what is given up
                raise

    def _send_eagerly(self, data: npt.NDArray[Any], pool: ThreadPoolExecutor) -> None:
        def send(region: Region) -> None:
            self[region] = data[region]

        for _ in pool.map(send, (region for _, region in self._codec.layout.shards())):
            pass

    def _send_lazily(self, data: Any, pool: ThreadPoolExecutor) -> None:
        """Let Dask compute each of its chunks once and hand out whole shards, whatever its chunks are."""
        import dask.array as da

        whole = data.rechunk(self._codec.layout.shard, method="tasks", balance=False)
        target: Any = self  # Dask asks for no more than __setitem__
        da.store(whole, target, lock=False, scheduler="threads", pool=pool)

    def __setitem__(self, region: Region, block: npt.NDArray[Any]) -> None:
        """Encode and send the shard that begins where *region* begins."""
        if self._is_stopped.is_set():
            raise _StoppedError
        key = self._codec.layout.key(self._codec.layout.shard_index(region))
        body = self._codec.encode(np.asarray(block))
        future: Future[None] = asyncio.run_coroutine_threadsafe(self._put(key, body), self._loop)
        future.result()

    async def _put(self, key: str, body: bytearray) -> None:
        self._left -= len(body)
        if self._is_stopped.is_set():
            raise _StoppedError
        if self._left < 0:
            raise ImageRefusedError(
                f"the image takes more than the {self._max_bytes / 2**20:.1f} MiB that the hub allows for one upload",
                "Ask who runs the hub for more, or store it in parts; nothing of it was kept",
            )
        task = asyncio.current_task()
        if task is not None:
            self._puts.add(task)
            task.add_done_callback(self._puts.discard)
        await self._sink.put(key, body)
        self.manifest[key] = len(body)

    def _stop(self) -> None:
        self._is_stopped.set()
        for task in self._puts:
            task.cancel()


class _StoppedError(Exception):
    """The shipment was given up; only its own threads ever see this."""
