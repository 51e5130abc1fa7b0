"""Files of others: what they say is used, what they do not say is asked for, and what is broken is told."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import zarr
from PIL import Image as Pillow

from arkitekt_di.errors import FileRefusedError
from arkitekt_di.mikro.formats.importing import all_images, one_image

PIXELS = np.arange(3 * 20 * 30, dtype="uint16").reshape(3, 20, 30)


def test_ome_tiff_tells_dims_channels_and_sizes(tmp_path: Path):
    path = tmp_path / "embryo.ome.tif"
    described = {
        "axes": "CYX",
        "Channel": {"Name": ["DAPI", "GFP", "RFP"]},
        "PhysicalSizeX": 0.25,
        "PhysicalSizeXUnit": "µm",
        "PhysicalSizeY": 250.0,
        "PhysicalSizeYUnit": "nm",
    }
    tifffile.imwrite(path, PIXELS, metadata=described)

    with one_image(path, dims=None, scene=None) as found:
        assert found.array.dims == ("c", "y", "x")
        assert list(found.array.coords["c"].values) == ["DAPI", "GFP", "RFP"]
        assert (found.pixel_size, found.unit) == ({"x": 0.25, "y": 250.0}, {"x": "µm", "y": "nm"})
        assert np.array_equal(found.array.isel(c=1, y=slice(3, 9)).values, PIXELS[1, 3:9])


def test_imagej_tells_dims_and_sizes(tmp_path: Path):
    path = tmp_path / "stack.tif"
    tifffile.imwrite(
        path, PIXELS, imagej=True, resolution=(4.0, 4.0), metadata={"axes": "ZYX", "spacing": 1.5, "unit": "um"}
    )

    with one_image(path, dims=None, scene=None) as found:
        assert found.array.dims == ("z", "y", "x")
        assert dict(found.pixel_size) == pytest.approx({"x": 0.25, "y": 0.25, "z": 1.5})


def test_channels_of_others_are_read_with_colours_and_contrast(tmp_path: Path):
    ome: dict[str, Any] = {
        "axes": "CYX",
        "Channel": [
            {"Name": "DAPI", "Color": 65535, "EmissionWavelength": 0.461, "EmissionWavelengthUnit": "µm"},
            {"Color": -16776961, "ExcitationWavelength": 488},
            {"Name": "RFP"},
        ],
    }
    tifffile.imwrite(tmp_path / "ome.ome.tif", PIXELS, metadata=ome)
    table = np.zeros((3, 256), "uint8")
    table[1] = np.arange(256)
    imagej = {"axes": "CYX", "LUTs": [table, table[::-1], table], "Ranges": (0.0, 90.0, 5.0, 60.0, 1.0, 2.0)}
    tifffile.imwrite(tmp_path / "imagej.tif", PIXELS, imagej=True, metadata=imagej)

    with one_image(tmp_path / "ome.ome.tif", dims=None, scene=None) as found:
        assert [(channel.name, channel.color) for channel in found.channels] == [
            ("DAPI", "0000FF"),
            ("1", "FF0000"),
            ("RFP", None),
        ]
        assert (found.channels[0].emission_nm, found.channels[1].excitation_nm) == (461.0, 488.0)
        assert "c" not in found.array.coords
    with one_image(tmp_path / "imagej.tif", dims=None, scene=None) as found:
        assert [channel.color for channel in found.channels] == ["00FF00"] * 3
        assert [channel.contrast for channel in found.channels] == [(0, 90), (5, 60), (1, 2)]
    with one_image(tmp_path / "imagej.tif", dims=("z", "y", "x"), scene=None) as found:
        assert found.channels == ()


def test_pages_without_a_meaning_are_asked_about_and_never_guessed(tmp_path: Path):
    path = tmp_path / "pages.tif"
    tifffile.imwrite(path, PIXELS, metadata=None, photometric="minisblack")

    with pytest.raises(FileRefusedError, match=r"pages.tif: it does not say what its axes are.*dims=\('z', 'y', 'x'\)"):
        one_image(path, dims=None, scene=None).__enter__()
    with one_image(path, dims=("t", "y", "x"), scene=None) as found:
        assert found.array.sizes == {"t": 3, "y": 20, "x": 30}


def test_samples_of_a_pixel_are_channels(tmp_path: Path):
    colour = np.moveaxis(PIXELS.astype("uint8"), 0, -1)
    tifffile.imwrite(tmp_path / "colour.tif", colour, photometric="rgb")
    Pillow.fromarray(np.ascontiguousarray(colour)).save(tmp_path / "colour.png")

    for name in ("colour.tif", "colour.png"):
        with one_image(tmp_path / name, dims=None, scene=None) as found:
            assert found.array.dims == ("y", "x", "c")
            assert np.array_equal(found.array.values, colour)


def test_a_photo_is_read_as_it_is_decoded_and_never_written(tmp_path: Path):
    ramp = np.linspace(0, 255, 64, dtype="uint8")
    colour = np.stack(np.broadcast_arrays(ramp[:, None], ramp[None, :], np.uint8(90)), axis=-1)
    Pillow.fromarray(np.ascontiguousarray(colour)).save(tmp_path / "photo.jpeg", quality=95)

    with one_image(tmp_path / "photo.jpeg", dims=None, scene=None) as found:
        assert (found.name, found.array.dims, str(found.array.dtype)) == ("photo", ("y", "x", "c"), "uint8")
        assert list(found.array.coords["c"].values) == ["red", "green", "blue"]
        with Pillow.open(tmp_path / "photo.jpeg") as photo:
            assert np.array_equal(found.array.values, np.asarray(photo))
        assert np.abs(found.array.values.astype(int) - colour).mean() < 3


def test_several_images_in_a_file_are_listed_and_chosen(tmp_path: Path):
    path = tmp_path / "two.ome.tif"
    with tifffile.TiffWriter(path, ome=True) as writer:
        writer.write(PIXELS[0], metadata={"axes": "YX", "Name": "first"})
        writer.write(PIXELS[1], metadata={"axes": "YX", "Name": "second"})

    with pytest.raises(FileRefusedError, match=r"it holds 2 images \(0: first, 1: second\)"):
        one_image(path, dims=None, scene=None).__enter__()
    with one_image(path, dims=None, scene=1) as found:
        assert (found.name, int(found.array[0, 0])) == ("second", int(PIXELS[1, 0, 0]))
    with all_images(path, dims=None) as images:
        assert [image.name for image in images] == ["first", "second"]


def test_ome_zarr_of_version_04_is_read(tmp_path: Path):
    group = zarr.open_group(tmp_path / "old.zarr", mode="w", zarr_format=2)
    group.create_array("0", data=PIXELS, chunks=(1, 20, 30))
    scale: Any = [{"type": "scale", "scale": [1.0, 0.5, 0.5]}]
    axes: Any = [{"name": "c", "type": "channel"}, *({"name": n, "type": "space", "unit": "micrometer"} for n in "yx")]
    group.attrs["multiscales"] = [
        {
            "version": "0.4",
            "name": "old one",
            "axes": axes,
            "datasets": [{"path": "0", "coordinateTransformations": scale}],
        }
    ]
    window = {"min": 0, "max": 65535, "start": 100, "end": 1500}
    shown: Any = [{"label": label, "color": "FF0000", "window": window, "active": label != "b"} for label in "abc"]
    group.attrs["omero"] = {"channels": shown}

    with one_image(tmp_path / "old.zarr", dims=None, scene=None) as found:
        assert (found.name, found.array.dims) == ("old one", ("c", "y", "x"))
        assert list(found.array.coords["c"].values) == ["a", "b", "c"]
        assert dict(found.pixel_size) == {"y": 0.5, "x": 0.5}
        assert [channel.is_shown for channel in found.channels] == [True, False, True]
        assert (found.channels[1].contrast, found.channels[1].limits) == ((100, 1500), (0, 65535))
        assert np.array_equal(found.array.values, PIXELS)


def test_an_array_without_names_is_asked_about(tmp_path: Path):
    np.save(tmp_path / "stack.npy", PIXELS)

    with pytest.raises(FileRefusedError, match=r"stack.npy: it does not say what its axes are"):
        one_image(tmp_path / "stack.npy", dims=None, scene=None).__enter__()
    with pytest.raises(FileRefusedError, match="does not name the 3 dimensions"):
        one_image(tmp_path / "stack.npy", dims=("y", "x"), scene=None).__enter__()
    with one_image(tmp_path / "stack.npy", dims=("z", "y", "x"), scene=None) as found:
        assert np.array_equal(found.array.values, PIXELS)


def broken_files(folder: Path) -> dict[str, str]:
    tifffile.imwrite(folder / "cut.tif", PIXELS, photometric="minisblack")
    whole = (folder / "cut.tif").read_bytes()
    (folder / "cut.tif").write_bytes(whole[:2000])
    (folder / "torn.tif").write_bytes(whole[:100])
    (folder / "empty.tif").touch()
    (folder / "notes.tif").write_text("no picture at all")
    Pillow.fromarray(PIXELS[0].astype("uint8")).save(folder / "cut.png")
    (folder / "cut.png").write_bytes((folder / "cut.png").read_bytes()[:60])
    (folder / "cut.npy").write_bytes(b"\x93NUMPY\x01\x00")
    (folder / "cut.npz").write_bytes(b"PK\x03\x04 and no more")
    (folder / "folder").mkdir()
    return {
        "cut.tif": "it is cut off: pixels end at byte",
        "torn.tif": "damaged, cut off",
        "empty.tif": "it is empty",
        "notes.tif": "its format is not known",
        "cut.png": "damaged, cut off",
        "cut.npy": "damaged, cut off",
        "cut.npz": "damaged, cut off",
        "folder": "this folder is no OME-Zarr image",
        "nowhere.tif": "there is no such file",
    }


def test_a_broken_file_is_told_by_name_with_what_to_do(tmp_path: Path):
    for name, said in broken_files(tmp_path).items():
        with pytest.raises(FileRefusedError, match=f"{name}: .*{said}") as caught:
            one_image(tmp_path / name, dims=None, scene=None).__enter__()

        assert caught.value.remedy
