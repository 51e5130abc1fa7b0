"""Frames that come one after the other, and of which nobody knows how many there will be."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from arkitekt_di.errors import ImageRefusedError

ENDLESS: Final = 2**40
"""How many frames are planned for; the array is as long as there were frames."""


class Frames:
    """Frames of one shape and type, as an array whose first axis ends where they end.

    Parameters
    ----------
    first : numpy.ndarray
        The first frame, which says what all are like.
    rest : iterator
        The others; each frame has the shape and the type of the first.
    """

    def __init__(self, first: npt.NDArray[Any], rest: Iterator[Any]) -> None:
        self.dtype = first.dtype
        self.frame_shape = first.shape
        self.shape = (ENDLESS, *first.shape)
        self.ndim = len(self.shape)
        self._rest: Iterator[Any] = chain([first], rest)

    @classmethod
    def begin(cls, frames: Iterable[Any]) -> Self:
        """Take the first frame; raises `ImageRefusedError` where there is none."""
        if isinstance(frames, np.ndarray) or not isinstance(frames, Iterable):
            raise ImageRefusedError(
                f"a {type(frames).__name__} is no sequence of frames", "Store an array with from_xarray(...)"
            )
        rest = iter(frames)
        first = next(rest, None)
        if first is None:
            raise ImageRefusedError("there is no frame", "Check where the frames come from")
        values: npt.NDArray[Any] = np.asarray(first)
        return cls(values, rest)

    def slabs(self, depth: int) -> Iterator[npt.NDArray[Any]]:
        """Yield up to *depth* frames at a time, in an array of their own."""
        slab, filled, number = np.empty((depth, *self.frame_shape), dtype=self.dtype), 0, 0
        for frame in self._rest:
            slab[filled] = self._checked(frame, number)
            filled, number = filled + 1, number + 1
            if filled == depth:
                yield slab
                slab, filled = np.empty_like(slab), 0
        if filled:
            yield slab[:filled]

    def _checked(self, frame: Any, number: int) -> npt.NDArray[Any]:
        values: npt.NDArray[Any] = np.asarray(frame)
        if values.shape != self.frame_shape or values.dtype != self.dtype:
            raise ImageRefusedError(
                f"frame {number} has shape {values.shape} and type {values.dtype}, but the first one has "
                f"{self.frame_shape} and {self.dtype}",
                "Give frames that are alike; nothing was kept",
            )
        return values
