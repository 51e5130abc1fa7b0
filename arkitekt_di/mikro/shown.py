"""What an image looks like: one plane of it in colours, small enough to show at once."""

import base64
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from arkitekt_di import picture
from arkitekt_di.errors import ImageRefusedError

THUMBNAIL_PX: Final = 192
"""Longest edge of a thumbnail."""

THUMBNAIL_S: Final = 5.0
"""Longest wait for a thumbnail, in seconds."""

MAX_PLANE_BYTES: Final = 64 * 2**20
"""Largest plane, over all its channels, that is read for a thumbnail."""

_RGB: Final = (3, 4)


def plane_of(array: xr.DataArray) -> xr.DataArray:
    """Return the plane that stands for an image: y and x, or the two last axes, with its channels.

    The middle of the depth, and the first place along every other dimension.

    Raises
    ------
    ImageRefusedError
        The image has fewer than two dimensions.
    """
    dims = [str(dim) for dim in array.dims]
    if len(dims) < 2:  # a plane has two
        raise ImageRefusedError("an image with fewer than two dimensions has no plane", "Plot image.data instead")
    plane = ("y", "x") if {"y", "x"} <= set(dims) else tuple(dim for dim in dims if dim != "c")[-2:]
    if len(plane) < 2:
        plane = tuple(dims[-2:])
    places = {d: array.sizes[d] // 2 if d == "z" else 0 for d in dims if d not in (*plane, "c")}
    kept = ["c"] if "c" in dims and "c" not in plane else []
    return array.isel(places).transpose(*kept, *plane)


def composite(
    plane: xr.DataArray, colors: Sequence[str] | None = None, *, is_rgb: bool = False
) -> npt.NDArray[np.uint8]:
    """Return a plane, as `plane_of` gives it, in colours; see `arkitekt_di.picture.composite`."""
    return picture.composite(np.asarray(plane.values), colors, is_rgb=is_rgb)


def is_colour(array: xr.DataArray) -> bool:
    """Tell whether the channels of an image are the samples of its pixels: 3 or 4 of 8 bit, behind y and x."""
    return bool(array.dims[-1:] == ("c",) and array.sizes["c"] in _RGB and array.dtype == np.uint8)


def thumbnail(data: xr.DataArray) -> bytes:
    """Return a small PNG of an image; reads every n-th pixel of one plane.

    Raises
    ------
    ImageRefusedError
        The image has no plane, or one that is too large to read for this.
    TimeoutError
        It takes longer than anybody would wait for.
    """
    plane = plane_of(data)
    if plane.nbytes > MAX_PLANE_BYTES:
        raise ImageRefusedError(
            f"a plane of {plane.nbytes / 2**20:.0f} MiB is too large for a thumbnail", "Look at a crop: image.data[...]"
        )
    step = -(-max(plane.shape[-2:]) // THUMBNAIL_PX)
    every = plane[..., ::step, ::step]
    pool = ThreadPoolExecutor(1, thread_name_prefix="arkitekt-thumbnail")
    try:
        loaded = pool.submit(every.load).result(THUMBNAIL_S)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return picture.png(composite(loaded, is_rgb=is_colour(data)))


def data_uri(image: bytes) -> str:
    """Return a picture as an address that holds it (RFC 2397)."""
    return f"data:image/png;base64,{base64.b64encode(image).decode()}"
