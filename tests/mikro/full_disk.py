"""Writes to a file system of 1 MiB what is larger, and prints what it is told; every answer leaves the place empty.

Argument: the folder, which is that file system.
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from arkitekt_di import embedded
from arkitekt_di.errors import StorageFullError
from arkitekt_di.mikro import export_image, from_dataframe, from_xarray, search_tables, upload_file

NOISE = np.random.default_rng(0).integers(0, 2**16, (1200, 1200), np.uint16)


def told(write: Callable[[], object]) -> str:
    """Return what a write ends with."""
    try:
        write()
    except StorageFullError as error:
        return str(error)
    return "it fits"


if __name__ == "__main__":
    small, large = Path(sys.argv[1]), Path(tempfile.mkdtemp()) / "noise.npy"
    np.save(large, NOISE)
    with embedded("full"):
        image, file = from_xarray(NOISE, name="noise"), upload_file(large)
        writes: list[Callable[[], object]] = [
            lambda: file.download(small / "noise.npy"),
            *(lambda name=name: export_image(image, small / name) for name in ("a.npy", "a.ome.tif", "a.ome.zarr")),
        ]
        for write in writes:
            print(told(write), sorted(small.iterdir()))
        tempfile.tempdir = str(small)
        print(told(lambda: from_dataframe(pd.DataFrame({"x": NOISE.ravel()}), name="noise")), search_tables())
