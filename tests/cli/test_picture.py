"""Pictures for the demo."""

from pathlib import Path

import numpy as np
import pytest
import tifffile

from arkitekt_di.cli.picture import sample_picture, shown_picture
from arkitekt_di.errors import FileRefusedError


def test_a_file_of_the_users_is_read_as_an_import_reads_it(tmp_path: Path):
    path = tmp_path / "embryo.ome.tif"
    pixels = np.arange(2 * 3 * 8 * 9, dtype="uint16").reshape(3, 2, 8, 9)
    described = {"axes": "ZCYX", "Channel": {"Name": ["DAPI", "GFP"]}, "PhysicalSizeX": 0.25, "PhysicalSizeXUnit": "µm"}
    tifffile.imwrite(path, pixels, metadata=described)

    with shown_picture(path) as picture:
        assert (picture.name, picture.array.dims) == ("embryo", ("z", "c", "y", "x"))
        assert isinstance(picture.array.data, np.ndarray)
        assert np.array_equal(picture.array, pixels)
        assert list(picture.array.coords["c"].values) == ["DAPI", "GFP"]
        assert (picture.pixel_size, picture.unit) == ({"x": 0.25}, {"x": "µm"})


def test_a_file_that_is_no_image_is_told(tmp_path: Path):
    path = tmp_path / "notes.txt"
    path.write_text("no picture")

    with pytest.raises(FileRefusedError, match=r"notes.txt: its format is not known"):
        shown_picture(path).__enter__()


def test_the_sample_comes_with_what_is_installed():
    picture = sample_picture()

    assert picture.array.sizes == {"y": 512, "x": 512, "c": 3}
    assert list(picture.array.coords["c"].values) == ["red", "green", "blue"]
