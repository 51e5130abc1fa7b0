"""Pictures for the demo: one that comes with scikit-image, or a file of the user's own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import xarray as xr

from arkitekt_di.errors import MissingExtraError
from arkitekt_di.mikro.formats.found import FoundImage
from arkitekt_di.mikro.formats.importing import one_image


@contextmanager
def shown_picture(path: Path | None) -> Iterator[FoundImage]:
    """Yield the image in a file, the first where it holds several, in memory; the sample where there is no file.

    Raises
    ------
    FileRefusedError
        The file cannot be read, or does not say what its axes are.
    """
    if path is None:
        yield sample_picture()
        return
    with one_image(path, dims=None, scene=0) as found:
        yield replace(found, array=found.array.load())


def sample_picture() -> FoundImage:
    """Return a picture of immunohistochemical staining, dims ``(y, x, c)``, uint8, as scikit-image ships it."""
    try:
        from skimage import data
    except ImportError as error:
        raise MissingExtraError("demo", "the sample picture") from error
    pixels = data.immunohistochemistry()  # type: ignore[no-untyped-call]  # scikit-image has no types there
    array = xr.DataArray(pixels, dims=("y", "x", "c"), coords={"c": ["red", "green", "blue"]})
    return FoundImage("immunohistochemistry", array)
