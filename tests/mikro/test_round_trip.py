"""An array comes back as it was: pixels bit by bit, coordinates and attributes exactly."""

from typing import Any

import dask.array as da
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from arkitekt_di.koil import Koil
from arkitekt_di.mikro.in_memory import InMemoryImageRecords, InMemoryPixelStore
from arkitekt_di.mikro.service import Mikro
from arkitekt_di.settings.models import MikroSettings
from tests.mikro.arrays import PIXEL_DTYPES, SHAPES, assert_same_pixels, noise, stack

_DIMS = "tczyx"


def round_trip(array: Any, settings: MikroSettings | None = None, **options: Any) -> xr.DataArray:
    """Store an array and compute what is read back."""
    pixels = InMemoryPixelStore()
    with Koil() as koil:
        mikro = Mikro(InMemoryImageRecords(pixels), pixels, koil, settings)
        image = koil.call(mikro.afrom_xarray, array, name="embryo", **options)
        return image.data.compute()


@given(SHAPES, PIXEL_DTYPES, st.sampled_from(["<", ">"]), st.sampled_from(["lz4", "zstd", "none"]))
@settings(max_examples=60, deadline=None)
def test_pixels_of_every_type_and_rank(shape: tuple[int, ...], dtype: np.dtype[Any], order: Any, codec: Any) -> None:
    array = xr.DataArray(noise(shape, dtype.newbyteorder(order)), dims=list(_DIMS[: len(shape)]))

    assert_same_pixels(round_trip(array, MikroSettings(codec=codec)), array)


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_dask_chunks_of_every_misalignment(data: st.DataObject) -> None:
    shape = data.draw(st.tuples(st.integers(1, 5), st.integers(1, 200), st.integers(1, 200)))
    values = noise((*shape[:1], 2, *shape[1:]), np.float32)
    # Of long axes a dozen chunks: what a chunk has to do with a shard does not depend on how many there are.
    chunks = tuple(data.draw(st.integers(max(1, size // 12), size)) for size in values.shape)
    array = xr.DataArray(da.from_array(values, chunks=chunks), dims=list("tcyx"))
    cut = MikroSettings(chunk_px=data.draw(st.integers(20, 200)), shard_mib=data.draw(st.floats(0.01, 0.5)))

    assert_same_pixels(round_trip(array, cut), xr.DataArray(values, dims=list("tcyx")))


def test_a_plain_dask_array_has_no_name() -> None:
    assert round_trip(da.zeros((3, 3), dtype=np.uint8)).name is None


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(np.asfortranarray(noise((30, 40))), id="fortran order"),
        pytest.param(noise((30, 40))[::-1, ::-2], id="negative strides"),
        pytest.param(np.broadcast_to(np.uint16(7), (30, 40)), id="no strides at all"),
        pytest.param(noise((1, 1)), id="one pixel"),
        pytest.param(noise((1, 70_000)), id="one long row"),
    ],
)
def test_arrays_of_every_memory_layout(values: np.ndarray[Any, Any]) -> None:
    values = values.view()
    values.flags.writeable = False

    assert_same_pixels(round_trip(values), xr.DataArray(values, dims=["y", "x"]))


def test_a_memory_map_is_read_where_it_is(tmp_path: Any) -> None:
    np.save(tmp_path / "stack.npy", noise((4, 100, 100)))
    values = np.load(tmp_path / "stack.npy", mmap_mode="r")

    assert_same_pixels(round_trip(values, dims=["z", "y", "x"]), xr.DataArray(values, dims=["z", "y", "x"]))


def test_a_single_number_is_an_image() -> None:
    assert_same_pixels(round_trip(np.array(3.5)), xr.DataArray(3.5))
    assert_same_pixels(round_trip(da.from_array(np.array(7), chunks=())), xr.DataArray(7))


def test_coordinates_of_every_kind() -> None:
    array = stack(c=2, t=3, y=4, x=5).assign_coords(
        c=["DAPI", "GFP"],
        t=("t", np.array(["2026-01-01", "NaT", "2026-01-03"], dtype="datetime64[s]"), {"clock": "camera"}),
        x=("x", np.arange(5) * 0.65, {"units": "µm", "long_name": "stage x"}),
        y=("y", np.arange(4, dtype=np.float32)[::-1]),
        wavelength=("c", [405, 488], {"units": "nm"}),
        elapsed=("t", np.array([0, 10, 20], dtype="timedelta64[ms]")),
        is_blank=("t", [True, False, False]),
        depth=(("y", "x"), np.random.default_rng(0).normal(size=(4, 5))),
        plate="B03",
        exposure=np.float32(0.25),
        half=("x", np.arange(5, dtype=np.float16)),
        phase=("x", np.exp(1j * np.arange(5))),
    )

    found = round_trip(array)

    xr.testing.assert_identical(found, array)
    for name, coordinate in array.coords.items():
        assert found.coords[name].dtype == coordinate.dtype
    assert set(found.xindexes) == set(array.xindexes)


def test_a_coordinate_without_an_index_stays_without_one() -> None:
    array = stack(y=4, x=5).assign_coords(x=np.arange(5.0), row=("y", list("abcd"))).set_xindex("row").drop_indexes("x")

    found = round_trip(array)

    assert set(found.xindexes) == {"row"}
    xr.testing.assert_identical(found, array)
    assert found.sel(row="c").identical(array.sel(row="c"))


def test_object_strings_stay_objects() -> None:
    array = stack(c=2, x=3).assign_coords(c=np.array(["a", "longer"], dtype=object))

    found = round_trip(array)

    assert found.c.dtype == object
    xr.testing.assert_identical(found, array)


def test_attributes_that_mean_something_elsewhere_change_no_pixel() -> None:
    attrs = {
        "_FillValue": 3,
        "scale_factor": 0.5,
        "add_offset": 10,
        "missing_value": 1,
        "units": "days since 2000-01-01",
    }
    array = stack(y=20, x=20).assign_attrs(
        attrs | {"dtype": "float32", "coordinates": "a b", "arkitekt": {"version": 9}}
    )

    found = round_trip(array)

    assert_same_pixels(found, array)
    assert found.attrs == array.attrs


def test_the_name_of_the_array_and_that_of_the_image_are_two(mikro: Mikro, koil: Koil) -> None:
    array = stack(y=20, x=20).rename("intensity")

    image = koil.call(mikro.afrom_xarray, array, name="embryo 5")

    assert image.name == "embryo 5"
    assert image.data.name == "intensity"
    assert image.id != ""


def test_the_given_array_is_not_changed() -> None:
    array = stack(y=20, x=20).assign_attrs(a=[1])
    before = array.copy(deep=True)

    found = round_trip(array, pixel_size={"x": 0.5}, unit="um")
    found.attrs["a"].append(2)

    xr.testing.assert_identical(array, before)


def test_each_use_of_data_is_a_fresh_array(mikro: Mikro, koil: Koil) -> None:
    image = koil.call(mikro.afrom_xarray, stack(y=20, x=20).assign_attrs(a=1), name="embryo")

    image.data.attrs["a"] = 2

    assert image.data.attrs == {"a": 1}
    assert image.data.name is None


def test_pandas_timestamps_in_an_index_come_back() -> None:
    array = stack(t=3, x=4).assign_coords(t=pd.date_range("2026-01-01", periods=3, freq="h"))

    xr.testing.assert_identical(round_trip(array), array)
