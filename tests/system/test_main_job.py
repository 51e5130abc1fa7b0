"""The main job as the README has it, on an embedded hub: real protocol, real sockets, one process."""

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from arkitekt_di import current_app, embedded
from arkitekt_di.errors import DataFolderInUseError, ImageNotFoundError, ImageRefusedError
from arkitekt_di.mikro import afrom_xarray, delete_image, from_xarray, get_image, rename_image, search_images

dual_from_xarray: Any = from_xarray


@pytest.fixture
def stack() -> xr.DataArray:
    """Return a picture like one from a microscope: channels with names, pixels with a size."""
    values = np.random.default_rng(1).integers(0, 4000, (2, 4, 70, 90), "uint16")
    coords = {
        "c": ["DAPI", "GFP"],
        "x": ("x", np.arange(90) * 0.1625, {"units": "micrometer"}),
        "y": ("y", np.arange(70) * 0.1625, {"units": "micrometer"}),
    }
    return xr.DataArray(values, dims=("c", "z", "y", "x"), coords=coords, attrs={"objective": "60x"}, name="stack")


def test_sync_code_stores_finds_reads_renames_and_deletes(stack: xr.DataArray):
    with embedded("sync") as app:
        assert current_app() is app
        image = from_xarray(stack, name="embryo")
        again = get_image(image.id)

        assert again.data.identical(stack)
        assert again.data.chunks is not None
        assert again.pixel_size == pytest.approx({"y": 0.1625, "x": 0.1625})
        assert again.unit == {"y": "micrometer", "x": "micrometer"}
        assert search_images("embr") == [image]
        assert rename_image(image.id, "larva").name == "larva"
        delete_image(image.id)
        with pytest.raises(ImageNotFoundError, match="search_images"):
            get_image(image.id)


def test_async_code_uses_the_same_functions_on_its_own_loop(stack: xr.DataArray):
    async def main() -> None:
        async with embedded("async") as app:
            image = await dual_from_xarray(stack, name="embryo")
            twin = await afrom_xarray(stack, name="twin", app=app)
            data = await image.adata()
            assert (await asyncio.to_thread(data.compute)).identical(stack)
            assert image != twin

    asyncio.run(main())


def test_a_folder_keeps_the_data_and_has_one_hub_at_a_time(stack: xr.DataArray, tmp_path: Path):
    with embedded("first", folder=tmp_path / "data"):
        image = from_xarray(stack, name="kept")
        with pytest.raises(DataFolderInUseError) as caught, embedded("second", folder=tmp_path / "data"):
            pass
        assert caught.value.__notes__[-1] == "while starting the service 'hub'"

    with embedded("third", folder=tmp_path / "data"):
        assert get_image(image.id).data.identical(stack)


def test_without_a_folder_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with embedded("temporary"):
        from_xarray(np.zeros((4, 4)), name="gone")
        assert list(tmp_path.glob("arkitekt-hub-*"))

    assert list(tmp_path.glob("arkitekt-hub-*")) == []


def test_two_apps_with_hubs_of_their_own_do_not_mix():
    with embedded("one") as one, embedded("two") as two:
        from_xarray(np.zeros((4, 4)), name="in two")
        from_xarray(np.zeros((4, 4)), name="in one", app=one)

        assert [image.name for image in search_images(app=one)] == ["in one"]
        assert [image.name for image in search_images(app=two)] == ["in two"]


def test_what_cannot_be_stored_is_refused_before_anything_moves():
    with embedded("refusing"):
        with pytest.raises(ImageRefusedError, match="dims="):
            from_xarray(np.zeros((8, 8, 3), "uint8"), name="colour or depth?")
        with pytest.raises(ImageRefusedError):
            from_xarray(np.array([[object()]]), name="objects")
        assert search_images() == []
