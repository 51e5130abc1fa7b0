"""What would not come back as it is, or does not say what it is, is refused before anything moves."""

from typing import Any

import dask.array as da
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from arkitekt_di.errors import ImageRefusedError
from arkitekt_di.koil import Koil
from arkitekt_di.mikro.in_memory import InMemoryImageRecords, InMemoryPixelStore
from arkitekt_di.mikro.service import Mikro
from tests.mikro.arrays import noise, stack


def refusal(mikro: Mikro, koil: Koil, array: Any, **options: Any) -> str:
    """Return the text with which an array is refused."""
    with pytest.raises(ImageRefusedError) as caught:
        koil.call(mikro.afrom_xarray, array, **{"name": "embryo"} | options)
    return str(caught.value)


@pytest.fixture(autouse=True)
def _nothing_moves(records: InMemoryImageRecords, pixels: InMemoryPixelStore) -> Any:
    yield
    assert records.open_uploads == ()
    assert pixels.objects == {}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.array([[1, "a"]], dtype=object), "astype"),
        (np.array([["a"]]), "uint16"),
        (np.zeros((2, 2), dtype="datetime64[s]"), "timedelta64"),
        (np.zeros((2, 2), dtype="timedelta64[s]"), "timedelta64"),
        (np.zeros((2, 2), dtype=[("a", "i4"), ("b", "f4")]), "field"),
        (np.zeros((2, 2), dtype=np.longdouble), "float64"),
        (np.zeros((0, 5)), "no pixels"),
        (np.ma.masked_equal(np.eye(3), 0), "filled"),
        ([[1, 2], [3, 4]], "numpy.asarray"),
        (da.from_array(np.eye(4))[da.from_array(np.eye(4)).max(axis=0) > 0], "compute_chunk_sizes"),
        (xr.Dataset({"image": ("x", [1])}), "dataset['image']"),
    ],
)
def test_pixels_that_are_no_numbers(mikro: Mikro, koil: Koil, values: Any, said: str) -> None:
    assert said in refusal(mikro, koil, values)


@pytest.mark.parametrize(
    ("shape", "choices"),
    [
        ((100, 100, 3), ["colour", "dims=('y', 'x', 'c',)", "dims=('z', 'y', 'x',)"]),
        ((100, 100, 4), ["colour", "dims=('y', 'x', 'c',)"]),
        ((20, 100, 100), ["dims=('z', 'y', 'x',)", "dims=('t', 'y', 'x',)", "dims=('c', 'y', 'x',)"]),
        ((100,), ["dims=('x',)", "dims=('t',)"]),
        ((2, 3, 4, 5, 6, 7), ["dims=(...)"]),
    ],
)
def test_axes_are_never_guessed(mikro: Mikro, koil: Koil, shape: tuple[int, ...], choices: list[str]) -> None:
    for array in (np.zeros(shape), da.zeros(shape), xr.DataArray(np.zeros(shape))):
        text = refusal(mikro, koil, array)

        assert all(choice in text for choice in choices)


@pytest.mark.parametrize(
    ("dims", "said"),
    [
        (["x", "x"], "distinct"),
        (["y", ""], "no name"),
        (["y", None], "no name"),
        (["y", 3], "no name"),
        (["y"], "names 1 dimensions"),
        (["y", "x" * 256], "too long"),
        (["y", "x\n"], "control"),
    ],
)
def test_dimensions_that_are_no_names(mikro: Mikro, koil: Koil, dims: list[Any], said: str) -> None:
    assert said in refusal(mikro, koil, np.zeros((3, 3)), dims=dims)


def test_dims_do_not_override_those_of_a_labelled_array(mikro: Mikro, koil: Koil) -> None:
    assert "rename" in refusal(mikro, koil, stack(y=3, x=3), dims=["a", "b"])


def test_too_many_dimensions(mikro: Mikro, koil: Koil) -> None:
    assert "33 dimensions" in refusal(mikro, koil, np.zeros((1,) * 33), dims=[f"d{i}" for i in range(33)])


@pytest.mark.parametrize("name", ["", "  ", "x" * 256, "two\nlines", None, 3])
def test_names_that_are_none(mikro: Mikro, koil: Koil, name: Any) -> None:
    assert "name" in refusal(mikro, koil, np.zeros((3, 3)), name=name)


def test_coordinates_that_cannot_be_kept(mikro: Mikro, koil: Koil) -> None:
    plane = stack(y=4, x=4)
    stacked = plane.stack(pixel=("y", "x"))
    intervals = plane.assign_coords(x=pd.interval_range(0, 4))

    assert "coords['pixel']" in refusal(mikro, koil, stacked)
    assert "MultiIndex" in refusal(mikro, koil, stacked)
    assert "coords['x']" in refusal(mikro, koil, intervals)
    assert "not named by a string" in refusal(mikro, koil, plane.assign_coords({3: ("x", [1, 2, 3, 4])}))


def test_attributes_that_cannot_be_kept(mikro: Mikro, koil: Koil) -> None:
    assert "attrs['microscope']" in refusal(mikro, koil, stack(y=4, x=4).assign_attrs(microscope=object()))
    coordinate = xr.Variable("x", [1, 2, 3, 4], {"source": object()})
    assert "coords['a'].attrs['source']" in refusal(mikro, koil, stack(y=4, x=4).assign_coords(a=coordinate))


def test_metadata_that_is_too_large(mikro: Mikro, koil: Koil) -> None:
    image = stack(y=4, x=4)

    assert "MiB" in refusal(mikro, koil, image.assign_attrs(table=np.zeros(2 * 2**20)))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"pixel_size": {"z": 1.0}}, "no dimension"),
        ({"pixel_size": {"x": 0.0}}, "positive"),
        ({"pixel_size": {"x": float("nan")}}, "positive"),
        ({"pixel_size": {"y": 0.3}}, "steps of 0.25"),
        ({"unit": {"q": "µm"}}, "no dimension"),
        ({"unit": {"y": "nm"}}, "in micrometer"),
    ],
)
def test_pixel_sizes_that_contradict(mikro: Mikro, koil: Koil, options: Any, said: str) -> None:
    array = xr.DataArray(noise((3, 3)), dims=["y", "x"], coords={"y": ("y", [0, 0.25, 0.5], {"units": "um"})})

    assert said in refusal(mikro, koil, array, **options)
