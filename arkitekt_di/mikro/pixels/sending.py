"""Pixels on their way into the store: shard by shard, a bounded number at a time, every level in one pass."""

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

import anyio
import numpy as np
import numpy.typing as npt

from arkitekt_di.errors import ImageRefusedError
from arkitekt_di.messages.images import StoredObject
from arkitekt_di.mikro.pixels.clusters import cluster_for
from arkitekt_di.mikro.pixels.frames import Frames
from arkitekt_di.mikro.pixels.layout import Region
from arkitekt_di.mikro.pixels.reduction import Method, halved
from arkitekt_di.mikro.pixels.regions import halved_region, overlap, shifted, touched
from arkitekt_di.mikro.pixels.shard import Room, ShardCodec, checksum
from arkitekt_di.mikro.pixels.statistics import Statistics
from arkitekt_di.mikro.pixels.windows import windows
from arkitekt_di.protocols.mikro import PixelSink


@dataclass
class Lane:
    """One level on its way.

    Attributes
    ----------
    sink : PixelSink
    codec : ShardCodec
    max_bytes : int
        The most that the grant allows.
    halved : tuple of int
        Axes along which it has half the pixels of the finer level.
    held : mapping of str to StoredObject
        What is in the store already.
    manifest, checksums : dict of str to int
        Size and CRC-32 of every object that is in.
    """

    sink: PixelSink
    codec: ShardCodec
    max_bytes: int
    halved: tuple[int, ...] = ()
    held: Mapping[str, StoredObject] = field(default_factory=dict)
    manifest: dict[str, int] = field(default_factory=dict)
    checksums: dict[str, int] = field(default_factory=dict)
    size: int = 0


@dataclass(frozen=True)
class Part:
    """Pixels of one region of an array, which is made of whole objects."""

    pixels: npt.NDArray[Any]
    region: Region


@dataclass
class _Buffer:
    """A shard of a coarser level that is not full yet."""

    pixels: npt.NDArray[Any]
    missing: int


@dataclass(frozen=True)
class _Window:
    """Where Dask stores a window of an array; it asks for no more than `__setitem__`."""

    ship: Callable[[int, Region, npt.NDArray[Any]], None]
    window: Region

    def __setitem__(self, region: Region, block: npt.NDArray[Any]) -> None:
        place = tuple(
            slice(part.start + origin.start, part.stop + origin.start)
            for part, origin in zip(region, self.window, strict=True)
        )
        self.ship(0, place, np.asarray(block))


class Shipment:
    """Takes shards in worker threads, encodes them there, sends them on the app's loop, and makes the coarser levels.

    Each shard is read once: what it becomes on the next level is put into a shard of that level, which goes the same
    way when it is full.  In memory are the shards that the threads work on, and for each level those that are not full.

    Parameters
    ----------
    lanes : sequence of Lane
        One for each level, the finest first.
    transfers : int
        Threads, and so shards under way at the same time.
    method : Method
        How pixels become those of the next level.
    statistics : Statistics, optional
        Told of every pixel of the finest level.
    on_progress : callable, optional
        Told, on the app's loop, how many bytes of the finest level are stored; what it raises ends the shipment.
    """

    def __init__(
        self,
        lanes: Sequence[Lane],
        *,
        transfers: int,
        method: Method = Method.MEAN,
        statistics: Statistics | None = None,
        on_progress: Callable[[int], None] | None = None,
    ) -> None:
        self._lanes = lanes
        self._transfers = transfers
        self._method = method
        self._statistics = statistics
        self._on_progress = on_progress
        self._done_bytes = 0
        self._loop = asyncio.get_running_loop()
        self._is_stopped = threading.Event()
        self._puts: set[asyncio.Task[None]] = set()
        self._lock = threading.Lock()
        self._rooms = threading.local()
        self._buffers: list[dict[tuple[int, ...], _Buffer]] = [{} for _ in lanes]

    async def send(self, data: Any) -> None:
        """Send every pixel of *data*; when cancelled, wait for the threads to let go."""
        executor = ThreadPoolExecutor(1, thread_name_prefix="arkitekt-shipment")
        work = self._loop.run_in_executor(executor, self._send, data)
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            self._stop()
            with anyio.CancelScope(shield=True):
                await asyncio.wait([work])
            work.exception()  # the cancellation is what the caller hears of
            raise
        finally:
            executor.shutdown(wait=False)

    def _send(self, data: Any) -> None:
        send, threads = self._way(data)
        with ThreadPoolExecutor(threads, thread_name_prefix="arkitekt-shard") as pool:
            try:
                send(data, pool)
            except BaseException:
                self._is_stopped.set()  # or the threads would send on what is given up
                raise

    def _way(self, data: Any) -> tuple[Callable[[Any, ThreadPoolExecutor], None], int]:
        """Return what sends *data*, and in how many threads."""
        if isinstance(data, np.ndarray):
            return self._send_eagerly, self._transfers
        if isinstance(data, Part):
            return self._send_part, self._transfers
        if isinstance(data, Frames):
            return self._send_frames, self._transfers
        # What is computed is in memory with what it is computed from: each thread takes more of it (decision 0071).
        return self._send_lazily, max(1, self._transfers * 3 // 4)

    def _send_eagerly(self, data: npt.NDArray[Any], pool: ThreadPoolExecutor) -> None:
        def send(region: Region) -> None:
            self._ship(0, region, data[region])

        for _ in pool.map(send, (region for _, region in self._lanes[0].codec.layout.shards())):
            pass

    def _send_part(self, part: Part, pool: ThreadPoolExecutor) -> None:
        layout = self._lanes[0].codec.layout

        def send(index: tuple[int, ...]) -> None:
            region = overlap(layout.region(index), part.region)
            self._ship(0, region, part.pixels[shifted(region, part.region)])

        for _ in pool.map(send, product(*touched(part.region, layout.shard))):
            pass

    def _send_lazily(self, data: Any, pool: ThreadPoolExecutor) -> None:
        """Let Dask compute each of its chunks once and hand out whole shards, whatever its chunks are."""
        import dask.array as da

        layout = self._lanes[0].codec.layout
        if (cluster := cluster_for(data)) is not None:
            for window in windows(layout, data.chunks, data.dtype.itemsize):
                self._send_part(Part(cluster.compute(data[window]).result(), window), pool)
            return
        whole = data.rechunk(layout.shard, method="tasks", balance=False)
        for window in windows(layout, data.chunks, data.dtype.itemsize):
            target: Any = _Window(self._ship, window)
            da.store(whole[window], target, lock=False, scheduler="threads", pool=pool)

    def _send_frames(self, frames: Frames, pool: ThreadPoolExecutor) -> None:
        """Send slabs as high as a shard; the levels get their length when the last frame has come."""
        layout = self._lanes[0].codec.layout
        pending: set[Future[None]] = set()
        count = 0
        for slab in frames.slabs(layout.shard[0]):
            place = (slice(count, count + len(slab)), *(slice(0, size) for size in frames.frame_shape))
            for index in product(*touched(place, layout.shard)):
                region = overlap(layout.region(index), place)
                pending.add(pool.submit(self._ship, 0, region, slab[shifted(region, place)]))
            pending = _settled(pending, self._transfers)
            count += len(slab)
        _settled(pending, 0)
        for lane in self._lanes:
            cut = lane.codec.layout
            lane.codec = ShardCodec(replace(cut, shape=(count, *cut.shape[1:])), lane.codec.dtype, lane.codec.codec)
        self._flush()

    def _flush(self) -> None:
        """Send the shards that the end of the array leaves unfilled."""
        for level, buffers in enumerate(self._buffers):
            for index in sorted(buffers):
                region = self._lanes[level].codec.layout.region(index)
                pixels = buffers[index].pixels[: region[0].stop - region[0].start]
                self._ship(level, region, pixels)
            buffers.clear()

    def _ship(self, level: int, region: Region, block: npt.NDArray[Any]) -> None:
        under_way = self._begin_to_put(level, region, block)
        try:
            if level == 0 and self._statistics is not None:
                self._statistics.add(region, block)  # while the object travels
        finally:
            if under_way is not None:
                under_way.result()
        if level == 0:
            self._tell(block.nbytes)
        if level + 1 < len(self._lanes):
            self._pass_on(level + 1, region, block)

    def _begin_to_put(self, level: int, region: Region, block: npt.NDArray[Any]) -> Future[None] | None:
        """Encode an object and let it travel; None where the hub has it already."""
        if self._is_stopped.is_set():
            raise _StoppedError
        lane = self._lanes[level]
        key = lane.codec.layout.key(lane.codec.layout.shard_index(region))
        body = lane.codec.encode_in(self._room(), block)
        there = StoredObject(size=len(body), crc32=checksum(body))
        lane.manifest[key], lane.checksums[key] = there.size, there.crc32
        if lane.held.get(key) == there:
            return None
        return asyncio.run_coroutine_threadsafe(self._put(lane, key, body), self._loop)

    def _room(self) -> Room:
        """Return the room of this thread: it sends one object before it encodes the next."""
        room: Room | None = getattr(self._rooms, "room", None)
        if room is None:
            room = self._rooms.room = Room()
        return room

    async def _put(self, lane: Lane, key: str, body: bytes | memoryview) -> None:
        lane.size += len(body)
        if self._is_stopped.is_set():
            raise _StoppedError
        if lane.size > lane.max_bytes:
            raise ImageRefusedError(
                f"the image takes more than the {lane.max_bytes / 2**20:.1f} MiB that the hub allows for one upload",
                "Ask who runs the hub for more, or store it in parts; nothing of it was kept",
            )
        task = asyncio.current_task()
        if task is not None:
            self._puts.add(task)
            task.add_done_callback(self._puts.discard)
        await lane.sink.put(key, body)

    def _pass_on(self, level: int, region: Region, block: npt.NDArray[Any]) -> None:
        """Put what *block* becomes on *level* into the shards there, and ship those that are full."""
        lane = self._lanes[level]
        native = block.astype(block.dtype.newbyteorder("="), copy=False)
        small, place = halved(native, lane.halved, self._method), halved_region(region, lane.halved)
        for index in product(*touched(place, lane.codec.layout.shard)):
            shard = lane.codec.layout.region(index)
            part = overlap(shard, place)
            buffer = self._buffer(level, index, shard)
            buffer.pixels[shifted(part, shard)] = pixels = small[shifted(part, place)]
            with self._lock:
                buffer.missing -= pixels.size
                is_full = buffer.missing == 0
                if is_full:
                    del self._buffers[level][index]
            if is_full:
                self._ship(level, shard, buffer.pixels)

    def _buffer(self, level: int, index: tuple[int, ...], shard: Region) -> _Buffer:
        with self._lock:
            buffer = self._buffers[level].get(index)
            if buffer is None:
                shape = tuple(part.stop - part.start for part in shard)
                pixels = np.empty(shape, dtype=self._lanes[level].codec.dtype.newbyteorder("="))
                buffer = self._buffers[level][index] = _Buffer(pixels, pixels.size)
            return buffer

    def _tell(self, size: int) -> None:
        if self._on_progress is not None:
            asyncio.run_coroutine_threadsafe(self._told(self._on_progress, size), self._loop).result()

    async def _told(self, on_progress: Callable[[int], None], size: int) -> None:
        self._done_bytes += size
        on_progress(self._done_bytes)

    def _stop(self) -> None:
        self._is_stopped.set()
        for task in self._puts:
            task.cancel()


def _settled(pending: set[Future[None]], most: int) -> set[Future[None]]:
    """Wait until no more than *most* are under way; raises what one of them raised."""
    while len(pending) > most:
        done, pending = wait(pending, return_when=FIRST_COMPLETED)
        for future in done:
            future.result()
    return pending


class _StoppedError(Exception):
    """The shipment was given up; only its own threads ever see this."""
