"""What an image looks like: one plane of it in colours, small enough to show at once."""

import base64
import struct
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from arkitekt_di.errors import ImageRefusedError
from arkitekt_di.messages.ngff import default_colors

THUMBNAIL_PX: Final = 192
"""Longest edge of a thumbnail."""

THUMBNAIL_S: Final = 5.0
"""Longest wait for a thumbnail, in seconds."""

MAX_PLANE_BYTES: Final = 64 * 2**20
"""Largest plane, over all its channels, that is read for a thumbnail."""

_SHADES: Final = (0.1, 99.9)
"""Percentiles that are shown darkest and brightest: a few hot pixels must not make all others black."""

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
    """Return a plane in colours, shape ``(y, x, 3)``: each channel stretched to its own contrast, and added up.

    Parameters
    ----------
    plane : xarray.DataArray
        As `plane_of` gives it.
    colors : sequence of str, optional
        One for each channel, six hexadecimal digits.
    is_rgb : bool, default False
        The channels are red, green and blue as they are.
    """
    values: npt.NDArray[Any] = np.asarray(plane.values)
    layers = values[None] if values.ndim == 2 else values
    if is_rgb:
        return np.ascontiguousarray(np.moveaxis(layers[:3], 0, -1).astype(np.uint8))
    total = np.zeros((*layers.shape[1:], 3))
    for layer, color in zip(layers, colors or default_colors(len(layers)), strict=False):
        weights = np.array([int(color[i : i + 2], 16) for i in (0, 2, 4)]) / 255
        total += _stretched(layer)[..., None] * weights
    return np.asarray(np.clip(total, 0, 1) * 255, dtype=np.uint8)


def _stretched(layer: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    shades = (np.abs(layer) if layer.dtype.kind == "c" else layer).astype(np.float64)
    finite = shades[np.isfinite(shades)]
    if not finite.size:
        return np.zeros(layer.shape)
    low, high = np.percentile(finite, _SHADES)
    scaled = (shades - low) / (high - low) if high > low else np.full(layer.shape, float(low > 0) / 2)
    shown: npt.NDArray[np.float64] = np.clip(np.nan_to_num(scaled, nan=0.0, posinf=1.0, neginf=0.0), 0, 1)
    return shown


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
    return png(composite(loaded, is_rgb=is_colour(data)))


def png(pixels: npt.NDArray[np.uint8]) -> bytes:
    """Return a PNG of 8-bit colours, shape ``(y, x, 3)``: the format is 20 lines, and needs no library.

    https://www.w3.org/TR/png-3/, sections 5 and 11
    """
    height, width, _ = pixels.shape
    rows = np.zeros((height, 1 + 3 * width), dtype=np.uint8)  # each begins with its filter: none
    rows[:, 1:] = pixels.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 6)), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def data_uri(picture: bytes) -> str:
    """Return a picture as an address that holds it (RFC 2397)."""
    return f"data:image/png;base64,{base64.b64encode(picture).decode()}"
