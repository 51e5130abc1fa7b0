"""Windows of a lazy array: every object once, none cut, none too large."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from arkitekt_di.mikro.pixels.layout import Cut, Layout, plan
from arkitekt_di.mikro.pixels.windows import windows


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_windows_hold_every_pixel_once_and_cut_no_object(data: st.DataObject) -> None:
    dims = data.draw(st.sampled_from(["yx", "zyx", "ctyx"]))
    shape = tuple(data.draw(st.integers(1, 40)) for _ in dims)
    layout = plan(dims, shape, Cut(1, data.draw(st.integers(3, 20)), data.draw(st.integers(20, 400)), append=0))
    chunks = []
    for size in shape:
        edge = data.draw(st.integers(1, size))
        chunks.append([min(edge, size - start) for start in range(0, size, edge)])
    limit = data.draw(st.integers(1, 5000))

    seen = np.zeros(shape, dtype=int)
    for window in windows(layout, chunks, 1, limit=limit):
        seen[window] += 1
        for part, shard, size in zip(window, layout.shard, shape, strict=True):
            assert part.start % shard == 0
            assert part.stop % shard == 0 or part.stop == size
    assert (seen == 1).all()


def test_a_window_ends_where_a_chunk_does() -> None:
    layout = Layout((112, 10), (8, 10), (8, 10))

    found = list(windows(layout, [(7,) * 16, (10,)], 1, limit=900))

    assert [(part.start, part.stop) for part, _ in found] == [(0, 56), (56, 112)]


def test_a_window_is_no_larger_than_it_has_to_be() -> None:
    layout = Layout((1000, 100), (1, 100), (4, 100))

    found = list(windows(layout, [(9,) * 111 + (1,), (100,)], 1, limit=2000))

    assert all(math.prod(part.stop - part.start for part in window) <= 2000 for window in found)


def test_a_chunk_that_is_larger_is_computed_once() -> None:
    layout = Layout((1000, 100), (1, 100), (4, 100))

    found = list(windows(layout, [(400, 400, 200), (100,)], 1, limit=2000))

    assert [part.stop for part, _ in found][:2] == [400, 800]
