"""Levels of resolution: made in one pass, exact in what they promise, and read like the finest."""

import tracemalloc
from itertools import pairwise
from typing import Any

import dask.array as da
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from arkitekt_di.errors import ConfigurationError
from arkitekt_di.koil import Koil
from arkitekt_di.mikro.image import Image
from arkitekt_di.mikro.in_memory import InMemoryImageRecords, InMemoryPixelStore
from arkitekt_di.mikro.pixels.layout import MIB, Cut
from arkitekt_di.mikro.pixels.pyramid import Depth, plan_levels
from arkitekt_di.mikro.pixels.reduction import Method, halved
from arkitekt_di.mikro.service import Mikro
from arkitekt_di.settings.models import MikroSettings
from tests.mikro.arrays import noise


def windows(values: np.ndarray[Any, Any], axes: tuple[int, ...], reduce: Any) -> np.ndarray[Any, Any]:
    """Return what *reduce* makes of each window of two pixels, the slow way."""
    shape = tuple(-(-size // 2) if axis in axes else size for axis, size in enumerate(values.shape))
    out = np.empty(shape, dtype=values.dtype)
    for index in np.ndindex(*shape):
        box = tuple(slice(2 * i, 2 * i + 2) if axis in axes else slice(i, i + 1) for axis, i in enumerate(index))
        out[index] = reduce(values[box].ravel())
    return out


def rounded_mean(window: np.ndarray[Any, Any]) -> int:
    exact = sum(int(value) for value in window)
    return (2 * exact + len(window)) // (2 * len(window))


def most_frequent(window: np.ndarray[Any, Any]) -> Any:
    values, counts = np.unique(window, return_counts=True)
    return values[counts.argmax()]


INTEGERS = st.sampled_from(["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8"])
SIDES = st.tuples(st.integers(1, 3), st.integers(1, 9), st.integers(1, 9))
AXES = st.sampled_from([(1, 2), (0, 1, 2), (2,), (0,)])


@given(INTEGERS, SIDES, AXES, st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_means_of_integers_are_rounded_and_never_overflow(
    dtype: str, shape: tuple[int, ...], axes: tuple[int, ...], seed: int
) -> None:
    values = noise(shape, dtype, seed)

    assert np.array_equal(halved(values, axes, Method.MEAN), windows(values, axes, rounded_mean))


@given(st.sampled_from(["u1", "i4", "?"]), SIDES, AXES, st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_labels_stay_labels(dtype: str, shape: tuple[int, ...], axes: tuple[int, ...], seed: int) -> None:
    values = noise(shape, dtype, seed) % 3 if dtype != "?" else noise(shape, bool, seed)

    assert np.array_equal(halved(values, axes, Method.MODE), windows(values, axes, most_frequent))
    nearest = halved(values, axes, Method.NEAREST)
    assert np.array_equal(nearest, windows(values, axes, lambda window: window[0]))


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "c8", "c16"])
def test_means_of_floating_point_are_means(dtype: str) -> None:
    values = np.random.default_rng(0).normal(size=(3, 8, 6)).astype(dtype)

    found = halved(values, (1, 2), Method.MEAN)

    expected = values.reshape(3, 4, 2, 3, 2).mean(axis=(2, 4))
    assert found.dtype == values.dtype
    np.testing.assert_allclose(found, expected, rtol=2e-2 if dtype == "f2" else 1e-5, atol=1e-3)


def test_a_large_plane_of_a_camera_is_averaged_as_a_small_one() -> None:
    values = noise((2, 1030, 514), np.uint16)
    wide = values.astype(np.uint64)
    expected = (wide[:, ::2, ::2] + wide[:, 1::2, ::2] + wide[:, ::2, 1::2] + wide[:, 1::2, 1::2] + 2) >> 2

    assert np.array_equal(halved(values, (1, 2), Method.MEAN), expected.astype(np.uint16))


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_no_object_ends_between_two_pixels_that_become_one(data: st.DataObject) -> None:
    dims = data.draw(st.sampled_from(["yx", "czyx", "zyx", "yxc", "tzcyx"]))
    shape = tuple(data.draw(st.integers(1, 700 if dim in "yxz" else 4)) for dim in dims)
    cut = Cut(data.draw(st.sampled_from([1, 2, 8])), data.draw(st.integers(3, 300)), data.draw(st.integers(1000, MIB)))

    levels = plan_levels(dims, shape, cut, Depth(6, data.draw(st.integers(1, 64))))

    assert levels[0].layout.shape == shape
    for finer, coarser in pairwise(levels):
        for axis in coarser.halved:
            assert finer.layout.shard[axis] % 2 == 0 or finer.layout.shard[axis] >= finer.layout.shape[axis]
            assert coarser.layout.shape[axis] == -(-finer.layout.shape[axis] // 2)
        assert all(outer % inner == 0 for outer, inner in zip(coarser.layout.shard, coarser.layout.chunk, strict=True))


def test_levels_end_where_the_plane_is_small() -> None:
    levels = plan_levels("tyx", (5, 3000, 1000), Cut(2, 512, 16 * MIB), Depth(8, 512))

    assert [level.layout.shape for level in levels] == [(5, 3000, 1000), (5, 1500, 500), (5, 750, 250), (5, 375, 125)]
    assert [level.scale for level in levels] == [(1, 1, 1), (1, 2, 2), (1, 4, 4), (1, 8, 8)]
    assert len(plan_levels("tyx", (5, 3000, 1000), Cut(2, 512, 16 * MIB), Depth(2, 512))) == 2


def test_z_is_halved_in_volumes_as_long_as_its_pixels_are_as_fine() -> None:
    cut, depth, shape = Cut(2, 512, 16 * MIB), Depth(8, 256), (128, 1024, 1024)

    unknown = plan_levels("zyx", shape, cut, depth)
    coarse = plan_levels("zyx", shape, cut, depth, pixel_size={"z": 1.0, "y": 0.25, "x": 0.25})

    assert [level.layout.shape[0] for level in unknown] == [128, 64, 32]
    assert [level.layout.shape[0] for level in coarse] == [128, 128, 128]
    assert [level.layout.shape[0] for level in plan_levels("zyx", (16, 1024, 1024), cut, depth)] == [16, 16, 16]


CUT = MikroSettings(chunk_px=40, shard_mib=0.02, level_px=30, transfers=3)


def stored(array: xr.DataArray, cut: MikroSettings = CUT, **options: Any) -> tuple[list[xr.DataArray], Image]:
    pixels = InMemoryPixelStore()
    with Koil() as koil:
        mikro = Mikro(InMemoryImageRecords(pixels), pixels, koil, cut)
        made = koil.call(mikro.afrom_xarray, array, name="embryo", **options)
        image = koil.call(mikro.aget_image, made.id)
        assert image.statistics == made.statistics
        return [image.level(number).compute() for number in range(len(image.levels))], image


@given(st.data())
@settings(max_examples=15, deadline=None)
def test_each_level_is_made_of_the_finer_one_however_the_array_comes(data: st.DataObject) -> None:
    shape = data.draw(st.tuples(st.integers(1, 3), st.integers(1, 150), st.integers(1, 150)))
    values = noise(shape, np.uint16)
    chunks = tuple(data.draw(st.integers(1, size)) for size in shape)
    pixels = data.draw(st.sampled_from([values, da.from_array(values, chunks=chunks)]))

    levels, image = stored(xr.DataArray(pixels, dims=["c", "y", "x"]))

    assert [dict(level.sizes) for level in levels] == list(image.levels)
    expected = values
    for level in levels[:1]:
        assert np.array_equal(level.values, expected)
    for level in levels[1:]:
        expected = halved(expected, tuple(axis for axis in (1, 2) if expected.shape[axis] > 1), Method.MEAN)
        assert np.array_equal(level.values, expected)


def test_coordinates_of_a_level_are_where_its_pixels_are() -> None:
    array = xr.DataArray(
        noise((2, 100, 61)), dims=["c", "y", "x"], attrs={"microscope": "A"}, name="raw"
    ).assign_coords(
        c=["DAPI", "GFP"],
        x=("x", np.arange(61) * 0.5, {"units": "um"}),
        row=("y", [f"r{i}" for i in range(100)]),
        exposure=3.5,
    )

    levels, _ = stored(array)

    assert levels[0].identical(array)
    coarse = levels[1]
    assert coarse.sizes == {"c": 2, "y": 50, "x": 31}
    assert list(coarse.c.values) == ["DAPI", "GFP"]
    assert coarse.x.values[0] == pytest.approx(0.25)
    assert coarse.x.values[-1] == pytest.approx(30.0)
    assert coarse.x.attrs == {"units": "um"}
    assert "row" not in coarse.coords
    assert float(coarse.exposure) == 3.5
    assert (coarse.name, coarse.attrs) == ("raw", {"microscope": "A"})


def test_a_level_that_is_not_there_is_an_index_error() -> None:
    with Koil() as koil:
        pixels = InMemoryPixelStore()
        image = koil.call(Mikro(InMemoryImageRecords(pixels), pixels, koil).afrom_xarray, noise((9, 9)), name="small")

        assert len(image.levels) == 1
        with pytest.raises(IndexError):
            image.level(1)


def test_a_mask_keeps_its_values() -> None:
    levels, _ = stored(xr.DataArray(noise((90, 90), bool), dims=["y", "x"]))

    assert np.array_equal(levels[1].values, levels[0].values[::2, ::2])


def test_the_settings_may_be_other_for_one_image() -> None:
    array = xr.DataArray(noise((90, 90)), dims=["y", "x"])

    levels, _ = stored(array, CUT.model_copy(update={"levels": 1}))
    nearest, _ = stored(array, settings={"scale_method": "nearest"})

    assert len(levels) == 1
    assert np.array_equal(nearest[1].values, array.values[::2, ::2])
    with pytest.raises(ConfigurationError, match="scale_metod"):
        stored(array, settings={"scale_metod": "nearest"})


def test_statistics_tell_of_each_channel() -> None:
    values = noise((3, 200, 130), np.uint16).copy()
    values[1] = values[1] // 4 + 7

    _, image = stored(xr.DataArray(values, dims=["c", "y", "x"]))

    found = image.statistics
    assert [(channel.min, channel.max) for channel in found] == [(int(c.min()), int(c.max())) for c in values]
    assert [sum(channel.counts) for channel in found] == [200 * 130] * 3
    assert np.array_equal(found[1].counts, np.histogram(values[1], 256, (values[1].min(), values[1].max()))[0])


@pytest.mark.parametrize(
    ("values", "bounds"),
    [
        (np.array([[1.5, np.nan], [np.inf, -2.0]]), (-2.0, 1.5)),
        (np.full((2, 2), np.nan), (None, None)),
        (np.array([[True, False]]), (0, 1)),
        (np.full((2, 2), 7, np.int8), (7, 7)),
        (np.array([[-1.7e308, 1.7e308]]), (-1.7e308, 1.7e308)),
    ],
)
def test_statistics_of_unusual_values(values: np.ndarray[Any, Any], bounds: tuple[Any, Any]) -> None:
    _, image = stored(xr.DataArray(values, dims=["y", "x"]))

    assert (image.statistics[0].min, image.statistics[0].max) == bounds


def test_complex_values_have_no_order() -> None:
    assert stored(xr.DataArray(noise((4, 4), np.complex64), dims=["y", "x"]))[1].statistics == ()


def test_a_pyramid_of_a_lazy_array_takes_no_more_memory(koil: Koil) -> None:
    """256 MiB pass through less than 160 MiB, one window of 128 MiB, with all levels."""
    array = da.zeros((128, 1024, 1024), chunks=(7, 400, 1024), dtype=np.uint16)
    pixels = InMemoryPixelStore()
    mikro = Mikro(InMemoryImageRecords(pixels), pixels, koil)
    tracemalloc.start()

    koil.call(mikro.afrom_xarray, array, name="embryo", dims=["t", "y", "x"])

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 160 * 2**20
