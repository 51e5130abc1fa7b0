"""Files into a hub and out of it again."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
import xarray as xr

from arkitekt_di import embedded
from arkitekt_di.errors import FileRefusedError, ImageRefusedError, OwnLoopError
from arkitekt_di.mikro import from_xarray, search_images
from arkitekt_di.mikro.formats.functions import (
    aexport_image,
    aimport_image,
    export_image,
    import_image,
    import_images,
)

PIXELS = np.random.default_rng(3).integers(0, 4000, (2, 3, 40, 50), dtype="uint16")


@pytest.mark.parametrize("ending", [".ome.zarr", ".ome.tif", ".npz"])
def test_an_image_goes_out_and_comes_in_again(tmp_path: Path, ending: str):
    array = xr.DataArray(PIXELS, dims=("c", "z", "y", "x"), coords={"c": ["DAPI", "GFP"]})

    with embedded("formats"):
        image = from_xarray(array, name="embryo", pixel_size={"y": 0.65, "x": 0.65, "z": 2.0}, unit="µm")
        exported = export_image(image, tmp_path / f"embryo{ending}")
        again = import_image(exported)

        assert exported.left_out == ()
        assert again.data.load().identical(array)
        assert (again.name, again.pixel_size, again.unit) == (image.name, image.pixel_size, image.unit)


def test_what_is_given_wins_over_what_the_file_says(tmp_path: Path):
    tifffile.imwrite(tmp_path / "stack.tif", PIXELS[0], metadata=None, photometric="minisblack")

    with embedded("formats"):
        image = import_image(
            tmp_path / "stack.tif", name="mine", dims=("z", "y", "x"), pixel_size={"z": 2.5}, unit="µm"
        )

        assert (image.name, image.dims, image.pixel_size) == ("mine", ("z", "y", "x"), {"z": 2.5})
        assert np.array_equal(image.data.values, PIXELS[0])


def test_a_plane_of_an_image_is_a_picture(tmp_path: Path):
    with embedded("formats"):
        image = from_xarray(PIXELS, name="embryo", dims=("c", "z", "y", "x"))

        export_image(image, tmp_path / "plane.png", isel={"c": 1, "z": 2})

        assert np.array_equal(import_image(tmp_path / "plane.png").data.values, PIXELS[1, 2])
        with pytest.raises(ImageRefusedError, match="isel names 't'"):
            export_image(image, tmp_path / "other.png", isel={"t": 0})


def test_a_folder_of_a_plate_becomes_its_images(tmp_path: Path):
    for well in ("A01", "B02"):
        for channel in ("DAPI", "GFP"):
            tifffile.imwrite(tmp_path / f"{well}_{channel}.tif", PIXELS[0, 0])

    with embedded("formats"):
        images = import_images(tmp_path, pattern="{well}_{c}.tif")

        assert [image.data.attrs["well"] for image in images] == ["A01", "B02"]
        assert images[0].dims == ("c", "y", "x")


def test_a_broken_file_stores_nothing(tmp_path: Path):
    (tmp_path / "broken.tif").write_bytes(b"II*\0 nothing")

    with embedded("formats"):
        with pytest.raises(FileRefusedError, match=r"broken.tif: it is damaged"):
            import_image(tmp_path / "broken.tif")
        assert search_images() == []


@pytest.mark.anyio
async def test_async_code_awaits(tmp_path: Path):
    tifffile.imwrite(tmp_path / "plane.tif", PIXELS[0, 0])

    async with embedded("formats"):
        image = await aimport_image(tmp_path / "plane.tif")
        exported = await aexport_image(image, tmp_path / "out.npy")

        assert np.array_equal(np.load(exported), PIXELS[0, 0])
        with pytest.raises(OwnLoopError):
            export_image(await aimport_image(tmp_path / "plane.tif"), tmp_path / "again.npy")
