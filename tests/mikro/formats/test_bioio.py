"""Files of microscope makers.

Reading them needs the extra ``bioio``, which the extra ``test`` leaves out, as it is heavy: in an environment that has
it, ``python -m pytest tests/mikro/formats/test_bioio.py`` runs all of these.
"""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import tifffile

from arkitekt_di.errors import FileRefusedError, MissingExtraError
from arkitekt_di.mikro.formats.bioio_reading import bioio_images
from arkitekt_di.mikro.formats.importing import one_image

PIXELS = np.arange(2 * 3 * 20 * 30, dtype="uint16").reshape(3, 2, 20, 30)

with_bioio = pytest.mark.skipif(find_spec("bioio") is None, reason="needs the extra bioio")


@pytest.mark.skipif(find_spec("bioio") is not None, reason="bioio is installed")
@pytest.mark.parametrize("ending", [".czi", ".ND2", ".lif"])
def test_without_bioio_the_error_names_the_extra(tmp_path: Path, ending: str):
    (tmp_path / f"cells{ending}").write_bytes(b"whatever it holds")

    with pytest.raises(MissingExtraError, match=r"arkitekt-di\[bioio\]"):
        one_image(tmp_path / f"cells{ending}", dims=None, scene=None).__enter__()


@with_bioio
def test_a_czi_is_an_image_with_channels_and_sizes(tmp_path: Path):
    czi = pytest.importorskip("pylibCZIrw.czi")

    with czi.create_czi(str(tmp_path / "cells.czi")) as document:
        for c in range(2):
            for z in range(3):
                document.write(PIXELS[z, c][..., None], plane={"C": c, "Z": z, "T": 0})
        names = {0: "DAPI", 1: "GFP"}
        document.write_metadata("cells", channel_names=names, scale_x=0.25e-6, scale_y=0.25e-6, scale_z=1e-6)

    with one_image(tmp_path / "cells.czi", dims=None, scene=None) as found:
        assert dict(found.array.sizes) == {"t": 1, "c": 2, "z": 3, "y": 20, "x": 30}
        assert np.array_equal(found.array.isel(t=0).transpose("z", "c", "y", "x").values, PIXELS)
        assert list(found.array.coords["c"].values) == ["DAPI", "GFP"]
        assert dict(found.pixel_size) == pytest.approx({"x": 0.25, "y": 0.25, "z": 1.0})
        assert set(found.unit.values()) == {"µm"}


@with_bioio
def test_any_plugin_of_bioio_reads_under_the_same_promise(tmp_path: Path):
    pytest.importorskip("bioio_ome_tiff")
    described = {"axes": "ZCYX", "Channel": {"Name": ["DAPI", "GFP"]}, "PhysicalSizeX": 0.25}
    tifffile.imwrite(tmp_path / "cells.ome.tif", PIXELS, metadata=described)

    with bioio_images(tmp_path / "cells.ome.tif") as (found,):
        assert np.array_equal(found.array.isel(t=0).transpose("z", "c", "y", "x").values, PIXELS)
        assert found.pixel_size["x"] == 0.25


@with_bioio
@pytest.mark.parametrize("name", ["cells.czi", "cells.nd2", "cells.lif"])
def test_a_broken_file_of_a_maker_is_told_by_name(tmp_path: Path, name: str):
    (tmp_path / name).write_bytes(b"ZISRAWFILE" + b"x" * 500)

    with pytest.raises(FileRefusedError, match=rf"{name}: it is damaged, cut off"):
        one_image(tmp_path / name, dims=None, scene=None).__enter__()
