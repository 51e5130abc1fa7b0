"""An image that grows: readers see whole frames and nothing else, whatever becomes of the writer."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

from arkitekt_di.errors import AppendConflictError, ArkitektError, ImageRefusedError
from arkitekt_di.koil import Koil
from arkitekt_di.messages.images import UploadGrant
from arkitekt_di.mikro.in_memory import InMemoryImageRecords, InMemoryPixelStore
from arkitekt_di.mikro.service import Mikro
from arkitekt_di.mikro.writer import ImageWriter
from arkitekt_di.settings.models import MikroSettings
from tests.mikro.arrays import noise
from tests.mikro.hub import Hub, serving
from tests.mikro.stores import CountingStore

CUT = MikroSettings(chunk_px=64, shard_mib=0.02, level_px=60)
DIMS = ("t", "c", "y", "x")
MOVIE = noise((6, 2, 130, 110))


@pytest.fixture(params=["memory", "hub"])
async def mikro(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Mikro]:
    async with Koil() as koil:
        if request.param == "memory":
            pixels = InMemoryPixelStore()
            yield Mikro(InMemoryImageRecords(pixels), pixels, koil, CUT)
            return
        async with serving(tmp_path) as hub:
            yield Mikro(hub.records, hub.pixels, koil, CUT)


async def computed(image: Any, level: int = 0) -> np.ndarray[Any, Any]:
    data = await image.alevel(level)
    return np.asarray(await asyncio.to_thread(data.compute))


@pytest.mark.anyio
async def test_readers_see_the_frames_that_were_appended_and_no_others(mikro: Mikro) -> None:
    async with mikro.image_writer(DIMS, name="movie", append="t", pixel_size={"x": 0.5}, unit="um") as writer:
        assert writer.image is None
        first = await writer.aappend(MOVIE[0])
        second = await writer.aappend(MOVIE[1])
        third = await writer.aappend(MOVIE[2:5])
        seen = await mikro.aget_image(first.id)

        assert [image.sizes["t"] for image in (first, second, third, seen)] == [1, 2, 5, 5]
        assert np.array_equal(await computed(seen), MOVIE[:5])
        assert np.array_equal(await computed(first), MOVIE[:1])
        assert [level["y"] for level in seen.levels] == [130, 65, 33]
        await writer.aappend(MOVIE[5])

    whole = await mikro.aget_image(first.id)
    assert np.array_equal(await computed(whole), MOVIE)
    assert [len(await computed(whole, level)) for level in range(3)] == [6, 6, 6]
    assert whole.pixel_size == {"x": 0.5}
    with pytest.raises(ArkitektError, match="does not grow"):
        await mikro.image_writer(image=whole).aappend(MOVIE[0])


@pytest.mark.anyio
async def test_the_levels_are_those_of_an_image_that_was_stored_at_once(mikro: Mikro) -> None:
    async with mikro.image_writer(DIMS, name="movie") as writer:
        for frame in MOVIE:
            await writer.aappend(frame)
    at_once = await mikro.afrom_xarray(MOVIE, name="at once", dims=DIMS)

    assert writer.image is not None
    for level in range(3):
        assert np.array_equal(await computed(writer.image, level), await computed(at_once, level))


@pytest.mark.anyio
async def test_of_two_writers_the_later_one_wins(mikro: Mikro) -> None:
    async with mikro.image_writer(DIMS, name="movie") as begun:
        await begun.aappend(MOVIE[0])
        image = await begun.aappend(MOVIE[1])
        later = mikro.image_writer(image=image)
        async with later:
            with pytest.raises(AppendConflictError, match="another writer") as caught:
                await begun.aappend(noise(MOVIE[0].shape, seed=1))
            assert caught.value.image_id == image.id
            await later.aappend(MOVIE[2])
        with pytest.raises(AppendConflictError):
            await begun.aclose()
        begun_appender = begun._appender
        assert begun_appender is not None
        begun_appender.record = None  # it has nothing to close any more

    assert np.array_equal(await computed(await mikro.aget_image(image.id)), MOVIE[:3])


class AcquisitionError(Exception):
    """The camera was unplugged."""


@pytest.mark.anyio
async def test_a_writer_that_fails_keeps_its_frames_and_is_gone_on_with(mikro: Mikro) -> None:
    writer = mikro.image_writer(DIMS, name="movie")

    async def acquire() -> None:
        async with writer:
            await writer.aappend(MOVIE[0])
            await writer.aappend(MOVIE[1])
            raise AcquisitionError

    with pytest.raises(AcquisitionError):
        await acquire()
    assert writer.image is not None
    left = await mikro.aget_image(writer.image.id)
    assert np.array_equal(await computed(left), MOVIE[:2])

    async with mikro.image_writer(image=left.id) as again:
        await again.aappend(MOVIE[2])

    assert np.array_equal(await computed(await mikro.aget_image(left.id)), MOVIE[:3])


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (noise((2, 130, 111)), "does not fit"),
        (noise((2, 130, 110), np.uint8), "uint8"),
        (noise((130, 110)), "does not fit"),
        (noise((1, 1, 2, 130, 110)), "does not fit"),
    ],
)
async def test_a_frame_that_is_not_like_the_others_is_refused(mikro: Mikro, frame: Any, reason: str) -> None:
    async with mikro.image_writer(DIMS, name="movie") as writer:
        await writer.aappend(MOVIE[0])
        with pytest.raises(ImageRefusedError, match=reason):
            await writer.aappend(frame)
        await writer.aappend(MOVIE[1])

    assert writer.image is not None
    assert np.array_equal(await computed(writer.image), MOVIE[:2])


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"dims": DIMS, "append": "x"}, "grow along"),
        ({"dims": DIMS, "append": "q"}, "grow along"),
        ({"dims": DIMS, "shape": (2, 2)}, "not that of a frame"),
        ({"dims": ("t", "t", "x")}, "distinct"),
        ({}, "not named"),
    ],
)
def test_a_writer_that_makes_no_sense_is_refused_when_it_is_made(koil: Koil, options: Any, reason: str) -> None:
    pixels = InMemoryPixelStore()
    mikro = Mikro(InMemoryImageRecords(pixels), pixels, koil)

    with pytest.raises(ImageRefusedError, match=reason):
        mikro.image_writer(**{"name": "movie"} | options)


def test_in_sync_code_the_writer_blocks(koil: Koil) -> None:
    pixels = InMemoryPixelStore()
    mikro = Mikro(InMemoryImageRecords(pixels), pixels, koil, CUT)

    with mikro.image_writer(("z", "y", "x"), name="stack", append="z", shape=(130, 110)) as writer:
        for plane in MOVIE[:, 0]:
            writer.append(plane)

    assert isinstance(writer, ImageWriter)
    assert writer.image is not None
    assert np.array_equal(writer.image.data, MOVIE[:, 0])


def test_without_a_frame_there_is_no_image(koil: Koil) -> None:
    pixels = InMemoryPixelStore()
    mikro = Mikro(InMemoryImageRecords(pixels), pixels, koil)

    with mikro.image_writer(DIMS, name="movie") as writer:
        pass

    assert writer.image is None
    assert koil.call(mikro.asearch_images) == []
    assert pixels.objects == {}


class WeighingStore(CountingStore):
    """Sums up what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = 0

    async def open_sink(self, grant: UploadGrant) -> Any:
        sink, weigh = await super().open_sink(grant), self

        class Weighed:
            async def put(self, key: str, body: bytes | bytearray | memoryview) -> None:
                weigh.written += len(body)
                await sink.put(key, body)

        return Weighed()


def test_no_byte_is_written_twice(koil: Koil) -> None:
    """Write amplification stays below 1.1."""
    pixels = WeighingStore()
    mikro = Mikro(InMemoryImageRecords(pixels), pixels, koil, MikroSettings(levels=1))
    movie = noise((20, 200, 200))

    with mikro.image_writer(("t", "y", "x"), name="movie") as writer:
        for frame in movie:
            writer.append(frame)

    kept = sum(len(body) for body in pixels.objects.values())
    assert pixels.written <= 1.1 * kept


@pytest.mark.anyio
async def test_any_zarr_reader_sees_the_frames_while_they_come(tmp_path: Path) -> None:
    async with serving(tmp_path) as hub, Koil() as koil:
        mikro = Mikro(hub.records, hub.pixels, koil, CUT)
        async with mikro.image_writer(DIMS, name="movie") as writer:
            await writer.aappend(MOVIE[0])
            image = await writer.aappend(MOVIE[1])

            assert np.array_equal(stored(hub, image), MOVIE[:2])
        assert np.array_equal(stored(hub, image), MOVIE[:2])


def stored(hub: Hub, image: Any) -> np.ndarray[Any, Any]:
    path = hub.folder / "objects" / "zarr" / image._record.store.key
    return np.asarray(zarr.open_array(path, mode="r")[...])


@pytest.mark.anyio
async def test_those_who_watch_are_told_of_each_frame(tmp_path: Path) -> None:
    async with serving(tmp_path) as hub, Koil() as koil:
        mikro = Mikro(hub.records, hub.pixels, koil, CUT)
        async with mikro.image_writer(DIMS, name="movie") as writer:
            image = await writer.aappend(MOVIE[0])
            async with mikro.watch_images(image_id=image.id) as watch:
                lengths = []
                await writer.aappend(MOVIE[1])
                await writer.aappend(MOVIE[2])
                async for change in watch:
                    assert change.record is not None
                    lengths.append(change.record.sizes["t"])
                    if lengths[-1] == 3:
                        break

    assert lengths in ([2, 3], [3])  # updates that follow one another may be told as one
