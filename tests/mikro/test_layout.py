"""How arrays are cut: by properties that hold for all, and by what scientists have."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arkitekt_di.mikro.pixels.layout import BLOCK_BYTES, MIB, SMALL_BYTES, Cut, Layout, plan

_NAMES = "tczyxabcde"


@st.composite
def plans(draw: st.DrawFn) -> tuple[Layout, int, int]:
    shape = draw(st.lists(st.integers(1, 5000), min_size=0, max_size=6))
    dims = draw(st.permutations(_NAMES))[: len(shape)]
    itemsize = draw(st.sampled_from([1, 2, 4, 8, 16]))
    limit = draw(st.integers(1, 64 * MIB))
    return plan(dims, shape, Cut(itemsize, draw(st.integers(1, 2000)), limit)), itemsize, limit


@given(plans())
@settings(deadline=None)
def test_a_shard_is_a_whole_multiple_of_its_chunk(planned: tuple[Layout, int, int]) -> None:
    layout = planned[0]

    assert all(shard % chunk == 0 for shard, chunk in zip(layout.shard, layout.chunk, strict=True))
    assert all(1 <= chunk <= size for chunk, size in zip(layout.chunk, layout.shape, strict=True))


@given(plans())
@settings(deadline=None)
def test_a_shard_is_within_its_limit_or_a_single_chunk(planned: tuple[Layout, int, int]) -> None:
    layout, itemsize, limit = planned

    assert math.prod(layout.shard) * itemsize <= limit or not layout.is_sharded


@given(plans())
@settings(deadline=None)
def test_a_chunk_is_not_tiny_where_the_array_is_not(planned: tuple[Layout, int, int]) -> None:
    layout, itemsize, _ = planned
    whole = math.prod(layout.shape) * itemsize

    assert math.prod(layout.chunk) * itemsize >= min(whole, SMALL_BYTES)


@given(plans())
@settings(deadline=None)
def test_blocks_cover_the_array_and_cross_no_shard(planned: tuple[Layout, int, int]) -> None:
    layout, itemsize, _ = planned

    for lengths, size, shard in zip(layout.blocks(itemsize), layout.shape, layout.shard, strict=True):
        assert sum(lengths) == size
        ends = set(np.cumsum(lengths).tolist())
        assert ends.issuperset(range(shard, size, shard))


@given(st.lists(st.integers(1, 6), max_size=4), st.data())
@settings(deadline=None)
def test_shards_cover_every_pixel_once(shape: list[int], data: st.DataObject) -> None:
    chunk = tuple(data.draw(st.integers(1, size)) for size in shape)
    shard = tuple(edge * data.draw(st.integers(1, 3)) for edge in chunk)
    seen = np.zeros(shape, dtype=int)

    keys = []
    for key, region in Layout(tuple(shape), chunk, shard).shards():
        keys.append(key)
        seen[region] += 1

    assert (seen == 1).all()
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    ("dims", "shape", "itemsize", "chunk", "shard"),
    [
        # the microscope stack of design/images.md: planes in chunks, four planes a shard of 16 MiB
        ("ctzyx", (2, 4, 16, 1024, 2048), 2, (1, 1, 1, 512, 512), (1, 1, 4, 1024, 2048)),
        # a small plane is one chunk
        ("yx", (100, 100), 2, (100, 100), (100, 100)),
        # colour stays together
        ("yxc", (4000, 4000, 3), 1, (500, 500, 3), (1000, 4000, 3)),
        # a single trace
        ("t", (10_000_000,), 8, (8192,), (2_097_152,)),
        # many small frames: a chunk holds some of them
        ("tyx", (10_000, 64, 64), 1, (16, 64, 64), (4096, 64, 64)),
        # planes need not be the last axes
        ("xyzt", (1000, 1000, 20, 5), 2, (500, 500, 1, 1), (1000, 1000, 1, 5)),
    ],
)
def test_what_scientists_have(
    dims: str, shape: tuple[int, ...], itemsize: int, chunk: tuple[int, ...], shard: tuple[int, ...]
) -> None:
    layout = plan(dims, shape, Cut(itemsize, 512, 16 * MIB))

    assert (layout.chunk, layout.shard) == (chunk, shard)


def test_a_block_is_a_plane_of_a_camera() -> None:
    layout = plan("zyx", (64, 1024, 2048), Cut(2, 512, 16 * MIB))

    assert layout.blocks(2) == ((1,) * 64, (1024,), (2048,))
    assert BLOCK_BYTES >= 1024 * 2048 * 2
