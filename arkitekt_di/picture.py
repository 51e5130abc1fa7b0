"""A plane of pixels as a picture: its channels in their colours, each in its own contrast, as a PNG."""

import struct
import zlib
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from arkitekt_di.messages.ngff import default_colors

_SHADES: Final = (0.1, 99.9)
"""Percentiles that are shown darkest and brightest: a few hot pixels must not make all others black."""


Limits = tuple[float, float]
"""The values that are shown black and fully coloured."""


def composite(
    values: npt.NDArray[Any],
    colors: Sequence[str] | None = None,
    contrast: Sequence[Limits | None] | None = None,
    *,
    is_rgb: bool = False,
) -> npt.NDArray[np.uint8]:
    """Return a plane in colours, shape ``(y, x, 3)``: each channel stretched to its own contrast, and added up.

    Parameters
    ----------
    values : numpy.ndarray
        Shape ``(y, x)`` or ``(c, y, x)``.
    colors : sequence of str, optional
        One for each channel, six hexadecimal digits.
    contrast : sequence of tuple or None, optional
        One for each channel; left out, it is that of the plane itself.
    is_rgb : bool, default False
        The channels are red, green and blue as they are.
    """
    layers = values[None] if values.ndim == 2 else values
    if is_rgb:
        return np.ascontiguousarray(np.moveaxis(layers[:3], 0, -1).astype(np.uint8))
    total = np.zeros((*layers.shape[1:], 3))
    limits = contrast or [None] * len(layers)
    for layer, color, shown in zip(layers, colors or default_colors(len(layers)), limits, strict=False):
        weights = np.array([int(color[i : i + 2], 16) for i in (0, 2, 4)]) / 255
        total += _stretched(layer, shown)[..., None] * weights
    return np.asarray(np.clip(total, 0, 1) * 255, dtype=np.uint8)


def _stretched(layer: npt.NDArray[Any], limits: Limits | None) -> npt.NDArray[np.float64]:
    shades = (np.abs(layer) if layer.dtype.kind == "c" else layer).astype(np.float64)
    finite = shades[np.isfinite(shades)]
    if not finite.size:
        return np.zeros(layer.shape)
    low, high = limits or np.percentile(finite, _SHADES)
    scaled = (shades - low) / (high - low) if high > low else np.full(layer.shape, float(low > 0) / 2)
    shown: npt.NDArray[np.float64] = np.clip(np.nan_to_num(scaled, nan=0.0, posinf=1.0, neginf=0.0), 0, 1)
    return shown


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
