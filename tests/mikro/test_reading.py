"""What is read is what is touched, for as long as grants can be had, and nothing is ever made up."""

import asyncio
import threading
from collections.abc import Sequence

import dask
import numpy as np
import pytest
import xarray as xr
import zarr
from dask.base import compute

from arkitekt_di.errors import ImageDamagedError, KoilClosedError, OwnLoopError, ProtocolMismatchError
from arkitekt_di.koil import Koil
from arkitekt_di.messages.images import Axis, ImageDraft, StoreGrant
from arkitekt_di.messages.pixels import HEADER
from arkitekt_di.mikro.image import Image
from arkitekt_di.mikro.in_memory import InMemoryImageRecords, InMemoryPixelStore, InMemoryPrefix
from arkitekt_di.mikro.service import Mikro
from arkitekt_di.settings.models import MikroSettings
from tests.mikro.arrays import noise, stack
from tests.mikro.stores import CountingStore

STACK = stack(c=2, z=8, y=512, x=512)
CUT = MikroSettings(chunk_px=256, shard_mib=2, codec="none")
CHUNK_BYTES = 256 * 256 * 2 + 4
INDEX_BYTES = 4 * 2 * 2 * 16 + 4


class Counted:
    """An image, and what is read of it."""

    def __init__(self, koil: Koil) -> None:
        self.store = CountingStore()
        mikro = Mikro(InMemoryImageRecords(self.store), self.store, koil, CUT)
        self.image = koil.call(mikro.afrom_xarray, STACK, name="embryo")
        self.data = self.image.data
        self.store.reads.clear()

    def chunks(self) -> int:
        """Return how many chunks were read since the last time."""
        count = sum(size // CHUNK_BYTES for _, size in self.store.reads if size != INDEX_BYTES)
        self.store.reads.clear()
        return count


@pytest.fixture
def counted(koil: Koil) -> Counted:
    return Counted(koil)


def test_looking_at_the_metadata_reads_no_pixel(counted: Counted) -> None:
    repr(counted.image.data)
    _ = (counted.image.pixel_size, counted.image.data.coords, counted.image.data.nbytes)

    assert counted.store.reads == []


def test_a_crop_reads_the_chunks_that_it_touches(counted: Counted) -> None:
    crop = {"c": 1, "z": 3, "y": slice(10, 50), "x": slice(100, 200)}

    assert counted.data.isel(crop).compute().identical(STACK.isel(crop))
    assert {key for key, _ in counted.store.reads} == {"c/1/0/0/0"}
    assert counted.chunks() == 1


@pytest.mark.parametrize(
    ("crop", "chunks"),
    [
        ({"z": 5, "c": 0}, 4),
        ({"y": slice(250, 260), "x": 3}, 2 * 8 * 2),
        ({"y": 511}, 2 * 8 * 2),
        ({"c": 1}, 8 * 4),
        ({"c": 0, "z": [1, 2], "y": slice(0, 9), "x": slice(0, 9)}, 4),  # Dask takes a list out of its blocks
        ({}, 2 * 8 * 4),
    ],
)
def test_every_selection_reads_what_it_touches(counted: Counted, crop: dict[str, object], chunks: int) -> None:
    assert counted.data.isel(crop).compute().identical(STACK.isel(crop))
    assert counted.chunks() == chunks


def test_a_crop_of_a_crop_reads_no_more_than_its_blocks(counted: Counted) -> None:
    crop = counted.data.isel(c=1).isel(z=3).isel(y=slice(0, 100)).isel(x=slice(0, 50))

    assert crop.compute().identical(STACK.isel(c=1, z=3, y=slice(0, 100), x=slice(0, 50)))
    assert counted.chunks() <= 4 * 4


def test_the_index_of_a_shard_is_read_once(counted: Counted) -> None:
    for z in range(4):
        counted.data.isel(c=0, z=z, y=slice(0, 10), x=slice(0, 10)).compute()

    assert [size for _, size in counted.store.reads] == [INDEX_BYTES, *[CHUNK_BYTES] * 4]


def test_two_readers_of_one_image_share_their_names(counted: Counted, koil: Koil) -> None:
    again = koil.call(counted.image._home.aopen_image, counted.image._record).to_xarray()

    assert again.data.name == counted.data.data.name
    assert compute(again.max(), counted.data.max())[0].item() == STACK.max().item()


def test_threads_read_side_by_side(counted: Counted) -> None:
    found: list[xr.DataArray] = []
    threads = [threading.Thread(target=lambda: found.append(counted.image.data.compute())) for _ in range(4)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert all(one.identical(STACK) for one in found)
    assert len(found) == 4


def test_a_missing_shard_is_an_error_that_names_it(counted: Counted) -> None:
    key = next(key for key in counted.store.objects if key.endswith("c/1/1/0/0"))
    del counted.store.objects[key]

    assert counted.data.isel(c=0).compute().identical(STACK.isel(c=0))
    with pytest.raises(ImageDamagedError, match="c/1/1/0/0: it is missing") as caught:
        counted.data.compute()
    assert caught.value.image_id == counted.image.id


@pytest.mark.parametrize("body", [None, b"", b"{}", b"[]", b'{"zarr_format": 3, "node_type": "group"}', b"\xff"])
def test_metadata_that_is_missing_or_damaged_is_an_error(counted: Counted, koil: Koil, body: bytes | None) -> None:
    key = next(key for key in counted.store.objects if key.endswith(HEADER))
    counted.store.objects.pop(key)
    if body is not None:
        counted.store.objects[key] = body

    with pytest.raises(ImageDamagedError, match=HEADER):
        koil.call(counted.image._home.aopen_image, counted.image._record)


def test_an_image_of_a_later_version_says_so(counted: Counted, koil: Koil) -> None:
    key = next(key for key in counted.store.objects if key.endswith(HEADER))
    counted.store.objects[key] = counted.store.objects[key].replace(b'"version":1', b'"version":2')

    with pytest.raises(ProtocolMismatchError, match="Update"):
        koil.call(counted.image._home.aopen_image, counted.image._record)


# --- grants that run out -----------------------------------------------------------------------------


class ShortRecords(InMemoryImageRecords):
    """Counts grants to read; each is good for an hour, or until it is revoked."""

    def __init__(self, pixels: InMemoryPixelStore) -> None:
        super().__init__(pixels)
        self.granted: list[StoreGrant] = []
        self.expires_in = 3600

    async def request_access(self, store_id: str) -> StoreGrant:
        grant = (await super().request_access(store_id)).model_copy(update={"expires_in": self.expires_in})
        self.granted.append(grant)
        return grant


@pytest.fixture
def short(pixels: InMemoryPixelStore) -> ShortRecords:
    return ShortRecords(pixels)


@pytest.fixture
def opened(short: ShortRecords, pixels: InMemoryPixelStore, koil: Koil) -> Image:
    return koil.call(Mikro(short, pixels, koil, CUT).afrom_xarray, STACK, name="embryo")


def test_a_grant_is_used_as_long_as_it_is_good(opened: Image, short: ShortRecords) -> None:
    opened.data.isel(c=0).compute()
    opened.data.isel(c=1).compute()

    assert len(short.granted) == 1


def test_a_revoked_grant_is_renewed_once_for_all_threads(
    opened: Image, short: ShortRecords, pixels: InMemoryPixelStore
) -> None:
    data = opened.data
    pixels.revoke(short.granted[0].access_key)

    assert data.compute().identical(STACK)
    assert len(short.granted) == 2


def test_a_grant_is_renewed_before_it_runs_out(opened: Image, short: ShortRecords) -> None:
    short.expires_in = 0

    opened.data.isel(c=0, z=0).compute()

    assert len(short.granted) > 1


@pytest.mark.anyio
async def test_a_grant_that_ran_out_on_the_apps_own_loop_is_an_error_not_a_standstill(
    short: ShortRecords, pixels: InMemoryPixelStore
) -> None:
    async with Koil() as koil:
        image = await Mikro(short, pixels, koil, CUT).afrom_xarray(STACK, name="embryo")
        data = await image.adata()
        pixels.revoke(short.granted[0].access_key)

        with dask.config.set(scheduler="synchronous"), pytest.raises(OwnLoopError, match="to_thread"):
            data.compute()
        assert (await asyncio.to_thread(data.compute)).identical(STACK)


class OnLoopStore(InMemoryPixelStore):
    """Answers from the app's own loop, as an embedded hub does."""

    async def open_source(self, grant: StoreGrant) -> "OnLoopPrefix":
        return OnLoopPrefix(self, grant, asyncio.get_running_loop())


class OnLoopPrefix(InMemoryPrefix):
    """Waits for the loop before each answer."""

    def __init__(self, store: InMemoryPixelStore, grant: StoreGrant, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(store, grant)
        self._loop = loop

    def read_ranges(self, key: str, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0), self._loop).result(60)
        return super().read_ranges(key, ranges)


@pytest.mark.anyio
async def test_computing_on_a_loop_that_has_to_answer_is_an_error_not_a_standstill() -> None:
    """An embedded hub lives on the app's loop, which ``compute`` would block."""
    store = OnLoopStore()
    async with Koil() as koil:
        image = await Mikro(InMemoryImageRecords(store), store, koil, CUT).afrom_xarray(STACK, name="embryo")
        data = await image.adata()

        with pytest.raises(OwnLoopError, match=r"await asyncio\.to_thread\(data\.compute\)"):
            data.isel(c=0).compute()
        assert (await asyncio.to_thread(data.compute)).identical(STACK)


def test_reading_goes_on_after_the_app_closed_as_long_as_the_grant_is_good(
    short: ShortRecords, pixels: InMemoryPixelStore
) -> None:
    with Koil() as koil:
        data = koil.call(Mikro(short, pixels, koil, CUT).afrom_xarray, STACK, name="embryo").data

    assert data.isel(c=0).compute().identical(STACK.isel(c=0))
    pixels.revoke(short.granted[0].access_key)
    with pytest.raises(KoilClosedError, match="with app:"):
        data.isel(c=1).compute()


# --- arrays that another program wrote ------------------------------------------------------------------


def foreign_image(
    mikro: Mikro, koil: Koil, records: InMemoryImageRecords, pixels: InMemoryPixelStore, **options: object
) -> Image:
    """Create an image as the real mikro client does: zarr-python's own defaults, no document of ours."""
    written = zarr.storage.MemoryStore()
    array = zarr.create_array(written, shape=STACK.shape, dtype="uint16", dimension_names=STACK.dims, **options)  # type: ignore[arg-type]
    array[:1] = STACK.values[:1]  # the other half is never written, which means zeros
    grant = koil.call(records.request_upload)
    for key, body in written._store_dict.items():
        pixels.objects[f"{grant.key}/{key}"] = body.to_bytes()
    koil.call(records.finish_upload, grant.store)
    axes = tuple(Axis(name=str(dim)) for dim in STACK.dims)
    record = koil.call(records.create, ImageDraft(store_id=grant.store, name="foreign", axes=axes))
    return koil.call(mikro.aget_image, record.id)


@pytest.mark.parametrize(
    "options",
    [
        {"chunks": (1, 1, 256, 256), "shards": (1, 4, 512, 512), "attributes": {"instrument": "lightsheet"}},
        {"chunks": (1, 2, 100, 512), "attributes": {"instrument": "lightsheet"}},
    ],
    ids=["shards", "chunks"],
)
def test_an_image_of_another_client_reads_fine(
    mikro: Mikro, koil: Koil, records: InMemoryImageRecords, pixels: InMemoryPixelStore, options: dict[str, object]
) -> None:
    image = foreign_image(mikro, koil, records, pixels, **options)

    found = image.data

    assert found.dims == STACK.dims
    assert found.attrs == {"instrument": "lightsheet"}
    assert (found.values[:1] == STACK.values[:1]).all()
    assert not found.values[1:].any()
    assert found.isel(z=3, y=slice(7, 300, 5)).compute().shape == (2, 59, 512)
    assert (image.pixel_size, image.unit) == ({}, {})


def test_a_foreign_store_is_read_only(pixels: InMemoryPixelStore, koil: Koil, records: InMemoryImageRecords) -> None:
    from arkitekt_di.mikro.pixels.foreign import SourceStore

    source = koil.call(pixels.open_source, koil.call(records.request_upload))
    store = SourceStore(source)

    assert store == SourceStore(source)
    assert hash(store) == hash(SourceStore(source))
    assert store != SourceStore(koil.call(pixels.open_source, koil.call(records.request_upload)))
    assert not asyncio.run(store.exists("zarr.json"))
    with pytest.raises(ValueError, match="read-only"):
        asyncio.run(store.delete("zarr.json"))


def test_big_numbers_survive() -> None:
    values: Sequence[int] = [0, 1, 2**64 - 1]
    with Koil() as koil:
        pixels = InMemoryPixelStore()
        mikro = Mikro(InMemoryImageRecords(pixels), pixels, koil)
        image = koil.call(mikro.afrom_xarray, np.array([values], dtype=np.uint64), name="counts")

        assert image.data.values.tolist() == [values]
        assert noise((1,)).shape == (1,)
