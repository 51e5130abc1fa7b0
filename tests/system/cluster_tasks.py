"""What runs in the workers of a Dask cluster."""

import os
from typing import Any

import dask.array as da
import numpy as np

from arkitekt_di.mikro import from_xarray


def signed(block: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return a block that tells which process computed it."""
    return np.full(block.shape, os.getpid(), np.int64)


def stored(number: int) -> str:
    """Store an image out of a worker, and return its identifier."""
    return from_xarray(np.full((40, 50), number, np.int64), name=f"of worker {number}").id


def stored_lazily(values: np.ndarray[Any, Any]) -> str:
    """Store a lazy array out of a task, and return its identifier."""
    lazy = da.from_array(values, chunks=(4, 50, 60))
    return from_xarray(lazy, name="inside", dims=("z", "y", "x"), settings={"chunk_px": 64, "shard_mib": 0.02}).id
