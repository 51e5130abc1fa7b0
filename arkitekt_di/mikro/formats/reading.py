"""Which reader a file is for, by its first bytes, the documents of its folder, or last by its ending."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final

from arkitekt_di.errors import FileRefusedError
from arkitekt_di.mikro.formats.bioio_reading import bioio_images, is_known
from arkitekt_di.mikro.formats.found import FoundImage
from arkitekt_di.mikro.formats.numpy_files import npy_images, npz_images
from arkitekt_di.mikro.formats.ome_zarr_reading import ome_zarr_images
from arkitekt_di.mikro.formats.picture_files import picture_images
from arkitekt_di.mikro.formats.tiff_reading import tiff_images

Reader = Callable[[Path], AbstractContextManager[tuple[FoundImage, ...]]]
"""Opens a file; its images are good while the block lasts."""

_STARTS: Final[tuple[tuple[bytes, Reader], ...]] = (
    (b"II*\0", tiff_images),
    (b"MM\0*", tiff_images),
    (b"II+\0", tiff_images),  # BigTIFF
    (b"MM\0+", tiff_images),
    (b"\x89PNG\r\n\x1a\n", picture_images),
    (b"\xff\xd8\xff", picture_images),
    (b"\x93NUMPY", npy_images),
    (b"PK\x03\x04", npz_images),
)

_GROUP: Final = ("zarr.json", ".zattrs", ".zgroup")
KNOWN: Final = "TIFF, OME-TIFF, PNG, JPEG, OME-Zarr, .npy, .npz, and with the extra bioio CZI, ND2 and LIF"


def reader_of(path: Path) -> Reader:
    """Return the reader of a file or folder; raises `FileRefusedError` where there is none."""
    if path.is_dir():
        if any((path / name).is_file() for name in _GROUP):
            return ome_zarr_images
        raise FileRefusedError(
            str(path), "this folder is no OME-Zarr image", "Name the files in it, or give a pattern of their names"
        )
    try:
        with path.open("rb") as file:
            start = file.read(16)
    except FileNotFoundError as error:
        raise FileRefusedError(str(path), "there is no such file", "Check its name") from error
    except OSError as error:
        raise FileRefusedError(str(path), f"it cannot be read ({error.strerror})", "Check its rights") from error
    reader = next((reader for magic, reader in _STARTS if start.startswith(magic)), None)
    if reader is None and start and is_known(path):
        return bioio_images
    if reader is None:
        reason = "it is empty" if not start else f"its format is not known; known are {KNOWN}"
        raise FileRefusedError(str(path), reason, "Convert it to OME-TIFF or OME-Zarr, as with bioformats2raw")
    return reader


@contextmanager
def open_images(path: Path) -> Iterator[tuple[FoundImage, ...]]:
    """Open a file or folder and yield the images in it, whose pixels are read where they are touched."""
    with reader_of(path)(path) as images:
        yield images
