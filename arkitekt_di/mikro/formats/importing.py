"""From files to images that can be stored: what is ambiguous is asked for, and never guessed."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import xarray as xr

from arkitekt_di.errors import FileRefusedError
from arkitekt_di.mikro.formats.found import FoundImage
from arkitekt_di.mikro.formats.pattern import FileGroup
from arkitekt_di.mikro.formats.reading import open_images

_MEANINGLESS: Final = ("i", "q", "s", "dim_")


@contextmanager
def one_image(path: Path, *, dims: Sequence[str] | None, scene: int | None) -> Iterator[FoundImage]:
    """Open a file and yield the one image that is meant.

    Raises
    ------
    FileRefusedError
        It cannot be read, holds several images and none was chosen, or does not say what its axes are.
    """
    with open_images(path) as images:
        yield _described(path, _chosen(path, images, scene), dims)


@contextmanager
def all_images(path: Path, *, dims: Sequence[str] | None) -> Iterator[tuple[FoundImage, ...]]:
    """Open a file and yield every image in it."""
    with open_images(path) as images:
        yield tuple(_described(path, image, dims) for image in images)


@contextmanager
def stacked_image(group: FileGroup, *, dims: Sequence[str] | None) -> Iterator[FoundImage]:
    """Open the files of one image and yield them as one array, without reading their pixels."""
    with ExitStack() as stack:
        pieces = [stack.enter_context(one_image(path, dims=dims, scene=None)) for path in group.files]
        first = pieces[0]
        for path, piece in zip(group.files, pieces, strict=True):
            _check_alike(path, first.array, piece.array, group.dims)
        array = _stacked([piece.array for piece in pieces], group)
        array.attrs |= group.fields
        # Pieces say something about their own channels, not about those that they are stacked along.
        yield replace(first, name=group.name, array=array, channels=() if "c" in group.dims else first.channels)


def _chosen(path: Path, images: Sequence[FoundImage], scene: int | None) -> FoundImage:
    if scene is None and len(images) == 1:
        return images[0]
    if scene is None or not 0 <= scene < len(images):
        listed = ", ".join(f"{i}: {image.name}" for i, image in enumerate(images[:10]))
        raise FileRefusedError(
            str(path),
            f"it holds {len(images)} images ({listed})",
            "Choose one with scene=0, or take all: import_images",
        )
    return images[scene]


def _described(path: Path, image: FoundImage, dims: Sequence[str] | None) -> FoundImage:
    if dims is not None:
        return image.with_dims(path, dims)
    found = tuple(str(dim) for dim in image.array.dims)
    unknown = [dim for dim in found if dim in _MEANINGLESS or dim.startswith(_MEANINGLESS[-1])]
    if unknown:
        raise FileRefusedError(
            str(path),
            f"it does not say what its axes are: shape {image.array.shape}",
            f"Name them, such as dims={_example(image.array.ndim)!r}",
        )
    return image


def _example(rank: int) -> tuple[str, ...]:
    return tuple("tczyx"[-rank:]) if rank <= len("tczyx") else tuple(f"axis{i}" for i in range(rank))


def _check_alike(path: Path, first: xr.DataArray, piece: xr.DataArray, stacked: Sequence[str]) -> None:
    if (piece.dims, piece.shape, piece.dtype) != (first.dims, first.shape, first.dtype):
        raise FileRefusedError(
            str(path),
            f"it has {dict(piece.sizes)} of {piece.dtype}, the first of its image {dict(first.sizes)} of {first.dtype}",
            "Import images of one kind only",
        )
    if both := [dim for dim in stacked if dim in piece.dims]:
        raise FileRefusedError(
            str(path), f"it has a dimension {both[0]!r} itself", f"Use another name for the field {both[0]!r}"
        )


def _stacked(arrays: Sequence[xr.DataArray], group: FileGroup) -> xr.DataArray:
    from dask import array as dask_array

    da: Any = dask_array  # Dask has types in part

    lengths = [len(labels) for labels in group.labels]
    data = (
        da.stack([array.data for array in arrays]).reshape((*lengths, *arrays[0].shape)) if lengths else arrays[0].data
    )
    coords = {dim: list(labels) for dim, labels in zip(group.dims, group.labels, strict=True) if dim == "c"}
    kept = {name: coord for name, coord in arrays[0].coords.items() if name not in coords}
    array = xr.DataArray(data, dims=(*group.dims, *arrays[0].dims), coords={**kept, **coords})
    array.name = None
    return array
