"""Files of microscope makers (CZI, ND2, LIF), read by bioio and its plugins under the promise of all others."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from arkitekt_di.errors import MissingExtraError
from arkitekt_di.mikro.formats.found import FilePixels, FoundImage, unreadable
from arkitekt_di.mikro.formats.naming import name_of

ENDINGS: Final = {".czi": "bioio_czi", ".nd2": "bioio_nd2", ".lif": "bioio_lif"}
"""Of the formats that the extra brings, and the packages that read them."""

_UNITS: Final = {"x": "µm", "y": "µm", "z": "µm", "t": "s"}
"""Of the three plugins above (bioio-czi 3, bioio-nd2 2, bioio-lif 2); others say theirs, or none is taken."""

_SAMPLES: Final = "s"


def is_known(path: Path) -> bool:
    """Tell whether bioio is asked for a file: by its ending, as plugins know files by nothing else."""
    name = path.name.lower()
    if name.endswith(tuple(ENDINGS)):
        return True
    if find_spec("bioio") is None:
        return False
    plugins = import_module("bioio.plugins").get_plugins(use_cache=True)
    return any(name.endswith(ending) for ending in plugins)


@contextmanager
def bioio_images(path: Path) -> Iterator[tuple[FoundImage, ...]]:
    """Open a file of a microscope's maker; each scene of it is an image.

    Raises
    ------
    MissingExtraError
        bioio, or its plugin for this ending, is not installed.
    FileRefusedError
        It is damaged, cut off or no such file.
    """
    ending = path.suffix.lower()
    if find_spec("bioio") is None or find_spec(ENDINGS.get(ending, "bioio")) is None:
        raise MissingExtraError("bioio", f"reading {ending} files")
    opened = import_module("bioio").BioImage
    try:
        scenes = len(opened(path).scenes)
        # A reader stands at one scene at a time, so each image has its own.
        images = tuple(_image(path, opened(path), scene, alone=scenes == 1) for scene in range(scenes))
    except Exception as error:  # what a plugin raises is its own affair: bioio has no class for it
        raise unreadable(path, error) from error
    yield images


def _image(path: Path, image: Any, scene: int, *, alone: bool) -> FoundImage:
    reader = image.reader
    reader.set_scene(scene)
    found = reader.xarray_dask_data
    dims = _dims([str(dim) for dim in found.dims])
    data = FilePixels(_Computed(found.data), path).lazily(found.data.chunksize)
    labels = found.coords["C"].values.tolist() if "C" in found.coords and "c" in dims else []
    has_labels = len(set(labels)) == len(labels) and all(isinstance(label, str) for label in labels)
    array = xr.DataArray(data, dims=dims, coords={"c": labels} if labels and has_labels else {})
    array.name = None
    sizes = _sizes(reader, dims)
    return FoundImage(
        name=name_of(path) if alone else f"{name_of(path)} {reader.current_scene}",
        array=array,
        pixel_size=sizes,
        unit=_units(reader, sizes, path),
        left_out=("coarser levels of resolution",) if len(reader.resolution_levels) > 1 else (),
    )


class _Computed:
    """Lazy pixels of a plugin as an array whose parts are read in the thread that asks for them."""

    def __init__(self, array: Any) -> None:
        self._array = array
        self.shape: tuple[int, ...] = tuple(array.shape)
        self.dtype = array.dtype

    def __getitem__(self, key: Any) -> npt.NDArray[Any]:
        """Read a part."""
        return np.asarray(self._array[key].compute(scheduler="synchronous"))


def _dims(names: Sequence[str]) -> tuple[str, ...]:
    """Return dimensions in lower case; samples are channels where there are no others, as in a TIFF."""
    named = [name.lower() for name in names]
    return tuple("c" if name == _SAMPLES and "c" not in named else name for name in named)


def _sizes(reader: Any, dims: Sequence[str]) -> dict[str, float]:
    scale = reader.scale
    said = {dim: getattr(scale, dim.upper(), None) for dim in _UNITS if dim in dims}
    return {dim: float(size) for dim, size in said.items() if size is not None and np.isfinite(size) and size > 0}


def _units(reader: Any, sizes: dict[str, float], path: Path) -> dict[str, str]:
    if path.suffix.lower() in ENDINGS:
        return {dim: _UNITS[dim] for dim in sizes}
    stated = {dim: getattr(reader.dimension_properties, dim.upper()).unit for dim in sizes}
    return {dim: str(unit) for dim, unit in stated.items() if unit is not None}
