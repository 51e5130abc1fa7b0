"""What an image looks like: thumbnail, card and plot; a card never raises."""

import base64
import io
import re
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
import xarray as xr
from PIL import Image as Pillow

from arkitekt_di import embedded
from arkitekt_di.errors import ImageRefusedError
from arkitekt_di.mikro import afrom_xarray, from_xarray
from arkitekt_di.mikro.shown import THUMBNAIL_PX, composite, plane_of, thumbnail
from arkitekt_di.picture import png


def opened(picture: bytes) -> Any:
    return np.asarray(Pillow.open(io.BytesIO(picture)))


def test_a_png_of_ours_is_read_by_others_pixel_by_pixel():
    pixels = np.random.default_rng(0).integers(0, 256, (7, 11, 3), dtype="uint8")

    assert np.array_equal(opened(png(pixels)), pixels)


def test_a_thumbnail_shows_the_middle_of_the_depth_and_is_small():
    stack = xr.DataArray(np.zeros((2, 5, 600, 400), "uint16"), dims=("t", "z", "y", "x"))
    stack[0, 2, :300] = 1000

    picture = opened(thumbnail(stack.chunk()))

    assert picture.shape == (150, 100, 3)
    assert max(picture.shape) <= THUMBNAIL_PX
    assert (picture[:75].min(), picture[75:].max()) == (255, 0)


def test_channels_are_shown_in_colours_of_their_own():
    plane = xr.DataArray(np.zeros((2, 4, 4), "float32"), dims=("c", "y", "x"))
    plane[0, 0], plane[1, 3] = 7.0, 0.001

    shown = composite(plane)

    assert shown[0, 0].tolist() == [0, 255, 0]
    assert shown[3, 0].tolist() == [255, 0, 255]


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint64", "float64", "complex64"])
def test_every_type_of_pixel_has_a_picture_nan_and_infinity_included(dtype: str):
    plane = np.arange(12).reshape(3, 4).astype(dtype)
    if dtype == "float64":
        plane[0, 0], plane[0, 1] = np.nan, np.inf

    assert composite(xr.DataArray(plane, dims=("y", "x"))).shape == (3, 4, 3)


def test_colour_is_shown_as_it_is():
    colour = xr.DataArray(np.random.default_rng(0).integers(0, 256, (9, 8, 3), dtype="uint8"), dims=("y", "x", "c"))

    assert np.array_equal(opened(thumbnail(colour)), colour.values)


def test_a_trace_has_no_plane():
    with pytest.raises(ImageRefusedError, match="fewer than two dimensions"):
        plane_of(xr.DataArray(np.zeros(5), dims=("t",)))


def test_a_card_holds_a_picture_and_what_is_known():
    array = xr.DataArray(np.eye(40, dtype="uint16")[None], dims=("c", "y", "x"), coords={"c": ["<DAPI>"]})
    with embedded("shown"):
        image = from_xarray(array, name="embryo <1>", pixel_size={"y": 0.5, "x": 0.5}, unit="µm")

        card = image._repr_html_()

    picture = re.search(r"base64,([A-Za-z0-9+/=]+)'", card)
    assert picture is not None
    assert opened(base64.b64decode(picture[1])).shape == (40, 40, 3)
    for said in ("embryo &lt;1&gt;", "&lt;DAPI&gt;", "y 0.5 µm, x 0.5 µm", "uint16", image.id):
        assert said in card


def test_a_card_without_a_picture_says_why():
    with embedded("shown"):
        trace = from_xarray(np.arange(5), name="trace", dims=("t",))
        gone = from_xarray(np.zeros((4, 5)), name="gone")
    # The app is left: nothing can be read any more.
    assert "No picture: " in trace._repr_html_()
    assert "No picture: " in gone._repr_html_()


@pytest.mark.anyio
async def test_a_card_on_the_apps_own_loop_does_not_block_it():
    async with embedded("shown"):
        image = await afrom_xarray(np.zeros((4, 5)), name="here")

        assert "would block" in (await image.arename("there"))._repr_html_()


def test_a_plot_has_units_names_and_the_axes_that_were_given():
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    array = xr.DataArray(np.arange(2 * 6 * 8.0).reshape(2, 6, 8), dims=("c", "y", "x"), coords={"c": ["DAPI", "GFP"]})
    with embedded("shown"):
        image = from_xarray(array, name="embryo", pixel_size={"y": 0.5, "x": 0.25}, unit="µm")
        figure, axes = plt.subplots()

        drawn = image.plot(axes)

    assert drawn is axes
    assert (axes.get_title(), axes.get_xlabel(), axes.get_ylabel()) == ("embryo", "x [µm]", "y [µm]")
    assert axes.images[0].get_extent() == [-0.125, 1.875, 2.75, -0.25]
    assert [text.get_text() for text in axes.texts] == ["DAPI", "GFP"]
    plt.close(figure)
