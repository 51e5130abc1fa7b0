"""What the values of each channel are like, gathered while the pixels pass by."""

import math
import threading
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from arkitekt_di.messages.pixels import ChannelStatistics
from arkitekt_di.mikro.pixels.layout import Region

_BINS: Final = 256
"""Bins of a histogram: as many as a screen shows levels of grey."""

_SAMPLE: Final = 2**19
"""Pixels of an image that its histograms are made of, about; minimum and maximum see every pixel."""

_SHORT: Final = 2
"""Bytes of integers that are counted value by value."""

_MAX_CHANNELS: Final = 64
"""Of more channels, as in spectra, the image gets one histogram."""

_CHANNEL: Final = ("c", "channel")


class Statistics:
    """Gathers minimum, maximum and a sample of each channel; threads may share it.

    Parameters
    ----------
    dims : sequence of str
    shape : sequence of int
        How large the image is, or is thought to become.
    dtype : numpy.dtype
    """

    def __init__(self, dims: Sequence[str], shape: Sequence[int], dtype: np.dtype[Any]) -> None:
        self._axis = next((axis for axis, dim in enumerate(dims) if dim in _CHANNEL), None)
        if self._axis is not None and shape[self._axis] > _MAX_CHANNELS:
            self._axis = None
        self._channels = 1 if self._axis is None else shape[self._axis]
        self._missing = math.prod(shape)
        self._found: tuple[ChannelStatistics, ...] | None = None
        self._is_ordered = dtype.kind != "c"
        # A grid of samples; every other pixel of a row and of a column leaves a quarter of them.
        self._step = max(1, math.isqrt(math.prod(shape) // _SAMPLE))
        self._lock = threading.Lock()
        self._bounds: list[list[Any]] = [[] for _ in range(self._channels)]
        self._samples: list[dict[tuple[int, ...], npt.NDArray[Any]]] = [{} for _ in range(self._channels)]

    def add(self, region: Region, block: npt.NDArray[Any]) -> None:
        """Take the pixels of *region*; with the last of the image, find what there is to find, in this thread."""
        if not self._is_ordered:
            return
        start = tuple(part.start for part in region)
        if self._axis is None:
            self._add(0, start, block)
        else:
            before = (slice(None),) * self._axis
            for place in range(block.shape[self._axis]):
                self._add(region[self._axis].start + place, start, block[(*before, slice(place, place + 1))])
        with self._lock:
            self._missing -= block.size
            is_whole = self._missing == 0
        if is_whole:
            self._found = self._find()

    def _add(self, channel: int, start: tuple[int, ...], block: npt.NDArray[Any]) -> None:
        low, high = _bounds(block)
        grid: tuple[Any, ...] = (..., *[slice(None, None, self._step)] * min(2, block.ndim))
        sample: npt.NDArray[Any] = block[grid].flatten()
        with self._lock:
            if low is not None:
                self._bounds[channel] += [low, high]
            self._samples[channel][start] = sample

    def found(self) -> tuple[ChannelStatistics, ...]:
        """Return what was found; empty where the values have no order."""
        if not self._is_ordered:
            return ()
        return self._find() if self._found is None else self._found

    def _find(self) -> tuple[ChannelStatistics, ...]:
        return tuple(self._channel(number) for number in range(self._channels))

    def _channel(self, number: int) -> ChannelStatistics:
        bounds, samples = self._bounds[number], self._samples[number]
        if not bounds:
            return ChannelStatistics()
        low, high = min(bounds), max(bounds)
        with np.errstate(invalid="ignore"):  # signalling not-a-numbers are left out below, as the others are
            sample = np.concatenate([samples[start] for start in sorted(samples)])
            if sample.dtype.kind == "u" and sample.itemsize <= _SHORT:
                times = np.bincount(sample)  # each value once: six times as fast as each pixel
                return ChannelStatistics(min=low, max=high, counts=_histogram(np.arange(len(times)), times, low, high))
            values = sample.astype(np.float64)
        finite = values[np.isfinite(values)]
        return ChannelStatistics(min=low, max=high, counts=_histogram(finite, None, low, high))


def _histogram(values: npt.NDArray[Any], times: npt.NDArray[np.intp] | None, low: Any, high: Any) -> tuple[int, ...]:
    """Count *values*, each so many *times*, by bins; in halves: the distance of two may exceed any number."""
    width = high / 2 - low / 2
    places = (values / 2 - low / 2) / width if width > 0 else np.zeros(values.shape)
    bins = np.clip((places * _BINS).astype(np.intp), 0, _BINS - 1)
    return tuple(np.bincount(bins, weights=times, minlength=_BINS).astype(np.int64).tolist())


def _bounds(block: npt.NDArray[Any]) -> tuple[Any, Any]:
    if not block.size:
        return None, None
    with np.errstate(invalid="ignore"):
        low, high = block.min(), block.max()
    if block.dtype.kind == "f" and not (np.isfinite(low) and np.isfinite(high)):
        finite = block[np.isfinite(block)]
        if not finite.size:
            return None, None
        low, high = finite.min(), finite.max()
    return (int(low), int(high)) if block.dtype.kind == "b" else (low.item(), high.item())
