"""Pictures for the demo: one that comes with scikit-image, or a TIFF of the user's own."""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import xarray as xr

from arkitekt_di.errors import ImageRefusedError, MissingExtraError

OME = "{http://www.openmicroscopy.org/Schemas/OME/2016-06}"
"""Namespace of OME-XML: https://docs.openmicroscopy.org/ome-model/latest/."""

MICROMETRE_NAMES = frozenset({"µm", "μm", "um", "micron"})
"""Spellings of one unit; both the micro sign and the Greek letter are in use."""


def sample_picture() -> xr.DataArray:
    """Return a picture of immunohistochemical staining, dims ``(y, x, c)``, uint8, as scikit-image ships it."""
    try:
        from skimage import data
    except ImportError as error:
        raise MissingExtraError("demo", "the sample picture") from error
    pixels = data.immunohistochemistry()  # type: ignore[no-untyped-call]  # scikit-image has no types there
    return xr.DataArray(
        pixels, dims=("y", "x", "c"), coords={"c": ["red", "green", "blue"]}, name="immunohistochemistry"
    )


def read_tiff(path: Path) -> xr.DataArray:
    """Read the first series of a TIFF with dims, channel names and pixel size.

    Parameters
    ----------
    path : Path
        A TIFF; what OME-XML in it says is used.

    Returns
    -------
    xarray.DataArray
        Dims in the file's order, in lower case; ``z``, ``y`` and ``x`` in the file's unit where it states a pixel
        size, ``c`` with the names of the channels.

    Raises
    ------
    ImageRefusedError
        The file cannot be read as a TIFF.
    """
    try:
        import tifffile
    except ImportError as error:
        raise MissingExtraError("demo", "reading TIFF files") from error
    try:
        with tifffile.TiffFile(path) as file:
            series = file.series[0]
            pixels, axes, metadata = series.asarray(), series.axes.lower(), file.ome_metadata
    except (OSError, ValueError, tifffile.TiffFileError) as error:
        raise ImageRefusedError(f"{path} cannot be read as a TIFF: {error}", "Name a TIFF file") from error
    sizes = dict(zip(axes, pixels.shape, strict=True))
    name = path.name.split(".")[0]
    return xr.DataArray(pixels, dims=tuple(axes), coords=_coords(metadata, sizes), name=name)


def _coords(metadata: str | None, sizes: dict[str, int]) -> dict[str, Any]:
    if metadata is None:
        return {}
    root = ET.fromstring(metadata)  # noqa: S314  # the user's own file, and expat bounds entity expansion
    described = root.find(f"{OME}Image/{OME}Pixels")
    if described is None:
        return {}
    coords: dict[str, Any] = {}
    for dim in ("z", "y", "x"):
        step = described.get(f"PhysicalSize{dim.upper()}")
        if step is not None and dim in sizes:
            unit = described.get(f"PhysicalSize{dim.upper()}Unit", "µm")
            units = "micrometer" if unit in MICROMETRE_NAMES else unit
            coords[dim] = (dim, np.arange(sizes[dim]) * float(step), {"units": units})
    names = [channel.get("Name") for channel in described.findall(f"{OME}Channel")]
    if len(names) == sizes.get("c") and all(names):
        coords["c"] = names
    return coords
