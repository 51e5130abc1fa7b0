"""obstore and zarr, the clients of images, on the endpoint."""

import io

import numpy as np
import obstore
import pytest
import zarr
from obstore.exceptions import AlreadyExistsError, PermissionDeniedError, PreconditionError
from zarr.core.metadata import ArrayV3Metadata
from zarr.storage import ObjectStore

from arkitekt_di.server.objects import Access
from tests.server.objects.live import LiveEndpoint, obstore_client

LARGE = np.random.default_rng(1).bytes(11 * 2**20)


def test_a_sharded_array_survives_the_round_trip(live: LiveEndpoint) -> None:
    """Writes, overwrites and reads back what zarr and obstore do by default, multipart included."""
    pixels = np.random.default_rng(0).integers(0, 2**16, (3, 8, 512, 512), dtype=np.uint16)
    writer = ObjectStore(obstore_client(live, live.credentials()))
    reader = ObjectStore(obstore_client(live, live.credentials(access=Access.READ)), read_only=True)

    for _ in range(2):
        array = zarr.create_array(
            writer, shape=pixels.shape, chunks=(1, 1, 256, 256), shards=(1, 8, 512, 512), dtype=pixels.dtype,
            dimension_names=("c", "z", "y", "x"), overwrite=True,
        )  # fmt: skip
        array[:] = pixels
    again = zarr.open_array(reader, mode="r")

    assert isinstance(again.metadata, ArrayV3Metadata)
    assert again.metadata.dimension_names == ("c", "z", "y", "x")
    np.testing.assert_array_equal(again[:], pixels)
    np.testing.assert_array_equal(again[1, 3:5, 100:300, 7], pixels[1, 3:5, 100:300, 7])


@pytest.mark.parametrize("unsigned", [False, True])
def test_every_verb_of_obstore(live: LiveEndpoint, *, unsigned: bool) -> None:
    """All that a store rooted at a prefix is asked for."""
    store = obstore_client(live, live.credentials(), unsigned_payload=unsigned)

    obstore.put(store, "x y+é~%/z", b"hello world")
    first = obstore.put(store, "created", b"once", mode="create")
    with pytest.raises(AlreadyExistsError):
        obstore.put(store, "created", b"twice", mode="create")
    obstore.put(store, "created", b"again", mode={"e_tag": first["e_tag"]}, use_multipart=False)
    with pytest.raises(PreconditionError):
        obstore.put(store, "created", b"lost", mode={"e_tag": first["e_tag"]}, use_multipart=False)
    obstore.put(store, "large", io.BytesIO(LARGE))

    assert obstore.get(store, "x y+é~%/z").bytes() == b"hello world"
    assert obstore.get_range(store, "x y+é~%/z", start=2, end=5) == b"llo"
    assert obstore.get_range(store, "x y+é~%/z", start=6, end=500) == b"world"
    assert obstore.get(store, "x y+é~%/z", options={"range": {"suffix": 5}}).bytes() == b"world"
    assert obstore.get(store, "x y+é~%/z", options={"range": {"offset": 6}}).bytes() == b"world"
    assert obstore.get(store, "created").bytes() == b"again"
    assert obstore.get(store, "large").bytes() == LARGE
    assert obstore.get_range(store, "large", start=5, end=9 * 2**20) == LARGE[5 : 9 * 2**20]
    assert obstore.head(store, "large")["size"] == len(LARGE)
    assert [entry["path"] for page in obstore.list(store) for entry in page] == ["created", "large", "x y+é~%/z"]
    assert [entry["path"] for page in obstore.list(store, offset="created") for entry in page] == ["large", "x y+é~%/z"]
    top = obstore.list_with_delimiter(store)
    assert ([entry["path"] for entry in top["objects"]], top["common_prefixes"]) == (["created", "large"], ["x y+é~%"])

    obstore.delete(store, ["created", "large", "x y+é~%/z", "missing"])

    assert list(obstore.list(store)) == []
    with pytest.raises(FileNotFoundError):
        obstore.get(store, "large")


def test_a_reader_cannot_write(live: LiveEndpoint) -> None:
    """A grant to read is good for nothing else, and obstore gives up at once."""
    obstore.put(obstore_client(live, live.credentials()), "x", b"kept")
    store = obstore_client(live, live.credentials(access=Access.READ))

    with pytest.raises(PermissionDeniedError):
        obstore.put(store, "x", b"lost")
    with pytest.raises(PermissionDeniedError):
        obstore.delete(store, "x")

    assert obstore.get(store, "x").bytes() == b"kept"


def test_a_copy_is_refused_and_leaves_no_empty_object(live: LiveEndpoint) -> None:
    """A server-side copy is a PUT without a body: it must not be taken for an empty object."""
    store = obstore_client(live, live.credentials())
    obstore.put(store, "x", b"kept")

    with pytest.raises(obstore.exceptions.BaseError, match="MethodNotAllowed"):
        obstore.copy(store, "x", "y")

    with pytest.raises(FileNotFoundError):
        obstore.head(store, "y")
