"""Files into a hub and out of it again."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import xarray as xr
import zarr

from arkitekt_di import embedded
from arkitekt_di.errors import FileRefusedError, ImageRefusedError, OwnLoopError
from arkitekt_di.messages.descriptions import Acquisition, Channel
from arkitekt_di.mikro import Progress, find_folder, from_xarray, search_images, upload_file
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


def test_an_export_has_every_level_and_channel_of_the_hubs(tmp_path: Path):
    large = np.random.default_rng(1).integers(0, 4000, (2, 600, 700), dtype="uint16")
    channels = [Channel(name="DAPI", color="0000FF", contrast=(5, 3000)), Channel(name="GFP", emission_nm=509)]
    heard: list[Progress] = []

    with embedded("formats"):
        image = from_xarray(large, name="large", dims=("c", "y", "x"), channels=channels)
        assert len(image.levels) > 1
        exported = export_image(image, tmp_path / "large.ome.zarr", progress=heard.append)
        group = zarr.open_group(exported.path, mode="r")
        for number in range(len(image.levels)):
            stored: Any = group[str(number)]
            assert np.array_equal(stored[...], image.level(number).values)

        part = export_image(image, tmp_path / "part.ome.zarr", isel={"c": slice(1)})
        assert len(list(zarr.open_group(part.path, mode="r").array_keys())) == len(image.levels)

        again = import_image(exported, folder="2026/november", tags=["mouse"])
        assert again.channels == image.channels
        assert (again.folder_id, again.tags) == (find_folder("2026/november").id, ("mouse",))
        assert export_image(again, tmp_path / "told.npz").left_out == ("its tags",)
        assert import_image(part).channels == image.channels[:1]

    assert [one.done_bytes for one in heard] == sorted(one.done_bytes for one in heard)
    assert (heard[-1].name, heard[-1].done_bytes) == ("large", heard[-1].total_bytes)


def test_what_is_said_of_an_array_can_be_said_of_a_file(tmp_path: Path):
    np.save(tmp_path / "mask.npy", PIXELS[:, 0])
    heard: list[Progress] = []

    with embedded("formats"):
        raw, scan = from_xarray(PIXELS[0, 0], name="raw"), upload_file(tmp_path / "mask.npy")
        said: dict[str, Any] = {"derived_from": raw, "source_files": scan, "acquisition": Acquisition(operator="Ada")}
        image = import_image(
            tmp_path / "mask.npy",
            dims=("c", "y", "x"),
            channels=["DAPI", "GFP"],
            label_of=raw,
            key="plate 7",
            progress=heard.append,
            settings={"levels": 1},
            **said,
        )
        assert (image.label_of(), image.source_files(), image.acquisition.operator) == (raw, [scan], "Ada")
        assert [channel.name for channel in image.channels] == ["DAPI", "GFP"]
        assert heard
        assert import_image(tmp_path / "mask.npy", dims=("c", "y", "x"), key="plate 7") == image

        (many,) = import_images(tmp_path / "mask.npy", dims=("c", "y", "x"), progress=heard.append, **said)
        assert (many.sources(), many.source_files()) == ([raw], [scan])


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
        images = import_images(tmp_path, pattern="{well}_{c}.tif", folder="plate 7", tags=["screen"])

        assert [image.data.attrs["well"] for image in images] == ["A01", "B02"]
        assert images[0].dims == ("c", "y", "x")
        assert [channel.name for channel in images[1].channels] == ["DAPI", "GFP"]
        assert {image.folder_id for image in images} == {find_folder("plate 7").id}
        assert images[1].tags == ("screen",)


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
