"""Shards are decoded to what was encoded, by us and by zarr-python, whatever part is asked for."""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import google_crc32c
import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from zarr.codecs import BloscCodec, BloscShuffle, Crc32cCodec

from arkitekt_di.errors import ImageDamagedError
from arkitekt_di.messages.images import StoreGrant
from arkitekt_di.messages.pixels import HEADER, PixelDocument
from arkitekt_di.mikro.in_memory import InMemoryImageRecords, InMemoryPixelStore, InMemoryPrefix
from arkitekt_di.mikro.pixels.foreign import open_foreign
from arkitekt_di.mikro.pixels.header import read_header, write_header
from arkitekt_di.mikro.pixels.layout import Layout
from arkitekt_di.mikro.pixels.reading import StoredPixels
from arkitekt_di.mikro.pixels.shard import ShardCodec, checksum
from tests.mikro.arrays import PIXEL_DTYPES, SHAPES, noise


@dataclass
class Stored:
    """An array that was written shard by shard."""

    values: np.ndarray[Any, Any]
    objects: dict[str, bytes]
    source: InMemoryPrefix
    pixels: StoredPixels


def store(values: np.ndarray[Any, Any], layout: Layout, compression: str) -> Stored:
    codec = ShardCodec(layout, values.dtype, compression)
    bodies = {key: bytes(codec.encode(values[region])) for key, region in layout.shards()}
    manifest = {key: len(body) for key, body in bodies.items()}
    header = write_header(codec, tuple(f"d{i}" for i in range(values.ndim)), PixelDocument(manifest=manifest))
    pixels = InMemoryPixelStore()
    grant: StoreGrant = asyncio.run(InMemoryImageRecords(pixels).request_upload())
    for key, body in (bodies | {HEADER: header}).items():
        pixels.objects[f"{grant.key}/{key}"] = body
    source = InMemoryPrefix(pixels, grant)
    read = read_header(header).codec()
    assert read is not None
    return Stored(values, pixels.objects, source, StoredPixels(source, read, manifest, "an image"))


@st.composite
def stored_arrays(draw: st.DrawFn) -> Stored:
    shape = draw(SHAPES)
    chunk = tuple(draw(st.integers(1, size)) for size in shape)
    shard = tuple(edge * draw(st.integers(1, -(-size // edge))) for size, edge in zip(shape, chunk, strict=True))
    values = noise(shape, draw(PIXEL_DTYPES), draw(st.integers(0, 1000)))
    return store(values, Layout(shape, chunk, shard), draw(st.sampled_from(["lz4", "zstd", "none"])))


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_any_part_is_what_numpy_gives(data: st.DataObject) -> None:
    stored = data.draw(stored_arrays())
    key = data.draw(hnp.basic_indices(stored.values.shape, allow_ellipsis=True))

    found = stored.pixels[key]

    assert found.shape == stored.values[key].shape
    assert found.tobytes() == stored.values[key].tobytes()


@given(st.data())
@settings(max_examples=50, deadline=None)
def test_lists_are_taken_along_their_own_axis(data: st.DataObject) -> None:
    stored = data.draw(stored_arrays())
    lists = [data.draw(st.lists(st.integers(-size, size - 1), max_size=4)) for size in stored.values.shape]

    found = stored.pixels[tuple(lists)]

    expected = stored.values[np.ix_(*[np.array(each, dtype=int) for each in lists])] if lists else stored.values
    assert found.tobytes() == expected.tobytes()
    assert found.shape == expected.shape


@given(stored_arrays())
@settings(max_examples=40, deadline=None)
def test_zarr_python_reads_what_we_write(stored: Stored) -> None:
    array = open_foreign(stored.source)

    found = np.asarray(array[...])

    assert array.dtype == stored.values.dtype
    assert found.tobytes() == stored.values.tobytes()


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_a_byte_that_changed_is_never_taken_for_pixels(data: st.DataObject) -> None:
    stored = data.draw(stored_arrays())
    key = data.draw(st.sampled_from(sorted(name for name in stored.objects if not name.endswith(HEADER))))
    body = bytearray(stored.objects[key])
    body[data.draw(st.integers(0, len(body) - 1))] ^= data.draw(st.integers(1, 255))
    stored.objects[key] = bytes(body)

    with pytest.raises(ImageDamagedError, match="an image"):
        stored.pixels[...]


@given(stored_arrays(), st.data())
@settings(max_examples=40, deadline=None)
def test_a_missing_or_shortened_object_is_an_error_never_zeros(stored: Stored, data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(sorted(name for name in stored.objects if not name.endswith(HEADER))))
    left = data.draw(st.integers(-1, len(stored.objects[key]) - 1))
    if left < 0:
        del stored.objects[key]
    else:
        stored.objects[key] = stored.objects[key][:left]

    with pytest.raises(ImageDamagedError):
        stored.pixels[...]


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float16", "complex64"])
def test_the_metadata_is_what_zarr_itself_would_write(dtype: str, tmp_path: Path) -> None:
    codec = ShardCodec(Layout((4, 6), (2, 3), (4, 6)), np.dtype(dtype), "zstd")
    shuffle = BloscShuffle.shuffle if codec.dtype.kind in "fc" else BloscShuffle.bitshuffle
    blosc = BloscCodec(typesize=codec.dtype.itemsize, cname="zstd", clevel=1, shuffle=shuffle)
    zarr.create_array(
        tmp_path / "theirs",
        shape=(4, 6),
        chunks=(2, 3),
        shards=(4, 6),
        dtype=dtype,
        compressors=[blosc, Crc32cCodec()],
        dimension_names=["y", "x"],
    )
    theirs = json.loads((tmp_path / "theirs" / "zarr.json").read_text())

    ours = json.loads(write_header(codec, ("y", "x"), PixelDocument()))

    assert ours | {"attributes": {}} == theirs


def test_the_checksum_of_an_object_tells_contents_apart() -> None:
    """CRC-32C would not: each part ends with its own, and the whole then depends on nothing but the lengths."""
    layout = Layout((8, 8), (4, 8), (8, 8))
    codec = ShardCodec(layout, np.dtype(np.uint8), "none")

    bodies = [codec.encode(np.full((8, 8), value, dtype=np.uint8)) for value in range(5)]

    assert len({google_crc32c.value(body) for body in bodies}) == 1
    assert len({checksum(body) for body in bodies}) == 5
