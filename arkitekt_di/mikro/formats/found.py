"""What is found in a file: an image that can be stored, read where it is touched."""

import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import xarray as xr

from arkitekt_di.errors import FileRefusedError
from arkitekt_di.messages.descriptions import Channel

UNREADABLE: Final = (
    *(OSError, ValueError, RuntimeError, TypeError, KeyError, IndexError, EOFError, NotImplementedError),
    *(struct.error, zlib.error),
)
"""What decoders raise on files that are damaged, cut off or of a kind that they do not know."""

BLOCK_BYTES: Final = 16 * 2**20
"""What is read from a file at once, uncompressed, where its own blocks are smaller."""


@dataclass(frozen=True)
class FoundImage:
    """One image of a file.

    Attributes
    ----------
    name : str
    array : xarray.DataArray
        Dimensions as the file names them; pixels lazily, where the format allows.
    pixel_size : mapping of str to float
        Along each dimension whose size the file states.
    unit : mapping of str to str
        Of those sizes.
    left_out : tuple of str
        What the file holds and an image does not keep, or the other way round.
    channels : tuple of Channel
        One for each position along ``c``; none where nothing is said beside the coordinate.
    levels : tuple of xarray.DataArray
        Coarser levels of resolution with the same dimensions, the finest of them first.
    """

    name: str
    array: xr.DataArray
    pixel_size: Mapping[str, float] = field(default_factory=dict)
    unit: Mapping[str, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    channels: tuple[Channel, ...] = ()
    levels: tuple[xr.DataArray, ...] = ()

    def with_dims(self, path: Path, dims: Sequence[str]) -> Self:
        """Return the image with the dimensions that somebody who knows has named."""
        if len(dims) != self.array.ndim or len(set(dims)) < len(dims):
            raise FileRefusedError(
                str(path),
                f"dims={tuple(dims)!r} does not name the {self.array.ndim} dimensions of shape {self.array.shape}",
                "Name each of them once, in order",
            )
        names = dict(zip((str(dim) for dim in self.array.dims), dims, strict=True))
        array = self.array.reset_coords(drop=True).rename({old: new for old, new in names.items() if old != new})
        sizes = {names[dim]: size for dim, size in self.pixel_size.items()}
        units = {names[dim]: unit for dim, unit in self.unit.items()}
        channels = self.channels if names.get("c") == "c" else ()
        return replace(self, array=array, pixel_size=sizes, unit=units, channels=channels)


class FilePixels:
    """Pixels of a file as an array that Dask can slice; what its decoder raises is told with the name of the file.

    Parameters
    ----------
    array : array-like
        Has shape, dtype and basic indexing.
    path : Path
    """

    def __init__(self, array: Any, path: Path) -> None:
        self._array = array
        self._path = path
        self.shape: tuple[int, ...] = tuple(array.shape)
        self.dtype: np.dtype[Any] = np.dtype(array.dtype)
        self.ndim = len(self.shape)

    def __getitem__(self, key: Any) -> npt.NDArray[Any]:
        """Return a part; raises `FileRefusedError` where it cannot be decoded."""
        try:
            return np.asarray(self._array[key])
        except UNREADABLE as error:
            raise unreadable(self._path, error) from error

    def lazily(self, block: Sequence[int]) -> Any:
        """Return a Dask array whose chunks are multiples of *block*, the part that the file decodes at once."""
        from dask import array

        da: Any = array  # Dask has types in part

        edges, room = list(block), BLOCK_BYTES // max(1, int(np.prod(block)) * self.dtype.itemsize)
        for axis in reversed(range(self.ndim)):
            times = max(1, min(room, -(-self.shape[axis] // edges[axis])))
            edges[axis] *= times
            room //= times
        chunks = tuple(min(edge, size) for edge, size in zip(edges, self.shape, strict=True))
        return da.from_array(
            self, chunks=chunks, name=False, asarray=False, meta=np.empty((0,) * self.ndim, self.dtype)
        )


def unreadable(path: Path, error: BaseException) -> FileRefusedError:
    """Return the error for a file that its decoder gives up on."""
    if "imagecodecs" in str(error):
        return FileRefusedError(str(path), "its compression needs imagecodecs", "Run `pip install imagecodecs`")
    said = f"{error}".strip().splitlines()
    reason = said[0][:200] if said else type(error).__name__
    return FileRefusedError(
        str(path), f"it is damaged, cut off or not what its name says ({reason})", "Copy it again, or name another file"
    )
