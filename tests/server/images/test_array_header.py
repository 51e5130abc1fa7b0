import json

import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from zarr.codecs import BloscCodec

from arkitekt_di.errors import ImageRefusedError
from arkitekt_di.server.images.array_header import DATA_TYPES, ArrayDocument, ArrayHeader
from tests.server.images.image_hub import array

SHARDS = [
    {
        "name": "sharding_indexed",
        "configuration": {
            "chunk_shape": [3, 2],
            "codecs": [{"name": "bytes"}, {"name": "blosc"}],
            "index_codecs": [{"name": "bytes"}, {"name": "crc32c"}],
        },
    }
]


def read(metadata: object) -> ArrayHeader:
    return ArrayDocument.from_json(json.dumps(metadata).encode()).header({})


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint64", "float16", "float64", "complex128", "<M8[ns]", "<m8[s]"])
@pytest.mark.parametrize("shards", [None, (4, 8)])
def test_what_zarr_python_writes_is_read(dtype: str, shards: tuple[int, int] | None) -> None:
    store = zarr.storage.MemoryStore()
    zarr.create_array(
        store,
        shape=(8, 8),
        chunks=(2, 4),
        shards=shards,
        dtype=dtype,
        dimension_names=("y", "x"),
        compressors=BloscCodec(),
    )
    content = store._store_dict["zarr.json"].to_bytes()

    header = ArrayDocument.from_json(content).header({"x": "micrometer"})

    assert header.shape == (8, 8)
    assert header.data_type in DATA_TYPES
    assert header.chunk_shape == (2, 4)
    assert header.shard_shape == shards
    assert header.dimension_names == ("y", "x")


def test_dimensions_without_names_are_counted() -> None:
    metadata = array()
    del metadata["dimension_names"]

    assert read(metadata).dimension_names == (None, None)


def test_an_extension_may_be_written_as_its_bare_name() -> None:
    assert read(array(codecs=["bytes", "zstd"])).data_type == "uint16"


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ([], "the document is wrong"),
        (array(node_type="group"), "group"),
        (array(zarr_format=2), "zarr 2"),
        (array(zarr_format="3"), "zarr_format"),
        (array(shape=[0, 4]), "without pixels"),
        (array(shape=[-1, 4]), "without pixels"),
        (array(shape=[2**63, 4]), "endless"),
        (array(shape=[6.5, 4]), "shape.0"),
        (array(shape="64"), "shape"),
        (array(shape=[1] * 65, dimension_names=None), "too many axes"),
        (array(dimension_names=["x"]), "1 of 2"),
        (array(data_type="string"), "'string'"),
        (array(data_type={"name": "variable_length_bytes"}), "variable_length_bytes"),
        (array(data_type={"name": "fixed_length_utf32", "configuration": {"length_bytes": 4}}), "utf32"),
        (array(chunk_grid={"name": "rectangular"}), "rectangular"),
        (array(chunk_grid={"name": "regular"}), "axes of the array"),
        (array(chunk_grid={"name": "regular", "configuration": {"chunk_shape": [0, 4]}}), "not a positive number"),
        (array(chunk_grid={"name": "regular", "configuration": {"chunk_shape": [True, 4]}}), "not a positive number"),
        (array(chunk_grid={"name": "regular", "configuration": {"chunk_shape": [4]}}), "axes of the array"),
        (array(codecs=[{"name": "vlen-utf8"}]), "vlen-utf8"),
        (array(codecs=[{"name": "numcodecs.pickle"}]), "numcodecs.pickle"),
        (array(codecs=[*SHARDS, {"name": "zstd"}]), "only codec"),
        (array(codecs=SHARDS, chunk_grid={"name": "regular", "configuration": {"chunk_shape": [4, 4]}}), "fill"),
        (array(storage_transformers=[{"name": "x"}]), "storage transformers"),
    ],
)
def test_what_is_no_plain_array_is_refused_with_the_reason(metadata: object, reason: str) -> None:
    with pytest.raises(ImageRefusedError, match=reason):
        read(metadata)


@pytest.mark.parametrize("inner", [SHARDS, [{"name": "vlen-bytes"}], [{"nome": "bytes"}]])
def test_the_codecs_inside_shards_are_checked_too(inner: list[dict[str, object]]) -> None:
    configuration = {"chunk_shape": [3, 2], "codecs": inner, "index_codecs": []}

    with pytest.raises(ImageRefusedError):
        read(array(codecs=[{"name": "sharding_indexed", "configuration": configuration}]))


@given(st.binary() | st.text().map(str.encode))
def test_bytes_that_are_no_document_are_refused(content: bytes) -> None:
    with pytest.raises(ImageRefusedError):
        ArrayDocument.from_json(content)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(sorted(array())), _json)
def test_a_document_with_one_strange_member_is_read_or_refused(member: str, value: object) -> None:
    try:
        header = read(array(**{member: value}))
    except ImageRefusedError:
        return
    assert len(header.shape) == len(header.chunk_shape) == len(header.dimension_names)
