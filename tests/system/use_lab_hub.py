"""Does at a hub what a scientist does in a day; on the second day it finds what it left.

Arguments: address of the hub, and ``first`` or ``second``.
"""

import sys

import numpy as np
import xarray as xr

from arkitekt_di import easy
from arkitekt_di.mikro import (
    delete_image,
    ensure_folder,
    from_xarray,
    get_image,
    rename_image,
    search_folders,
    search_images,
)

STACK = xr.DataArray(np.arange(2 * 4 * 64 * 64, dtype="uint16").reshape(2, 4, 64, 64), dims=("c", "z", "y", "x"))


def first_day() -> None:
    folder = ensure_folder("experiments/embryo")
    assert ensure_folder("experiments/embryo").id == folder.id
    kept = from_xarray(STACK, name="kept")
    rename_image(kept.id, "embryo of the first day")
    from_xarray(STACK + 1, name="mistake")
    delete_image(search_images("mistake")[0].id)
    print(kept.id)


def second_day() -> None:
    assert [folder.name for folder in search_folders("embryo")] == ["embryo"]
    assert search_images("mistake") == []
    image = search_images("first day")[0]
    xr.testing.assert_identical(get_image(image.id).data.load(), STACK.rename(image.data.name))
    print(image.id)


if __name__ == "__main__":
    with easy("scientist", url=sys.argv[1], headless=True):
        {"first": first_day, "second": second_day}[sys.argv[2]]()
