"""Stores a large lazy picture and gets stuck on the way, for ever; the test kills it there.

Arguments: address of the hub, and the number of the block at which it gets stuck, or ``open``.
"""

import itertools
import sys
import threading

import dask.array
import numpy as np

from arkitekt_di import easy
from arkitekt_di.mikro import from_xarray

BLOCKS, EDGE = 12, 1024

counting = threading.Lock()
computed = itertools.count()


def get_stuck() -> None:
    print("stuck", flush=True)
    threading.Event().wait()


def compute() -> np.ndarray:
    with counting:
        if sys.argv[2] == str(next(computed)):
            get_stuck()
    return np.ones((4, EDGE, EDGE), "uint16")


if __name__ == "__main__":
    stack = dask.array.map_blocks(
        compute, chunks=((4,) * BLOCKS, (EDGE,), (EDGE,)), dtype="uint16", meta=np.empty((0, 0, 0), "uint16")
    )
    # One block after the other: when it gets stuck, all before are in the store.
    with easy("stuck", url=sys.argv[1], headless=True, no_cache=True, settings={"mikro": {"transfers": 1}}):
        if sys.argv[2] == "open":
            get_stuck()
        from_xarray(stack, name="stuck", dims=("z", "y", "x"))
