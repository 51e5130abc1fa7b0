"""Names of images that come from files."""

from pathlib import PurePath
from typing import Final

_ENDINGS: Final = (".ome.tiff", ".ome.tif", ".ome.zarr", ".tar.gz")


def name_of(path: PurePath, number: int | None = None) -> str:
    """Return a name for an image: that of its file without its ending, and its number where there are several."""
    lower = path.name.lower()
    ending = next((ending for ending in _ENDINGS if lower.endswith(ending)), path.suffix)
    stem = path.name[: len(path.name) - len(ending)] or path.name
    return stem if number is None else f"{stem} {number}"
