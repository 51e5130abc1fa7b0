"""Uploads that are gone on with, and arrays that are the same: what the hub keeps, and for how long."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from arkitekt_di.errors import ArkitektError, TransferError, UploadIncompleteError
from arkitekt_di.koil import Koil
from arkitekt_di.messages.images import ImageDraft, StoreGrant, UploadGrant, UploadKey
from arkitekt_di.mikro.image import Image
from arkitekt_di.mikro.service import Mikro
from arkitekt_di.protocols.mikro import PixelSink, PixelSource
from arkitekt_di.settings.models import MikroSettings
from tests.mikro.arrays import noise
from tests.mikro.hub import Hub, serving

pytestmark = pytest.mark.anyio

CUT = MikroSettings(chunk_px=64, shard_mib=0.02, level_px=60, transfers=2)
STACK = noise((5, 130, 110))
DIMS = ("z", "y", "x")


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    async with serving(tmp_path) as served:
        yield served


@pytest.fixture
async def koil(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Koil]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    async with Koil() as opened:
        yield opened


class Line:
    """A line to the object store that counts what is put, and breaks when it is told to."""

    def __init__(self, hub: Hub, *, breaks_after: int | None = None) -> None:
        self._pixels = hub.pixels
        self.put: list[str] = []
        self.breaks_after = breaks_after

    async def open_sink(self, grant: UploadGrant) -> PixelSink:
        sink, line = await self._pixels.open_sink(grant), self

        class Sink:
            async def put(self, key: str, body: bytes | bytearray | memoryview) -> None:
                if line.breaks_after is not None and len(line.put) >= line.breaks_after:
                    raise TransferError("http://hub", "the line is cut")
                await sink.put(key, body)
                line.put.append(key)

        return Sink()

    async def open_source(self, grant: StoreGrant) -> PixelSource:
        return await self._pixels.open_source(grant)


def files(hub: Hub) -> list[Path]:
    return [path for path in (hub.folder / "objects" / "zarr").rglob("*") if path.is_file()]


async def pixels_of(image: Image) -> np.ndarray[Any, Any]:
    data = await image.adata()
    return np.asarray(await asyncio.to_thread(data.compute))


@pytest.mark.parametrize("key", [None, "stack of Monday"])
async def test_an_upload_that_broke_off_is_gone_on_with(hub: Hub, koil: Koil, key: str | None) -> None:
    whole = Line(hub)
    other = await Mikro(hub.records, whole, koil, CUT).afrom_xarray(STACK + 1, name="other", dims=DIMS)
    broken = Line(hub, breaks_after=4)
    with pytest.raises(TransferError):
        await Mikro(hub.records, broken, koil, CUT).afrom_xarray(STACK, name="stack", dims=DIMS, key=key)
    assert [image.name for image in await Mikro(hub.records, hub.pixels, koil).asearch_images()] == ["other"]

    again = Line(hub)
    image = await Mikro(hub.records, again, koil, CUT).afrom_xarray(STACK, name="stack", dims=DIMS, key=key)

    assert len(again.put) == len(whole.put) - len(broken.put)
    assert np.array_equal(await pixels_of(image), STACK)
    assert image != other


async def test_what_was_left_of_other_pixels_is_sent_anew(hub: Hub, koil: Koil) -> None:
    with pytest.raises(TransferError):
        await Mikro(hub.records, Line(hub, breaks_after=4), koil, CUT).afrom_xarray(
            STACK, name="stack", dims=DIMS, key="k"
        )

    image = await Mikro(hub.records, hub.pixels, koil, CUT).afrom_xarray(STACK[::-1], name="stack", dims=DIMS, key="k")

    assert np.array_equal(await pixels_of(image), STACK[::-1])


async def test_under_one_key_there_is_one_image(hub: Hub, koil: Koil) -> None:
    mikro = Mikro(hub.records, hub.pixels, koil, CUT)

    first = await mikro.afrom_xarray(STACK, name="stack", dims=DIMS, key="k")
    line = Line(hub)
    second = await Mikro(hub.records, line, koil, CUT).afrom_xarray(STACK, name="stack", dims=DIMS, key="k")

    assert second == first
    assert line.put == []
    assert await mikro.afrom_xarray(STACK, name="stack", dims=DIMS, key="other") != first
    assert await mikro.afrom_xarray(STACK, name="stack", dims=DIMS) != first


async def test_tries_that_begin_at_once_go_on_with_the_same_upload(hub: Hub) -> None:
    key = UploadKey(text="k", outlives_image=True)

    opened = await asyncio.gather(*(hub.records.begin_uploads(3, key=key) for _ in range(8)))

    assert len({tuple(grant.store for grant in one.grants) for one in opened}) == 1


async def test_of_two_that_use_one_key_at_once_no_one_gets_a_mixture(hub: Hub, koil: Koil) -> None:
    mikro = Mikro(hub.records, hub.pixels, koil, CUT)

    ended = await asyncio.gather(
        *(mikro.afrom_xarray(values, name="stack", dims=DIMS, key="k") for values in (STACK, STACK + 1)),
        return_exceptions=True,
    )

    images = [image for image in ended if isinstance(image, Image)]
    assert all(isinstance(outcome, Image | ArkitektError) for outcome in ended)
    assert len(await mikro.asearch_images()) <= 1
    for image in images:
        found = await pixels_of(image)
        assert np.array_equal(found, STACK) or np.array_equal(found, STACK + 1)


async def test_arrays_that_are_the_same_are_kept_once(hub: Hub, koil: Koil) -> None:
    mikro = Mikro(hub.records, hub.pixels, koil, CUT)
    one = await mikro.afrom_xarray(STACK, name="one", dims=DIMS)
    kept = files(hub)

    two = await mikro.afrom_xarray(STACK, name="two", dims=DIMS)
    three = await mikro.afrom_xarray(STACK, name="three", dims=DIMS)

    assert files(hub) == kept
    assert len({one, two, three}) == 3
    await mikro.afrom_xarray(STACK, name="other attributes", dims=DIMS, pixel_size={"x": 1.0})
    assert len(files(hub)) > len(kept)
    for image in (two, three):
        assert np.array_equal(await pixels_of(await mikro.aget_image(image.id)), STACK)


async def test_a_checksum_that_does_not_match_is_found_before_anybody_sees_the_image(hub: Hub, koil: Koil) -> None:
    with pytest.raises(TransferError):
        await Mikro(hub.records, Line(hub, breaks_after=4), koil, CUT).afrom_xarray(
            STACK, name="stack", dims=DIMS, key="k"
        )
    opened = await hub.records.begin_uploads(3, key=UploadKey(text="k", outlives_image=True))
    place = hub.folder / "objects" / "zarr" / opened.grants[0].key
    done = Mikro(hub.records, Line(hub), koil, CUT)

    class Flipping(Line):
        """Changes a byte on the way, as no honest line does."""

        async def open_sink(self, grant: UploadGrant) -> PixelSink:
            sink = await super().open_sink(grant)

            class Sink:
                async def put(self, key: str, body: bytes | bytearray | memoryview) -> None:
                    changed = bytearray(body)
                    if key.startswith("c/"):
                        changed[len(changed) // 2] ^= 1
                    await sink.put(key, changed)

            return Sink()

    with pytest.raises((UploadIncompleteError, ArkitektError), match="lacks c/"):
        await Mikro(hub.records, Flipping(hub), koil, CUT).afrom_xarray(STACK, name="flipped", dims=DIMS)

    assert place.exists()
    image = await done.afrom_xarray(STACK, name="stack", dims=DIMS, key="k")
    assert np.array_equal(await pixels_of(image), STACK)
    assert [found.name for found in await done.asearch_images()] == ["stack"]


async def test_levels_that_are_none_are_refused(hub: Hub, koil: Koil) -> None:
    mikro = Mikro(hub.records, hub.pixels, koil, CUT)
    await mikro.afrom_xarray(STACK, name="stack", dims=DIMS)
    opened = await hub.records.begin_uploads(1)

    with pytest.raises(ArkitektError, match="is not finished"):
        await hub.records.create(ImageDraft(store_id=opened.grants[0].store, name="no", axes=()))
