"""One level of resolution from the finer one: windows of two pixels along each halved axis become one pixel."""

from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise, product
from typing import Any, Final

import numpy as np
import numpy.typing as npt

_BAND_BYTES: Final = 2**19
"""What is averaged at once: it and its sums stay in a core's second-level cache, which doubles the speed."""

_SUMS: Final = {"u": ("u2", "u4", "u8"), "i": ("i2", "i4", "i8")}
"""Types of sums, for pixels of 1, 2 and 4 bytes; eight of them fit."""


class Method(StrEnum):
    """How the pixels of a window become one.

    ``MEAN`` makes values that were not there, so it is for intensities; the other two are for labels.
    """

    MEAN = "mean"
    MODE = "mode"
    NEAREST = "nearest"


def method_for(dtype: np.dtype[Any], wish: str) -> Method:
    """Return the method that *wish* names; ``auto`` takes the mean, and the nearest pixel of a mask."""
    if wish == "auto":
        return Method.NEAREST if dtype.kind == "b" else Method.MEAN
    if wish == Method.MEAN and dtype.kind == "b":
        return Method.MODE
    return Method(wish)


def halved(block: npt.NDArray[Any], axes: Sequence[int], method: Method) -> npt.NDArray[Any]:
    """Return *block* with half as many pixels along *axes*, rounded up.

    At an odd end a window holds what is there.  Means of integers are rounded half up; a window with a NaN is NaN.
    """
    if method is Method.NEAREST:
        picked = tuple(slice(None, None, 2) if axis in axes else slice(None) for axis in range(block.ndim))
        return np.ascontiguousarray(block[picked])
    even = _padded(block, axes)
    if method is Method.MODE:
        return _mode(even, axes)
    if _is_plane_of_small_integers(even, axes):
        return _mean_of_planes(even)
    return _mean(even, axes)


def _padded(block: npt.NDArray[Any], axes: Sequence[int]) -> npt.NDArray[Any]:
    """Repeat the last pixels of odd axes, which leaves the mean and the mode of their windows as they are."""
    odd = [(0, block.shape[axis] % 2 if axis in axes else 0) for axis in range(block.ndim)]
    return np.pad(block, odd, mode="edge") if any(after for _, after in odd) else block


def _is_plane_of_small_integers(block: npt.NDArray[Any], axes: Sequence[int]) -> bool:
    return (
        block.dtype in (np.uint8, np.uint16)
        and sorted(axes) == [block.ndim - 2, block.ndim - 1]
        and block.strides[-1] == block.itemsize
    )


def _mean_of_planes(block: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Average 2 x 2 pixels, two neighbours at a time: as halves of one larger integer they need no strided access."""
    bits = block.itemsize * 8
    pair, low = np.dtype(f"u{block.itemsize * 2}"), (1 << bits) - 1
    *leading, height, width = block.shape
    out = np.empty((*leading, height // 2, width // 2), dtype=block.dtype)
    rows = max(2, _BAND_BYTES // max(1, width * block.itemsize) // 2 * 2)
    for index in np.ndindex(*leading):
        for top in range(0, height, rows):
            pairs = block[index][top : top + rows].view(pair)
            sums = (pairs[0::2] & low) + (pairs[0::2] >> bits)
            sums += pairs[1::2] & low
            sums += pairs[1::2] >> bits
            sums += 2
            sums >>= 2
            out[index][top // 2 : (top + rows) // 2] = sums
    return out


def _mean(block: npt.NDArray[Any], axes: Sequence[int]) -> npt.NDArray[Any]:
    dtype, count = block.dtype, 2 ** len(axes)
    if dtype.kind in "ui":
        shift = len(axes)
        if dtype.itemsize == 8:  # no integer holds the sum, so quotients and remainders are summed apart
            whole = _sum(block >> shift, axes, dtype)
            rest = _sum(block & dtype.type(count - 1), axes, dtype) + dtype.type(count // 2)
            return np.asarray(whole + (rest >> shift), dtype=dtype)
        wide = np.dtype(_SUMS[dtype.kind][dtype.itemsize.bit_length() - 1])
        sums = _sum(block, axes, wide)
        sums += wide.type(count // 2)
        sums >>= shift
        return sums.astype(dtype)
    wide = np.dtype(np.float32) if dtype.itemsize == 2 else dtype
    with np.errstate(over="ignore", invalid="ignore"):  # infinities are kept, as far as they have a mean
        return np.asarray(_sum(block, axes, wide) * wide.type(1 / count)).astype(dtype)


def _sum(block: npt.NDArray[Any], axes: Sequence[int], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    for axis in sorted(axes):  # the last axis comes last: by then there is less to go through with strides
        first, second = _halves(axis)
        block = np.add(block[first], block[second], dtype=dtype)
    return block.astype(dtype) if not axes else block


def _mode(block: npt.NDArray[Any], axes: Sequence[int]) -> npt.NDArray[Any]:
    """Return the most frequent value of each window; of several, the smallest."""
    corners = product(*((0, 1) if axis in axes else (None,) for axis in range(block.ndim)))
    window = np.stack(
        [block[tuple(slice(None) if c is None else slice(c, None, 2) for c in corner)] for corner in corners]
    )
    window.sort(axis=0)
    best, run = window[0].copy(), np.ones(window.shape[1:], dtype=np.uint8)
    longest = run.copy()
    for before, value in pairwise(window):
        run = np.where(value == before, run + 1, 1).astype(np.uint8)
        is_longer = run > longest
        best[is_longer] = value[is_longer]
        longest[is_longer] = run[is_longer]
    return np.asarray(best)


def _halves(axis: int) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    rest = (slice(None),) * axis
    return (*rest, slice(0, None, 2)), (*rest, slice(1, None, 2))
