"""Files written from images: whole or not at all, and never over something that is there."""

import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from arkitekt_di.errors import FileRefusedError, StorageFullError
from arkitekt_di.messages.ngff import OLD_VERSION, VERSION
from arkitekt_di.mikro.formats.counting import Told
from arkitekt_di.mikro.formats.found import FoundImage
from arkitekt_di.mikro.formats.numpy_files import write_npy, write_npz
from arkitekt_di.mikro.formats.ome_zarr_writing import write_ome_zarr
from arkitekt_di.mikro.formats.picture_files import write_picture
from arkitekt_di.mikro.formats.tiff_writing import write_tiff
from arkitekt_di.mikro.full_disk import telling_full

Writer = Callable[[FoundImage, Path, Told], tuple[str, ...]]
"""Writes an image to a path where nothing is, tells of its bytes, and returns what the format does not keep."""

_WRITERS: Final[dict[str, Writer]] = {
    ".ome.zarr": write_ome_zarr,
    ".zarr": write_ome_zarr,
    ".ome.tiff": write_tiff,
    ".ome.tif": write_tiff,
    ".tiff": write_tiff,
    ".tif": write_tiff,
    ".png": lambda image, path, told: write_picture(image.array, path, told),
    ".npy": lambda image, path, told: write_npy(image.array, path, told),
    ".npz": write_npz,
}


@dataclass(frozen=True)
class Exported:
    """A file that was written.

    Attributes
    ----------
    path : Path
    left_out : tuple of str
        What the image has and the format does not keep, in words.
    """

    path: Path
    left_out: tuple[str, ...] = ()

    def __fspath__(self) -> str:
        """Let functions that take paths take it."""
        return str(self.path)


def check_target(path: Path) -> Writer:
    """Return the writer for a path; raises `FileRefusedError` where nothing can be written there."""
    name = path.name.lower()
    writer = next((writer for ending, writer in _WRITERS.items() if name.endswith(ending)), None)
    if writer is None:
        raise FileRefusedError(
            str(path), "its ending names no format that is written", f"Choose one of {', '.join(sorted(_WRITERS))}"
        )
    if path.exists():
        raise FileRefusedError(str(path), "there is something of that name", "Remove it, or choose another name")
    if not path.parent.is_dir():
        raise FileRefusedError(str(path), f"there is no folder {path.parent}", "Make it first")
    return writer


def keeps_levels(path: Path) -> bool:
    """Tell whether the format that the ending of *path* names has a place for coarser levels."""
    return check_target(path) is write_ome_zarr


def write_image(image: FoundImage, path: Path, told: Told = lambda _: None, *, ngff: str = VERSION) -> Exported:
    """Write an image in the format that the ending of *path* names; *ngff* is the version of OME-Zarr."""
    keeps_everything = keeps_levels(path)
    writer = partial(write_ome_zarr, version=ngff) if keeps_everything else check_target(path)
    if ngff not in (VERSION, OLD_VERSION) or (ngff != VERSION and not keeps_everything):
        raise FileRefusedError(
            str(path), f"it cannot be of OME-NGFF {ngff}", f"Write .ome.zarr of {VERSION} or {OLD_VERSION}"
        )
    # Written beside its place, under a name with the same ending, and moved there in one step.
    draft = path.with_name(f".{secrets.token_hex(4)}-{path.name}")
    try:
        with telling_full(path.parent):
            left_out = (
                *image.left_out,
                *writer(image, draft, told),
                *(() if keeps_everything else _unkept(image)),
            )
            draft.rename(path)
    except StorageFullError:
        raise
    except OSError as error:
        raise FileRefusedError(str(path), f"it cannot be written ({error.strerror})", "Check the folder") from error
    finally:
        if draft.is_dir():
            shutil.rmtree(draft, ignore_errors=True)
        else:
            draft.unlink(missing_ok=True)
    return Exported(path, left_out)


def _unkept(image: FoundImage) -> tuple[str, ...]:
    """Return the attributes and coordinates, which only OME-Zarr of ours keeps."""
    attributes = tuple(f"the attribute {name!r}" for name in image.array.attrs)
    coordinates = tuple(f"the coordinate {name}" for name in image.array.coords if name != "c")
    return (*attributes, *coordinates)
