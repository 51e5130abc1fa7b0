"""Does at a hub what a scientist does in a day; on the second day it finds what it left.

Arguments: address of the hub, and ``first`` or ``second``.
"""

import io
import sys

import numpy as np
import pandas as pd
import xarray as xr

from arkitekt_di import call, easy, register
from arkitekt_di.mikro import (
    create_metric,
    create_roi,
    delete_image,
    ensure_folder,
    from_dataframe,
    from_xarray,
    get_image,
    get_metrics,
    get_rois,
    rename_image,
    search_files,
    search_folders,
    search_images,
    search_tables,
    upload_file,
)

STACK = xr.DataArray(np.arange(2 * 4 * 64 * 64, dtype="uint16").reshape(2, 4, 64, 64), dims=("c", "z", "y", "x"))
CELLS = pd.DataFrame({"x": [1.5, 2.5], "kind": ["neuron", "glia"]})


@register
def brightest(name: str) -> int:
    """Return the largest value of an image."""
    return int(search_images(name)[0].data.max())


def first_day() -> None:
    folder = ensure_folder("experiments/embryo")
    assert ensure_folder("experiments/embryo").id == folder.id
    kept = from_xarray(STACK, name="kept")
    rename_image(kept.id, "embryo of the first day")
    from_xarray(STACK + 1, name="mistake")
    delete_image(search_images("mistake")[0].id)
    upload_file(io.BytesIO(b"what we saw"), name="notes.txt", folder="experiments/embryo", key="notes")
    from_dataframe(CELLS, name="cells", image=kept, folder="experiments/embryo")
    create_roi(kept, [[1, 1], [9, 9]], "rectangle", label="nucleus")
    create_metric(kept, "nuclei", 412)
    assert call("brightest", "first day") == STACK.max()
    print(kept.id)


def second_day() -> None:
    assert [folder.name for folder in search_folders("embryo")] == ["embryo"]
    assert search_images("mistake") == []
    image = search_images("first day")[0]
    xr.testing.assert_identical(get_image(image.id).data.load(), STACK.rename(image.data.name))
    assert [file.read() for file in search_files("notes", folder="experiments/embryo")] == [b"what we saw"]
    pd.testing.assert_frame_equal(search_tables("cells", image=image)[0].to_pandas(), CELLS)
    assert [(roi.label, roi.dims) for roi in get_rois(image)] == [("nucleus", ("y", "x"))]
    assert [metric.value for metric in get_metrics(image, key="nuclei")] == [412]
    assert call("brightest", "first day") == STACK.max()
    print(image.id)


if __name__ == "__main__":
    with easy("scientist", url=sys.argv[1], headless=True) as app, app.rekuest.serving(sys.modules["__main__"]):
        {"first": first_day, "second": second_day}[sys.argv[2]]()
