"""Stored arrays in another order of axes: what zarr reads of them is the transposed array, bit by bit."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from arkitekt_di.errors import ImageRefusedError
from arkitekt_di.messages.images import Axis, AxisType
from arkitekt_di.messages.ngff import ngff_order, reduction
from arkitekt_di.server.ngff.arrays import ServedArray


@st.composite
def stored_arrays(draw: st.DrawFn) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...] | None, tuple[int, ...]]:
    rank = draw(st.integers(2, 5))
    shape = tuple(draw(st.lists(st.integers(1, 5), min_size=rank, max_size=rank)))
    chunk = tuple(draw(st.integers(1, size)) for size in shape)
    shard = tuple(edge * draw(st.integers(1, 3)) for edge in chunk) if draw(st.booleans()) else None
    return shape, chunk, shard, tuple(draw(st.permutations(range(rank))))


def served_copy(stored: Path, target: Path, order: tuple[int, ...]) -> zarr.Array[Any]:
    """Put what would be served into a folder: metadata as served, objects under their served keys."""
    metadata = json.loads((stored / "zarr.json").read_text())
    array = ServedArray(metadata, order, tuple(f"d{place}" for place in order))
    target.mkdir()
    (target / "zarr.json").write_bytes(array.header())
    blocks = json.loads(array.header())["chunk_grid"]["configuration"]["chunk_shape"]
    grid = [-(-size // edge) for size, edge in zip(array.shape, blocks, strict=True)]
    for place in np.ndindex(*grid):
        key = "/".join(["c", *map(str, place)])
        source = stored / str(array.stored_key(key))
        if source.exists():
            (target / key).parent.mkdir(parents=True, exist_ok=True)
            (target / key).write_bytes(source.read_bytes())
    return zarr.open_array(target, mode="r")


@settings(max_examples=30, deadline=None)
@given(stored_arrays(), st.sampled_from(["/", "."]))
def test_the_same_bytes_read_as_the_transposed_array(
    tmp_path_factory: pytest.TempPathFactory, case: Any, separator: Any
):
    shape, chunk, shard, order = case
    folder = tmp_path_factory.mktemp("arrays")
    values = np.arange(1, 1 + int(np.prod(shape)), dtype="uint16").reshape(shape)
    made = zarr.create_array(
        folder / "stored",
        shape=shape,
        chunks=chunk,
        shards=shard,
        dtype="uint16",
        chunk_key_encoding={"name": "default", "separator": separator},
    )
    made[...] = values

    served = served_copy(folder / "stored", folder / "served", order)

    assert np.array_equal(np.asarray(served[...]), values.transpose(order))


def array_of(shape: tuple[int, ...], order: tuple[int, ...]) -> ServedArray:
    metadata = {
        "shape": list(shape),
        "chunk_grid": {"configuration": {"chunk_shape": [2] * len(shape)}},
        "chunk_key_encoding": {"name": "default"},
        "codecs": [{"name": "bytes"}],
        "attributes": {},
    }
    return ServedArray(metadata, order, tuple("cyx"))


@pytest.mark.parametrize(
    "key",
    [
        "",
        "c",
        "c/",
        "c/0/0",
        "c/0/0/0/0",
        "c/0/0/9",
        "c/-1/0/0",
        "c/00/0/0",
        "c/../0/0",
        "zarr.json",
        "c/0/0/0/",
        "d/0/0/0",
    ],
)
def test_a_key_that_names_no_object_of_the_array_leads_nowhere(key: str):
    assert array_of((4, 6, 3), (2, 0, 1)).stored_key(key) is None


def test_numbers_of_a_key_change_places():
    assert array_of((4, 6, 3), (2, 0, 1)).stored_key("c/1/0/2") == "c/0/2/1"


SPACE, TIME, CHANNEL, INDEX = AxisType.SPACE, AxisType.TIME, AxisType.CHANNEL, AxisType.INDEX
KINDS = {"x": SPACE, "y": SPACE, "z": SPACE, "a": SPACE, "t": TIME, "c": CHANNEL, "l": INDEX, "m": INDEX}


def axes(dims: str) -> list[Axis]:
    return [Axis(name=dim, type=KINDS[dim]) for dim in dims]


@pytest.mark.parametrize(
    ("stored", "served"),
    [("tczyx", "tczyx"), ("zcyx", "czyx"), ("yxc", "cyx"), ("xy", "yx"), ("yxl", "lyx"), ("xa", "xa")],
)
def test_time_comes_first_then_channels_then_space(stored: str, served: str):
    assert "".join(stored[place] for place in ngff_order(axes(stored))) == served


@pytest.mark.parametrize("dims", ["x", "tc", "clyx", "lmyx", "ct", "zyxa", "t"])
def test_axes_that_ngff_has_no_place_for_are_refused_by_name(dims: str):
    with pytest.raises(ImageRefusedError, match=r"OME-NGFF has no place for the axes .*image\.data"):
        ngff_order(axes(dims))


@pytest.mark.parametrize(
    ("whole", "size", "factor"), [(700, 350, 2), (701, 351, 2), (5, 2, 4), (3, 2, 2), (7, 7, 1), (9, 1, 16)]
)
def test_a_level_tells_by_how_much_it_is_coarser(whole: int, size: int, factor: int):
    assert reduction(whole, size) == factor
