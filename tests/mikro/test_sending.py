"""An image becomes visible when every byte of it is in, and whatever happens before leaves nothing behind."""

import asyncio
import tracemalloc
from typing import Any

import dask.array as da
import numpy as np
import pytest
import xarray as xr

from arkitekt_di.errors import ArkitektError, HubRefusedError, ImageRefusedError, StorageFullError, TransferError
from arkitekt_di.koil import Koil
from arkitekt_di.messages.images import ImageDraft, ImageRecord, UploadGrant
from arkitekt_di.messages.pixels import HEADER
from arkitekt_di.mikro.in_memory import InMemoryImageRecords, InMemoryPixelStore, InMemoryPrefix
from arkitekt_di.mikro.service import Mikro
from arkitekt_di.settings.models import MikroSettings
from tests.mikro.arrays import noise, stack
from tests.mikro.stores import CountingStore, FailingStore, WaitingStore

CUT = MikroSettings(chunk_px=64, shard_mib=0.1, transfers=3, resume=False)
STACK = stack(z=9, y=200, x=200)
LOST = TransferError("http://hub", "the line is cut")


def lazy(array: xr.DataArray) -> xr.DataArray:
    return array.chunk(z=2, y=70)


@pytest.mark.parametrize("array", [STACK, lazy(STACK)], ids=["numpy", "dask"])
def test_the_metadata_goes_last(koil: Koil, array: xr.DataArray) -> None:
    store = CountingStore()
    mikro = Mikro(InMemoryImageRecords(store), store, koil, CUT)

    image = koil.call(mikro.afrom_xarray, array, name="embryo")

    assert len(store.writes) > 4
    assert store.writes.count(HEADER) == 1
    assert store.writes[-1] == HEADER
    assert image.data.identical(STACK)


@pytest.mark.parametrize(("array", "most"), [(STACK, 3), (lazy(STACK), 2)], ids=["numpy", "dask"])
def test_no_more_shards_are_under_way_than_the_settings_say(koil: Koil, array: xr.DataArray, most: int) -> None:
    """Of an array that is computed three quarters as many, in whole numbers."""
    store = CountingStore()
    mikro = Mikro(InMemoryImageRecords(store), store, koil, CUT)

    koil.call(mikro.afrom_xarray, array, name="embryo")

    assert 1 <= store.most_at_once <= most <= CUT.transfers


@pytest.mark.parametrize("array", [STACK, lazy(STACK)], ids=["numpy", "dask"])
@pytest.mark.parametrize("at", [0, 1, 5, None])
@pytest.mark.parametrize("error", [LOST, StorageFullError("http://hub")], ids=["lost", "full"])
def test_a_store_that_fails_leaves_nothing(
    koil: Koil, array: xr.DataArray, at: int | None, error: ArkitektError
) -> None:
    store = FailingStore(error, at=at)
    records = InMemoryImageRecords(store)
    mikro = Mikro(records, store, koil, CUT)

    with pytest.raises(type(error)) as caught:
        koil.call(mikro.afrom_xarray, array, name="embryo")

    assert caught.value is error
    assert records.open_uploads == ()
    assert store.objects == {}
    assert koil.call(mikro.asearch_images) == []


class PoisonError(Exception):
    """What a user's own function raises."""


def test_an_error_of_the_users_own_computation_comes_out(koil: Koil, mikro: Mikro, pixels: InMemoryPixelStore) -> None:
    def poison(block: Any) -> Any:
        raise PoisonError

    array = da.zeros((8, 300, 300), chunks=(1, 300, 300), dtype=np.uint8).map_blocks(poison, dtype=np.uint8)

    with pytest.raises(PoisonError):
        koil.call(mikro.afrom_xarray, array, name="embryo", dims=["z", "y", "x"])

    assert pixels.objects == {}


class RefusingRecords(InMemoryImageRecords):
    """Takes the pixels and refuses the record."""

    async def create(self, draft: ImageDraft) -> ImageRecord:
        raise HubRefusedError("CreateImage", ["no"])


def test_pixels_whose_record_is_refused_are_given_up(koil: Koil) -> None:
    store = InMemoryPixelStore()
    records = RefusingRecords(store)

    with pytest.raises(HubRefusedError):
        koil.call(Mikro(records, store, koil, CUT).afrom_xarray, STACK, name="embryo")

    assert records.open_uploads == ()
    assert store.objects == {}


class DeafRecords(InMemoryImageRecords):
    """Does not hear of what is given up."""

    async def discard_upload(self, store_id: str) -> None:
        raise LOST


def test_what_failed_first_is_what_is_raised(koil: Koil) -> None:
    full = StorageFullError("http://hub")
    store = FailingStore(full, at=0)

    with pytest.raises(StorageFullError) as caught:
        koil.call(Mikro(DeafRecords(store), store, koil, CUT).afrom_xarray, STACK, name="embryo")

    assert caught.value is full


class SmallRecords(InMemoryImageRecords):
    """Grants next to nothing."""

    async def request_upload(self) -> UploadGrant:
        return (await super().request_upload()).model_copy(update={"max_bytes": 1000})


def test_an_image_larger_than_its_grant_is_refused(koil: Koil) -> None:
    store = InMemoryPixelStore()
    records = SmallRecords(store)

    with pytest.raises(ImageRefusedError, match="MiB that the hub allows"):
        koil.call(Mikro(records, store, koil, CUT).afrom_xarray, STACK, name="embryo")

    assert store.objects == {}


@pytest.mark.anyio
@pytest.mark.parametrize("array", [STACK, lazy(STACK)], ids=["numpy", "dask"])
async def test_a_cancelled_upload_ends_soon_and_leaves_nothing(array: xr.DataArray) -> None:
    store = WaitingStore()
    records = InMemoryImageRecords(store)
    async with Koil() as koil:
        upload = asyncio.create_task(Mikro(records, store, koil, CUT).afrom_xarray(array, name="embryo"))
        await store.is_waiting.wait()

        upload.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(upload, 10)

    assert store.cancelled >= 1
    assert records.open_uploads == ()
    assert store.objects == {}


def test_each_dask_chunk_is_computed_once(koil: Koil, mikro: Mikro) -> None:
    computed: list[int] = []

    def plane(block_info: Any = None) -> Any:
        computed.append(block_info[None]["chunk-location"][0])
        return np.zeros((5, 300, 300), dtype=np.uint16)

    array = da.map_blocks(plane, chunks=((5,) * 4, 300, 300), dtype=np.uint16, meta=np.empty((0, 0, 0), np.uint16))

    koil.call(mikro.afrom_xarray, array, name="embryo", dims=["z", "y", "x"])

    assert sorted(computed) == [0, 1, 2, 3]


class Void(InMemoryPixelStore):
    """Keeps nothing but the metadata and the sizes."""

    async def open_sink(self, grant: UploadGrant) -> "VoidPrefix":
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


@pytest.mark.parametrize("source_chunks", [(1, 1024, 1024), (7, 400, 1024)], ids=["planes", "misaligned"])
def test_memory_does_not_grow_with_the_array(koil: Koil, source_chunks: tuple[int, ...]) -> None:
    """512 MiB pass through less than 200 MiB."""
    array = da.zeros((256, 1024, 1024), chunks=source_chunks, dtype=np.uint16)
    mikro = Mikro(TrustingRecords(InMemoryPixelStore()), Void(), koil, MikroSettings())
    tracemalloc.start()

    with pytest.raises(HubRefusedError):
        koil.call(mikro.afrom_xarray, array, name="embryo", dims=["t", "y", "x"])

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200 * 2**20


def test_a_numpy_array_is_not_copied(koil: Koil) -> None:
    values = noise((64, 1024, 1024), np.uint8)
    mikro = Mikro(TrustingRecords(InMemoryPixelStore()), Void(), koil, MikroSettings(transfers=1))
    tracemalloc.start()

    with pytest.raises(HubRefusedError):
        koil.call(mikro.afrom_xarray, values.astype(">u2"), name="embryo", dims=["t", "y", "x"])

    before, peak = values.nbytes * 2, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak - before < 80 * 2**20
