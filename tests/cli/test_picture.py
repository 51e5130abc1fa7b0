"""Pictures for the demo."""

from pathlib import Path

import numpy as np
import pytest
import tifffile

from arkitekt_di.cli.picture import read_tiff, sample_picture
from arkitekt_di.errors import ImageRefusedError


def test_an_ome_tiff_keeps_dims_channels_and_pixel_size(tmp_path: Path):
    path = tmp_path / "embryo.ome.tif"
    pixels = np.arange(2 * 3 * 8 * 9, dtype="uint16").reshape(3, 2, 8, 9)
    described = {
        "axes": "ZCYX",
        "Channel": {"Name": ["DAPI", "GFP"]},
        "PhysicalSizeX": 0.25,
        "PhysicalSizeXUnit": "µm",
        "PhysicalSizeZ": 2000.0,
        "PhysicalSizeZUnit": "nm",
    }
    tifffile.imwrite(path, pixels, metadata=described)

    picture = read_tiff(path)

    assert picture.name == "embryo"
    assert picture.dims == ("z", "c", "y", "x")
    assert np.array_equal(picture, pixels)
    assert list(picture.coords["c"].values) == ["DAPI", "GFP"]
    assert picture.coords["x"].attrs == {"units": "micrometer"}
    assert list(picture.coords["x"].values[:3]) == [0.0, 0.25, 0.5]
    assert picture.coords["z"].attrs == {"units": "nm"}
    assert "y" not in picture.coords


def test_a_plain_tiff_has_dims_and_no_coordinates(tmp_path: Path):
    path = tmp_path / "plain.tif"
    tifffile.imwrite(path, np.zeros((5, 6), "uint8"))

    assert read_tiff(path).dims == ("y", "x")
    assert not read_tiff(path).coords


def test_a_file_that_is_no_tiff_is_told(tmp_path: Path):
    path = tmp_path / "notes.txt"
    path.write_text("no picture")

    with pytest.raises(ImageRefusedError, match="cannot be read as a TIFF"):
        read_tiff(path)


def test_the_sample_comes_with_what_is_installed():
    picture = sample_picture()

    assert picture.sizes == {"y": 512, "x": 512, "c": 3}
    assert list(picture.coords["c"].values) == ["red", "green", "blue"]
