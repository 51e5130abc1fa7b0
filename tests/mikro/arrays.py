"""Arrays for tests, and what it means that two are the same."""

from typing import Any

import numpy as np
import xarray as xr
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from arkitekt_di.mikro.pixels.picture import PIXEL_TYPES


def noise(shape: tuple[int, ...], dtype: Any = np.uint16, seed: int = 0) -> np.ndarray[Any, Any]:
    """Return random bits of a type: NaNs with payload, infinities and subnormal numbers among them."""
    kind = np.dtype(dtype)
    rng = np.random.default_rng(seed)
    if kind == np.bool_:
        return rng.integers(0, 2, shape).astype(bool)
    count = int(np.prod(shape)) * kind.itemsize
    return np.frombuffer(rng.bytes(count), dtype=kind).reshape(shape)


def stack(**sizes: int) -> xr.DataArray:
    """Return a labelled array of uint16, such as ``stack(z=3, y=100, x=100)``."""
    return xr.DataArray(noise(tuple(sizes.values())), dims=list(sizes))


def assert_same_pixels(found: xr.DataArray, expected: xr.DataArray) -> None:
    """Compare bit by bit, in the byte order of this machine."""
    native = expected.dtype.newbyteorder("=")
    assert found.dtype == native
    assert found.dims == expected.dims
    assert found.shape == expected.shape
    assert found.values.tobytes() == np.ascontiguousarray(expected.values, dtype=native).tobytes()


PIXEL_DTYPES = st.sampled_from(sorted(PIXEL_TYPES)).map(np.dtype)
SHAPES = hnp.array_shapes(min_dims=0, max_dims=5, min_side=1, max_side=6)
