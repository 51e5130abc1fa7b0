"""OME-Zarr groups (OME-NGFF 0.4 and 0.5), read by zarr where they are touched: images, several in one, and plates."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import xarray as xr
from pydantic import ValidationError

from arkitekt_di.errors import FileRefusedError
from arkitekt_di.messages.ngff import OmeDocument
from arkitekt_di.messages.pixels import ATTRIBUTE, PixelDocument
from arkitekt_di.mikro.formats.channels import NOTE, load_channels, ngff_channels
from arkitekt_di.mikro.formats.found import UNREADABLE, FilePixels, FoundImage, unreadable
from arkitekt_di.mikro.formats.naming import name_of
from arkitekt_di.mikro.pixels.coordinates import decode_coordinates
from arkitekt_di.mikro.pixels.values import decode

VERSIONS: Final = ("0.4", "0.5")


@contextmanager
def ome_zarr_images(path: Path) -> Iterator[tuple[FoundImage, ...]]:
    """Open a group; its images are good as long as its files are there.

    Raises
    ------
    FileRefusedError
        It holds no image, or one of another version of OME-NGFF.
    """
    import zarr

    try:
        group = zarr.open_group(path, mode="r")
        places = list(_places(group))
        images = tuple(
            _image(path, group[place] if place else group, place, alone=len(places) == 1) for place in places
        )
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise FileRefusedError(
            str(path), f"its OME-NGFF metadata are wrong at {where}: {first['msg']}", "Check it with ome-zarr-models"
        ) from error
    except UNREADABLE as error:
        raise unreadable(path, error) from error
    if not images:
        raise FileRefusedError(
            str(path), "there is no image in this group", f"Name a group of OME-NGFF {' or '.join(VERSIONS)}"
        )
    yield images


def _attributes(group: Any) -> dict[str, Any]:
    attributes = dict(group.attrs)
    ome: dict[str, Any] = attributes.get("ome", attributes)
    return ome


def _places(group: Any) -> Iterator[str]:
    """Yield where the images are: here, in the wells of a plate, or side by side (OME-NGFF "bioformats2raw")."""
    attributes = _attributes(group)
    if "multiscales" in attributes:
        yield ""
    elif "plate" in attributes:
        for well in attributes["plate"]["wells"]:
            for field in _attributes(group[well["path"]])["well"]["images"]:
                yield f"{well['path']}/{field['path']}"
    elif "bioformats2raw.layout" in attributes:
        yield from sorted((name for name in group.group_keys() if name.isdecimal()), key=int)


def _image(path: Path, group: Any, place: str, *, alone: bool) -> FoundImage:
    document = OmeDocument.model_validate(_attributes(group))
    multiscale = document.multiscales[0]
    version = document.version or dict(group.attrs).get("multiscales", [{}])[0].get("version", VERSIONS[0])
    if version not in VERSIONS:
        raise FileRefusedError(
            str(path), f"it is of OME-NGFF {version}", f"Convert it to {' or '.join(VERSIONS)} first"
        )
    stored = group[multiscale.datasets[0].path]
    if stored.ndim != len(multiscale.axes):
        raise FileRefusedError(
            str(path), f"{len(multiscale.axes)} axes are named for an array of {stored.ndim}", "Correct its metadata"
        )
    dims = tuple(axis.name for axis in multiscale.axes)
    data = FilePixels(stored, path).lazily(stored.shards or stored.chunks)
    array = xr.DataArray(data, dims=dims)
    array.name = None
    left = ["coarser levels of resolution"] if len(multiscale.datasets) > 1 else []
    note = stored.attrs.get(ATTRIBUTE)
    name = multiscale.name or name_of(path)
    name = name if alone else f"{name_of(path)} {place}"
    if note is not None:
        ours = _our_own(name, array, PixelDocument.model_validate(note), tuple(left))
        return replace(ours, channels=load_channels(stored.attrs.get(NOTE, ())))
    shown = () if document.omero is None or "c" not in dims else document.omero.channels
    shown = shown if shown and len(shown) == array.sizes["c"] else ()
    labels = [channel.label for channel in shown]
    array = array.assign_coords(c=labels) if labels and all(labels) else array
    finest = next(iter(multiscale.datasets))
    if any(step.translation is not None and any(step.translation) for step in finest.coordinate_transformations):
        left.append("its place in the world (translation)")
    known = [
        (axis, step)
        for axis, step in zip(multiscale.axes, multiscale.steps(), strict=True)
        if _is_known(axis.unit, step)
    ]
    return FoundImage(
        name,
        array,
        pixel_size={axis.name: step for axis, step in known},
        unit={axis.name: axis.unit for axis, _ in known if axis.unit is not None},
        left_out=tuple(left),
        channels=ngff_channels(shown),
    )


def _is_known(unit: str | None, step: float) -> bool:
    """Tell whether a scale says anything: OME-NGFF wants one with every axis, and 1 without a unit is none."""
    return (unit is not None or step != 1) and np.isfinite(step) and step > 0


def _our_own(name: str, array: xr.DataArray, document: PixelDocument, left_out: tuple[str, ...]) -> FoundImage:
    """Return an image that we wrote: with its own order of dimensions, coordinates and attributes."""
    turned = array.transpose(*(axis.name for axis in document.axes))
    labelled = xr.DataArray(
        turned.data, dims=turned.dims, coords=decode_coordinates(document.coords), attrs=decode(document.attrs) or {}
    )
    labelled.name = decode(document.name)
    sizes = {axis.name: axis.pixel_size for axis in document.axes if axis.pixel_size is not None}
    return FoundImage(name, labelled, pixel_size=sizes, unit=document.units(), left_out=left_out)
