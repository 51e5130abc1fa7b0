"""An array that has been looked at and can be stored: everything is refused here, before anything moves."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import xarray as xr

from arkitekt_di.errors import ImageRefusedError
from arkitekt_di.messages.images import Axis
from arkitekt_di.messages.pixels import PixelDocument
from arkitekt_di.mikro.pixels.axes import MAX_NAME, check_dims, describe_axes, dims_of_unnamed
from arkitekt_di.mikro.pixels.coordinates import encode_coordinates
from arkitekt_di.mikro.pixels.frames import Frames
from arkitekt_di.mikro.pixels.units import axis_type
from arkitekt_di.mikro.pixels.values import encode

PIXEL_TYPES: Final = frozenset(
    {"bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"}
    | {"float16", "float32", "float64", "complex64", "complex128"}
)
"""NumPy names of what a pixel can be: the numbers among the core data types of zarr v3."""

_REMEDIES: Final = {
    "O": "Convert it to numbers, such as array.astype('float32')",
    "M": "Keep moments as a coordinate, or convert them: (array - start) / np.timedelta64(1, 's')",
    "m": "Keep durations as a coordinate, or convert them: array / np.timedelta64(1, 's')",
    "V": "Store each field as an image of its own",
}


@dataclass(frozen=True)
class Picture:
    """What will be stored.

    Attributes
    ----------
    name : str
        Name of the image.
    dims : tuple of str
    data : numpy.ndarray or dask.array.Array
        The pixels; may be of foreign byte order, which is turned chunk by chunk.
    document : PixelDocument
        Without its manifest.
    """

    name: str
    dims: tuple[str, ...]
    data: Any
    document: PixelDocument

    @property
    def dtype(self) -> np.dtype[Any]:
        """Data type of a pixel, in the byte order of this machine."""
        dtype: np.dtype[Any] = self.data.dtype
        return dtype.newbyteorder("=")

    def axes(self) -> tuple[Axis, ...]:
        """Return the axes as the record holds them."""
        units = self.document.units()
        return tuple(Axis(name=dim, type=axis_type(dim), unit=units.get(dim)) for dim in self.dims)


def picture_of(
    array: object,
    *,
    name: str,
    dims: Sequence[str] | None = None,
    pixel_size: Mapping[str, float] | None = None,
    unit: str | Mapping[str, str] | None = None,
) -> Picture:
    """Return *array* ready to be stored.

    Raises
    ------
    ImageRefusedError
        It would not come back as it is, or does not say what its axes are; names what is wrong and what to do.
    """
    check_name(name)
    labelled = _labelled(array, dims)
    _check_pixels(labelled)
    document = PixelDocument(
        axes=describe_axes(labelled, pixel_size=pixel_size, unit=unit),
        name=encode(labelled.name, "the name of the DataArray"),
        attrs=encode(dict(labelled.attrs), "attrs"),
        coords=encode_coordinates(labelled),
    )
    return Picture(name=name, dims=tuple(str(dim) for dim in labelled.dims), data=labelled.data, document=document)


def picture_of_frames(
    frames: Iterable[Any],
    *,
    name: str,
    dims: Sequence[str],
    pixel_size: Mapping[str, float] | None = None,
    unit: str | Mapping[str, str] | None = None,
) -> Picture:
    """Return frames ready to be stored, having looked at the first one; raises as `picture_of` does."""
    begun = Frames.begin(frames)
    one = np.zeros((1, *begun.frame_shape), dtype=begun.dtype)
    picture = picture_of(one, name=name, dims=dims, pixel_size=pixel_size, unit=unit)
    return replace(picture, data=begun)


def check_name(name: object) -> None:
    """Raise `ImageRefusedError` where *name* is none for an image."""
    if not isinstance(name, str) or not name.strip():
        raise ImageRefusedError(f"{name!r} is no name for an image", "Give a name, such as name='embryo'")
    if len(name) > MAX_NAME:
        raise ImageRefusedError(f"the name has {len(name)} characters", f"Shorten it to at most {MAX_NAME}")
    if not name.isprintable():
        raise ImageRefusedError("the name holds characters that cannot be shown", "Leave them out")


def _labelled(array: object, dims: Sequence[str] | None) -> xr.DataArray:
    if isinstance(array, xr.DataArray):
        return _relabelled(array, dims)
    if not (type(array) in (np.ndarray, np.memmap) or _is_dask(array)):
        kind = f"{type(array).__module__}.{type(array).__qualname__}".removeprefix("builtins.")
        raise ImageRefusedError(f"a {kind} is not an array that can be stored", _remedy_for_kind(array))
    values: Any = array
    names = dims_of_unnamed(values.shape) if dims is None else _given_dims(values.shape, dims)
    labelled = xr.DataArray(_taken_as_it_is(values, check_dims(names)), dims=names)
    labelled.name = None  # xarray takes Dask's name, which means nothing to people
    return labelled


def _taken_as_it_is(values: Any, dims: Sequence[str]) -> Any:
    """Return an array of numbers as a variable, which xarray takes unseen; to look, it loads dask and scipy."""
    if type(values) is not np.ndarray or values.dtype.kind not in "biufc":
        return values
    return xr.Variable(dims, values, fastpath=True)


def _remedy_for_kind(array: object) -> str:
    if isinstance(array, xr.Dataset):
        return "Choose one of its variables, such as dataset['image']"
    if isinstance(array, np.ma.MaskedArray):
        return "Fill the mask with array.filled(value), and store the mask as an image of its own"
    return "Pass an xarray.DataArray, a NumPy array or a Dask array, such as numpy.asarray(it)"


def _relabelled(array: xr.DataArray, dims: Sequence[str] | None) -> xr.DataArray:
    unnamed = all(dim == f"dim_{i}" for i, dim in enumerate(array.dims))
    if unnamed and array.ndim > 0:
        names = dims_of_unnamed(array.shape) if dims is None else _given_dims(array.shape, dims)
        return array.rename(dict(zip(array.dims, check_dims(names), strict=True)))
    names = check_dims(array.dims)
    if dims is not None and tuple(dims) != names:
        raise ImageRefusedError(
            f"dims={tuple(dims)!r} contradicts the dimensions {names!r} of the DataArray",
            "Leave dims out, or rename them with array.rename({...}) or array.transpose(...)",
        )
    return array


def _given_dims(shape: Sequence[int], dims: Sequence[str]) -> tuple[str, ...]:
    names = tuple(dims)
    if len(names) != len(shape):
        raise ImageRefusedError(
            f"dims={names!r} names {len(names)} dimensions, but the array of shape {tuple(shape)} has {len(shape)}",
            "Name each of them once, in order",
        )
    return names


def _check_pixels(array: xr.DataArray) -> None:
    dtype: object = array.dtype  # pandas has types of its own
    if not isinstance(dtype, np.dtype) or dtype.newbyteorder("=").name not in PIXEL_TYPES:
        remedy = _REMEDIES.get(getattr(dtype, "kind", ""), f"Convert it to one of {', '.join(sorted(PIXEL_TYPES))}")
        raise ImageRefusedError(f"pixels of type {dtype} cannot be stored", remedy)
    if 0 in array.shape:
        raise ImageRefusedError(f"an array of shape {array.shape} holds no pixels", "Check the slices it came from")
    if _is_dask(array.data) and any(np.isnan(size) for size in array.data.shape):
        raise ImageRefusedError("the Dask array does not know its shape", "Call .compute_chunk_sizes() on it first")
    kind = array.data._meta if _is_dask(array.data) else array.data  # noqa: SLF001  # Dask's own word for what a block is
    if type(kind) not in (np.ndarray, np.memmap):
        raise ImageRefusedError(f"pixels held by a {type(kind).__qualname__} cannot be stored", _remedy_for_kind(kind))


def _is_dask(array: object) -> bool:
    """Tell without importing Dask: who has no Dask array has not imported it either."""
    return type(array).__module__.startswith("dask.array") and hasattr(array, "dask")
