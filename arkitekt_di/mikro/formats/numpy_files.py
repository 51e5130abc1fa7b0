"""Arrays of NumPy: ``.npy``, which has no names for its axes, and ``.npz``, in which ours have."""

import json
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
import xarray as xr

from arkitekt_di.mikro.formats.channels import dump_channels, load_channels
from arkitekt_di.mikro.formats.counting import Counted, Told
from arkitekt_di.mikro.formats.found import UNREADABLE, FilePixels, FoundImage, unreadable
from arkitekt_di.mikro.formats.naming import name_of

_PIXELS: Final = "pixels"
_ABOUT: Final = "about"
_BLOCK: Final = 4096


@contextmanager
def npy_images(path: Path) -> Iterator[tuple[FoundImage, ...]]:
    """Open a ``.npy`` where it is touched; no pickle is ever read."""
    try:
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)
    except UNREADABLE as error:
        raise unreadable(path, error) from error
    data = FilePixels(mapped, path).lazily(
        [min(size, _BLOCK) if i >= mapped.ndim - 2 else 1 for i, size in enumerate(mapped.shape)]
    )
    yield (FoundImage(name_of(path), _unnamed(data)),)


@contextmanager
def npz_images(path: Path) -> Iterator[tuple[FoundImage, ...]]:
    """Read every array of a ``.npz``; one that `write_npz` wrote is an image with all that it holds."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (*UNREADABLE, zipfile.BadZipFile) as error:
        raise unreadable(path, error) from error
    if set(arrays) == {_PIXELS, _ABOUT}:
        yield (_described(path, arrays[_PIXELS], json.loads(str(arrays[_ABOUT]))),)
    else:
        single = len(arrays) == 1
        yield tuple(
            FoundImage(name_of(path) if single else f"{name_of(path)} {name}", _unnamed(array))
            for name, array in arrays.items()
        )


def _described(path: Path, pixels: Any, about: dict[str, Any]) -> FoundImage:
    array = xr.DataArray(
        pixels, dims=tuple(about["dims"]), coords={"c": about["channels"]} if about["channels"] else {}
    )
    said = load_channels(about.get("described", ()))
    return FoundImage(about["name"] or name_of(path), array, about["pixel_size"], about["unit"], channels=said)


def _unnamed(data: Any) -> xr.DataArray:
    array = xr.DataArray(data, dims=("y", "x") if data.ndim == 2 else tuple(f"dim_{i}" for i in range(data.ndim)))
    array.name = None
    return array


def write_npy(array: xr.DataArray, path: Path, told: Told) -> tuple[str, ...]:
    """Write the pixels block by block; return what ``.npy`` does not keep."""
    target = np.lib.format.open_memmap(path, mode="w+", dtype=array.dtype, shape=array.shape)
    _take_space(path)
    from dask import array as dask_array

    da: Any = dask_array  # Dask has types in part

    da.store(da.asarray(array.data), Counted(target, told), lock=False)
    target.flush()
    return ("names of dimensions", "pixel sizes", "what is known of channels")


def write_npz(image: FoundImage, path: Path, told: Told) -> tuple[str, ...]:
    """Write pixels, dimensions, pixel sizes and channels, compressed."""
    about = {
        "name": image.name,
        "dims": [str(dim) for dim in image.array.dims],
        "channels": channel_names(image.array) or [],
        "described": dump_channels(image.channels),
        "pixel_size": dict(image.pixel_size),
        "unit": dict(image.unit),
    }
    with path.open("wb") as file:
        np.savez_compressed(file, pixels=image.array.values, about=np.array(json.dumps(about)))
    told(image.array.nbytes)
    return ()


def channel_names(array: xr.DataArray) -> list[str] | None:
    """Return the labels of the dimension ``c`` where each is a text."""
    labels = list(array.coords["c"].values.tolist()) if "c" in array.coords and array.coords["c"].ndim == 1 else []
    return labels if labels and all(isinstance(label, str) for label in labels) else None


def _take_space(path: Path) -> None:
    """Have the whole file on the disk: where a page of a mapped one finds no space, the process is killed (SIGBUS)."""
    if hasattr(os, "posix_fallocate"):
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
