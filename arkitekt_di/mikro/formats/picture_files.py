"""PNG, JPEG and other pictures, read and written by Pillow; their samples are channels."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
import xarray as xr

from arkitekt_di.errors import FileRefusedError, MissingExtraError
from arkitekt_di.mikro.formats.counting import Told
from arkitekt_di.mikro.formats.found import UNREADABLE, FoundImage, unreadable
from arkitekt_di.mikro.formats.naming import name_of

_SAMPLES: Final = {"L": None, "I;16": None, "I": None, "1": None, "F": None, "RGB": "rgb", "RGBA": "rgba"}
"""Pillow's modes whose samples are what they seem; all others are shades of something else."""

_CHANNELS: Final = {"rgb": ["red", "green", "blue"], "rgba": ["red", "green", "blue", "alpha"]}


@contextmanager
def picture_images(path: Path) -> Iterator[tuple[FoundImage, ...]]:
    """Read a picture; raises `FileRefusedError` where it is none, or one of several frames."""
    image_module = _pillow()
    try:
        with image_module.open(path) as picture:
            frames = getattr(picture, "n_frames", 1)
            # A palette is a way of storing colours, and no measurement is ever stored so.
            shown = picture.convert("RGB") if picture.mode in ("P", "CMYK", "YCbCr") else picture
            mode, pixels = shown.mode, np.asarray(shown)
            notes = tuple(sorted(str(key) for key in picture.info if key in ("exif", "icc_profile", "gamma")))
    except (*UNREADABLE, image_module.DecompressionBombError, SyntaxError) as error:
        raise unreadable(path, error) from error
    if frames > 1:
        raise FileRefusedError(str(path), f"it has {frames} frames", "Store them as a TIFF, or name one frame's file")
    if mode not in _SAMPLES:
        raise FileRefusedError(str(path), f"its samples are of mode {mode}", "Convert it to grey or RGB first")
    colours = _SAMPLES[mode]
    coords = {} if colours is None else {"c": _CHANNELS[colours]}
    dims = ("y", "x") if colours is None else ("y", "x", "c")
    yield (FoundImage(name_of(path), xr.DataArray(pixels, dims=dims, coords=coords), left_out=notes),)


def write_picture(array: xr.DataArray, path: Path, told: Told) -> tuple[str, ...]:
    """Write a plane as PNG, exactly; return what a PNG does not keep.

    Raises
    ------
    FileRefusedError
        It is no plane of 8 or 16 bit, grey, RGB or RGBA.
    """
    dims = tuple(str(dim) for dim in array.dims)
    grey = dims == ("y", "x") and array.dtype in (np.dtype("uint8"), np.dtype("uint16"), np.dtype(bool))
    colour = dims == ("y", "x", "c") and array.dtype == np.dtype("uint8") and array.sizes["c"] in (3, 4)
    if not (grey or colour):
        sizes = ", ".join(f"{dim} {size}" for dim, size in array.sizes.items())
        raise FileRefusedError(
            str(path),
            f"PNG takes planes (y, x) of 8 or 16 bit or (y, x, c) of 8 bit in colour, not {sizes} of {array.dtype}",
            "Choose a plane, such as isel={'z': 4, 'c': 0}, or write .ome.zarr or .ome.tiff",
        )
    _pillow().fromarray(np.ascontiguousarray(array.values)).save(path, format="PNG")
    told(array.nbytes)
    has_names = "c" in array.coords and array.coords["c"].values.tolist() not in _CHANNELS.values()
    names = ["names of channels"] if has_names else []
    return (*names, "pixel sizes")


def _pillow() -> Any:
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingExtraError("formats", "reading and writing pictures") from error
    return Image
