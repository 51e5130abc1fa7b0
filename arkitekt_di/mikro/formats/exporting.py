"""From stored images to what goes into a file: the whole of one, or a part."""

from collections.abc import Mapping, Sequence

import xarray as xr

from arkitekt_di.errors import ImageRefusedError
from arkitekt_di.messages.descriptions import Acquisition, Channel
from arkitekt_di.mikro.formats.found import FoundImage
from arkitekt_di.mikro.image import Image


def found_image(image: Image, levels: Sequence[xr.DataArray], isel: Mapping[str, int | slice] | None) -> FoundImage:
    """Return a stored image, or a part of it, as it goes into a file.

    Parameters
    ----------
    image : Image
    levels : sequence of xarray.DataArray
        The pixels, and coarser levels where the file is to have them.
    isel : mapping of str to int or slice, or None
        The part.

    Raises
    ------
    ImageRefusedError
        *isel* names a dimension that the image does not have.
    """
    data, *coarser = levels
    part, channels = data, image.channels
    if isel is not None:
        if strangers := [dim for dim in isel if dim not in data.dims]:
            raise ImageRefusedError(
                f"isel names {strangers[0]!r}, which is no dimension of this image", f"Its dimensions are {image.dims}"
            )
        part = data.isel(isel).reset_coords(drop=True)
        channels = _chosen_channels(channels, isel)
        coarser = [level.isel(isel).reset_coords(drop=True) for level in coarser if _is_whole_along(data, level, isel)]
    kept = set(part.dims)
    sizes = {dim: size * _step(isel, dim) for dim, size in image.pixel_size.items() if dim in kept}
    units = {dim: unit for dim, unit in image.unit.items() if dim in kept}
    said = {"its description": image.description, "its tags": image.tags, "how it was acquired": image.acquisition}
    left_out = tuple(words for words, value in said.items() if value and value != Acquisition())
    return FoundImage(
        image.name,
        part,
        sizes,
        units,
        left_out,
        channels=channels if len(channels) == part.sizes.get("c", 0) else (),
        levels=tuple(coarser),
    )


def _is_whole_along(data: xr.DataArray, level: xr.DataArray, isel: Mapping[str, int | slice]) -> bool:
    """Tell whether a place along each dimension of *isel* is the same place in a coarser level."""
    return all(level.sizes[dim] == data.sizes[dim] for dim in isel)


def _chosen_channels(channels: tuple[Channel, ...], isel: Mapping[str, int | slice]) -> tuple[Channel, ...]:
    chosen = isel.get("c", slice(None))
    return channels[chosen] if isinstance(chosen, slice) else ()


def _step(isel: Mapping[str, int | slice] | None, dim: str) -> int:
    chosen = None if isel is None else isel.get(dim)
    return abs(chosen.step or 1) if isinstance(chosen, slice) else 1
