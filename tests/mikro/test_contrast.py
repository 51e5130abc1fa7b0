"""The contrast of a channel is what was said about it, or else what its histogram tells."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkitekt_di.koil import Koil
from arkitekt_di.messages.descriptions import Channel
from arkitekt_di.messages.pixels import ChannelStatistics
from arkitekt_di.mikro import Image, Mikro


def stored(mikro: Mikro, koil: Koil, values: np.ndarray[tuple[int, ...], np.dtype[np.generic]], **said: Any) -> Image:
    return koil.call(mikro.afrom_xarray, values, name="cells", dims=("c", "y", "x"), **said)


def test_a_few_hot_pixels_do_not_make_all_others_black(mikro: Mikro, koil: Koil) -> None:
    values = np.tile(np.arange(100, dtype="uint16"), (1, 100, 1))
    values[0, 0, :3] = 65535

    (limits,) = stored(mikro, koil, values).contrast_limits

    assert limits is not None
    assert limits[0] == 0
    assert 99 <= limits[1] <= 2 * 65535 / 256


def test_what_was_said_of_a_channel_goes_before_what_was_measured(mikro: Mikro, koil: Koil) -> None:
    values = np.stack([np.full((4, 5), 7, "uint8"), np.arange(20, dtype="uint8").reshape(4, 5)])
    channels = [Channel(name="DAPI", contrast=(3, 9)), Channel(name="GFP")]

    assert stored(mikro, koil, values, channels=channels).contrast_limits == ((3, 9), (0, 19))
    assert stored(mikro, koil, values).contrast_limits == ((7, 7), (0, 19))


def test_a_channel_without_values_has_no_contrast(mikro: Mikro, koil: Koil) -> None:
    assert stored(mikro, koil, np.full((1, 4, 5), np.nan)).contrast_limits == (None,)


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=64), st.integers(-1000, 1000), st.integers(1, 1000))
def test_contrast_lies_within_the_values_and_leaves_out_one_in_a_thousand(
    counts: list[int], low: int, width: int
) -> None:
    high = low + width * len(counts)

    limits = ChannelStatistics(min=low, max=high, counts=tuple(counts)).contrast()

    assert limits is not None
    darkest, brightest = limits
    clipped = sum(counts) // 1000
    assert low <= darkest < brightest <= high
    assert sum(counts[: round((darkest - low) / width)]) <= clipped
    assert sum(counts[round((brightest - low) / width) :]) <= clipped


@pytest.mark.parametrize("counts", [(), (5, 5)])
def test_of_few_pixels_none_is_left_out(counts: tuple[int, ...]) -> None:
    assert ChannelStatistics(min=1, max=4, counts=counts).contrast() == (1, 4)
