"""Images in the hub's own object store, over a socket; and what other stores answer when they cannot."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest
import xarray as xr
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from arkitekt_di.errors import ArkitektError, ImageRefusedError, PermissionDeniedError, StorageFullError, TransferError
from arkitekt_di.koil import Koil
from arkitekt_di.messages.images import UploadGrant
from arkitekt_di.mikro.pixels.s3 import S3Prefix
from arkitekt_di.mikro.pixels.s3_clients import S3Clients
from arkitekt_di.mikro.service import Mikro
from arkitekt_di.settings.models import MikroSettings, ObjectSettings
from tests.mikro.arrays import stack
from tests.mikro.hub import serving

pytestmark = pytest.mark.anyio

CUT = MikroSettings(chunk_px=128, shard_mib=0.25)


async def test_an_image_goes_in_and_comes_back(tmp_path: Path) -> None:
    array = stack(c=2, z=3, y=300, x=300).assign_coords(c=["DAPI", "GFP"]).assign_attrs(objective=("60x", 1.4))
    async with serving(tmp_path) as hub, Koil() as koil:
        mikro = Mikro(hub.records, hub.pixels, koil, CUT)

        made = await mikro.afrom_xarray(array, name="embryo", pixel_size={"y": 0.65, "x": 0.65}, unit="µm")
        image = await mikro.aget_image(made.id)
        data = await image.adata()
        values = await asyncio.to_thread(data.compute)
        crop = await asyncio.to_thread(data.isel(c=1, z=2, y=slice(5, 9)).compute)

        assert values.identical(array)
        assert crop.identical(array.isel(c=1, z=2, y=slice(5, 9)))
        assert image.unit == {"y": "micrometer", "x": "micrometer"}
        assert image.pixel_size == {"y": 0.65, "x": 0.65}
        assert [hit.id for hit in await mikro.asearch_images("EMBR")] == [made.id]
        assert image.created_at is not None


async def test_a_grant_that_runs_out_during_an_upload_is_renewed(tmp_path: Path) -> None:
    """Each shard is computed for longer than a grant lasts."""
    async with serving(tmp_path, ObjectSettings(grant_s=1)) as hub, Koil() as koil:
        expired = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.call_later(1.2, expired.set)

        def slow(block: Any) -> Any:
            asyncio.run_coroutine_threadsafe(expired.wait(), loop).result(10)
            return block

        ones = da.ones((3, 300, 300), chunks=(1, 300, 300), dtype=np.uint16)
        values = ones.map_blocks(
            slow, meta=np.empty((0, 0, 0), np.uint16)
        )  # or Dask would try it out here, on the loop
        mikro = Mikro(hub.records, hub.pixels, koil, CUT.model_copy(update={"access_margin_s": 0.0}))

        image = await mikro.afrom_xarray(values, name="embryo", dims=["z", "y", "x"])

        assert (await asyncio.to_thread((await image.adata()).compute)).values.min() == 1


async def test_a_proxy_of_the_environment_is_not_between(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Institutes set one for the web; it cannot reach a hub on this machine."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with serving(tmp_path) as hub, Koil() as koil:
        image = await Mikro(hub.records, hub.pixels, koil).afrom_xarray(stack(y=30, x=30), name="embryo")

        assert image.shape == (30, 30)


async def test_an_upload_larger_than_the_hub_grants_leaves_nothing(tmp_path: Path) -> None:
    small = ObjectSettings(max_upload_gib=1e-5)
    async with serving(tmp_path, small) as hub, Koil() as koil:
        mikro = Mikro(hub.records, hub.pixels, koil, CUT)

        with pytest.raises(ImageRefusedError, match="allows for one upload"):
            await mikro.afrom_xarray(stack(z=3, y=300, x=300), name="embryo")

        assert await mikro.asearch_images() == []


async def test_a_hub_that_stops_in_the_middle_is_an_error_within_bounded_time(tmp_path: Path) -> None:
    async with serving(tmp_path) as hub, Koil() as koil:
        mikro = Mikro(hub.records, hub.pixels, koil, CUT)
        data = await (await mikro.afrom_xarray(stack(y=300, x=300), name="embryo")).adata()
        await hub.server.close()

        with pytest.raises(TransferError, match="try again"):
            await asyncio.wait_for(asyncio.to_thread(data.compute), 30)
        with pytest.raises(ArkitektError):
            await asyncio.wait_for(mikro.afrom_xarray(stack(y=300, x=300), name="embryo"), 30)


# --- what other stores answer ---------------------------------------------------------------------------

GRANT = UploadGrant(
    access_key="key",
    secret_key=SecretStr("very-secret"),
    session_token=SecretStr("token-secret"),
    bucket="zarr",
    key="one",
    path="s3://zarr/one",
    expires_in=60,
    store="one",
    max_bytes=100,
)


@asynccontextmanager
async def answering(status: int, body: str) -> AsyncIterator[S3Prefix]:
    """Return a place in a store that answers everything alike."""

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(status=status, text=body)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(app) as server:
        yield S3Prefix(S3Clients(str(server.make_url(""))), GRANT)


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (507, "InsufficientStorage", StorageFullError),
        (403, "QuotaExceeded", StorageFullError),
        (403, "AccessDenied", PermissionDeniedError),
        (403, "SignatureDoesNotMatch", PermissionDeniedError),
        (400, "ExpiredToken", PermissionDeniedError),
        (401, "Unauthorized", PermissionDeniedError),
        (413, "EntityTooLarge", TransferError),
        (400, "BadDigest", TransferError),
    ],
)
async def test_refusals_are_told_apart_and_hold_no_secret(status: int, code: str, expected: type[Exception]) -> None:
    body = f"<Error><Code>{code}</Code><Message>it is so</Message><Request>token-secret</Request></Error>"
    async with answering(status, body) as place:
        with pytest.raises(expected) as written:
            await place.put("c/0", b"x")
        with pytest.raises(expected) as read:
            await asyncio.to_thread(place.read_ranges, "c/0", [(0, 1)])

    for caught in (written.value, read.value):
        assert "secret" not in repr(caught)
        assert "secret" not in str(caught)
        assert caught.__cause__ is None
        assert caught.__suppress_context__


async def test_nobody_there_is_an_error_that_names_the_address() -> None:
    place = S3Prefix(S3Clients("http://127.0.0.1:9"), GRANT)

    with pytest.raises(TransferError, match=r"http://127\.0\.0\.1:9/zarr/one"):
        await place.put("c/0", b"x")


async def test_a_large_stack_moves_in_whole_shards(tmp_path: Path) -> None:
    array = xr.DataArray(np.arange(8 * 1024 * 1024, dtype=np.uint16).reshape(8, 1024, 1024), dims=["z", "y", "x"])
    async with serving(tmp_path) as hub, Koil() as koil:
        image = await Mikro(hub.records, hub.pixels, koil).afrom_xarray(array, name="embryo")

        assert (await asyncio.to_thread((await image.adata()).compute)).identical(array)
        assert image._document is not None
        assert list(image._document.manifest) == ["c/0/0/0"]
