"""What is exported and imported again is the same image, as far as the format goes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import xarray as xr

from arkitekt_di.errors import FileRefusedError
from arkitekt_di.mikro.formats.found import FoundImage
from arkitekt_di.mikro.formats.importing import one_image
from arkitekt_di.mikro.formats.writing import Exported, write_image

SIZES = {"t": 2, "c": 3, "z": 4, "y": 30, "x": 41}
DTYPES = ["uint8", "uint16", "int16", "float32", "float64", "complex64"]


def stack(dims: str, dtype: str = "uint16", *, attrs: dict[str, Any] | None = None) -> FoundImage:
    shape = tuple(SIZES[dim] for dim in dims)
    values = np.random.default_rng(7).integers(0, 250, shape).astype(dtype)
    coords = {"c": ["DAPI", "GFP", "mCherry"]} if "c" in dims else {}
    array = xr.DataArray(values, dims=tuple(dims), coords=coords, attrs=attrs)
    steps = {dim: size for dim, size in {"z": 2.5, "y": 0.325, "x": 0.325}.items() if dim in dims}
    return FoundImage("embryo 7", array, steps, dict.fromkeys(steps, "micrometer"))


def again(exported: Exported, image: FoundImage) -> FoundImage:
    with one_image(exported.path, dims=None, scene=None) as found:
        loaded = FoundImage(found.name, found.array.load(), found.pixel_size, found.unit, found.left_out)
    assert np.array_equal(loaded.array.values, image.array.values)
    assert loaded.array.dtype == image.array.dtype
    return loaded


@pytest.mark.parametrize("ending", [".ome.zarr", ".ome.tif", ".npz"])
@pytest.mark.parametrize("dims", ["yx", "zyx", "zcyx", "tczyx", "cztyx", "yxc"])
def test_pixels_names_and_sizes_come_back(tmp_path: Path, dims: str, ending: str):
    image = stack(dims)

    exported = write_image(image, tmp_path / f"out{ending}")
    found = again(exported, image)

    assert exported.left_out == ()
    assert found.name == image.name
    assert found.array.dims == image.array.dims
    assert found.pixel_size == image.pixel_size
    assert [unit[:2] for unit in found.unit.values()] in (["mi"] * len(image.unit), ["µm"] * len(image.unit))
    assert list(found.array.coords.get("c", ())) == list(image.array.coords.get("c", ()))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("ending", [".ome.zarr", ".ome.tif", ".npy"])
def test_every_type_of_pixel_comes_back(tmp_path: Path, dtype: str, ending: str):
    image = stack("yx", dtype)

    again(write_image(image, tmp_path / f"out{ending}"), image)


def test_axes_of_one_pixel_are_not_lost_in_a_tiff(tmp_path: Path):
    image = stack("tczyx")
    one = FoundImage("one", image.array.isel(t=slice(1), z=slice(1)), image.pixel_size, image.unit)

    assert again(write_image(one, tmp_path / "one.ome.tif"), one).array.dims == ("t", "c", "z", "y", "x")


def test_ome_zarr_keeps_coordinates_and_attributes(tmp_path: Path):
    image = stack("zcyx", attrs={"objective": ("60x", 1.4), "_FillValue": 3})
    labelled = FoundImage(image.name, image.array.assign_coords(z=[0.0, 2.5, 5.0, 7.5]), image.pixel_size, image.unit)

    found = again(write_image(labelled, tmp_path / "out.ome.zarr"), labelled)

    assert found.array.identical(labelled.array)


def test_what_a_format_does_not_keep_is_told(tmp_path: Path):
    image = stack("zyx", attrs={"objective": "60x"})
    labelled = FoundImage(image.name, image.array.assign_coords(z=[0, 2, 5, 6]), image.pixel_size, image.unit)

    assert write_image(labelled, tmp_path / "out.tif").left_out == ("the attribute 'objective'", "the coordinate z")
    assert "pixel sizes" in write_image(image, tmp_path / "out.npy").left_out


def test_a_plane_is_a_png(tmp_path: Path):
    grey, colour = stack("yx"), stack("yxc", "uint8")

    assert again(write_image(grey, tmp_path / "grey.png"), grey).array.dims == ("y", "x")
    assert again(write_image(colour, tmp_path / "colour.png"), colour).array.dims == ("y", "x", "c")


@pytest.mark.parametrize(
    ("name", "dims", "dtype", "said"),
    [
        ("out.png", "zyx", "uint8", "PNG takes planes"),
        ("out.ome.tif", "yx", "int64", "OME-TIFF has no pixels of int64"),
        ("out.ome.tif", "tc", "uint8", "OME-TIFF has no place for the dimensions"),
        ("out.jpg", "yx", "uint8", "its ending names no format that is written"),
        ("there.tif", "yx", "uint8", "there is something of that name"),
        ("no/out.tif", "yx", "uint8", "there is no folder"),
    ],
)
def test_what_a_format_cannot_hold_is_refused_and_nothing_is_written(
    tmp_path: Path, name: str, dims: str, dtype: str, said: str
):
    (tmp_path / "there.tif").touch()

    with pytest.raises(FileRefusedError, match=said):
        write_image(stack(dims, dtype), tmp_path / name)

    assert [path.name for path in tmp_path.iterdir()] == ["there.tif"]


def test_other_programs_read_what_a_tiff_says(tmp_path: Path):
    write_image(stack("zcyx"), tmp_path / "out.ome.tif")

    with tifffile.TiffFile(tmp_path / "out.ome.tif") as file:
        assert (file.series[0].axes, file.series[0].shape) == ("CZYX", (3, 4, 30, 41))
        assert 'PhysicalSizeX="0.325"' in str(file.ome_metadata)
        assert 'Name="mCherry"' in str(file.ome_metadata)
