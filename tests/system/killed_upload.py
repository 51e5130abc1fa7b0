"""Stores a picture under a key and reports each shard; the test kills it at a moment that nobody chose.

Arguments: address of the hub, and the seed of the picture.
"""

import sys

import numpy as np

from arkitekt_di import easy
from arkitekt_di.mikro import Progress, from_xarray

SHAPE = (24, 256, 256)
DIMS = ("z", "y", "x")
SETTINGS = {"shard_mib": 0.125, "transfers": 2, "level_px": 64}
"""Shards that are large enough to be written into the hub's folder."""


def picture(seed: int) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint16]]":
    """Return noise, which no codec makes smaller."""
    return np.random.default_rng(seed).integers(0, 2**16, SHAPE, np.uint16)


def settings(seed: int) -> dict[str, object]:
    """Return how the picture is stored: every other one is sent, and the rest is written into the hub's folder."""
    return {**SETTINGS, "local_drafts": seed % 4 < 2}


def report(progress: Progress) -> None:
    """Say that a shard is in."""
    print(progress.done_bytes, flush=True)


if __name__ == "__main__":
    url, seed = sys.argv[1], int(sys.argv[2])
    with easy("killed", url=url, headless=True, no_cache=True):
        print("begun", flush=True)
        image = from_xarray(
            picture(seed), name="killed", dims=DIMS, key=f"seed {seed}", progress=report, settings=settings(seed)
        )
        print("stored", image.id, flush=True)
