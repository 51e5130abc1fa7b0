import hashlib
import json

import pytest

from arkitekt_di.messages.blobs import LIST
from tests.server.images.image_hub import DUE_S, ImageHub, RefusedError

pytestmark = pytest.mark.anyio

REQUEST = "mutation($key: String) { requestBigfileUpload(input: {uploadKey: $key}) { store key bucket status record } }"
FINISH = "mutation($id: String!, $sha: String) { finishBigfileUpload(input: {storeId: $id, sha256: $sha}) { id } }"
DISCARD = "mutation($id: String!) { finishBigfileUpload(input: {storeId: $id, valid: false}) { id } }"
CREATE = "mutation($id: FileLike!, $name: String!) { fromFileLike(input: {file: $id, fileName: $name}) { id } }"
ACCESS = "mutation($id: String!) { requestBigfileAccess(input: {storeId: $id}) { key } }"
GET = "query($id: ID!) { file(id: $id) { name store { id sha256 sizeBytes } } }"
RENAME = "mutation($id: ID!, $name: String) { updateFile(input: {id: $id, name: $name}) { name } }"
MOVE = "mutation($id: ID!) { moveFile(input: {id: $id}) { id } }"
DELETE = "mutation($id: ID!) { deleteFile(input: {id: $id}) }"
RESTORE = "mutation($id: ID!) { restoreFile(input: {id: $id}) { id } }"
LIST_ALL = "{ files { id } }"
MONTH_S = 30 * 24 * 3600.0


async def write(hub: ImageHub, key: str, content: bytes) -> None:
    async with hub.objects.stage("bigfile", key) as draft:
        await draft.write(content)
        await draft.publish()


async def make(hub: ImageHub, *, by: str = "ada", content: bytes = b"bytes") -> tuple[str, str]:
    """Return the file and its store."""
    upload = await hub.ask(REQUEST, by=by)
    await write(hub, upload["key"], content)
    await hub.ask(FINISH, by=by, id=upload["store"], sha=hashlib.sha256(content).hexdigest())
    return (await hub.ask(CREATE, by=by, id=upload["store"], name="a"))["id"], upload["store"]


def keys(hub: ImageHub) -> list[str]:
    return [key for bucket, key in hub.objects.stored if bucket == "bigfile"]


async def test_a_stranger_finds_nothing(hub: ImageHub) -> None:
    file, store = await make(hub)
    upload = await hub.ask(REQUEST)

    for document, variables in (
        (GET, {"id": file}),
        (RENAME, {"id": file, "name": "mine"}),
        (MOVE, {"id": file}),
        (DELETE, {"id": file}),
        (RESTORE, {"id": file}),
        (ACCESS, {"id": store}),
        (FINISH, {"id": upload["store"]}),
        (DISCARD, {"id": upload["store"]}),
        (CREATE, {"id": upload["store"], "name": "mine"}),
    ):
        with pytest.raises(RefusedError) as refused:
            await hub.ask(document, by="eve", **variables)
        assert refused.value.code == "NOT_FOUND"
    assert await hub.ask(LIST_ALL, by="eve") == []
    assert (await hub.ask(GET, by="ben", id=file))["name"] == "a"


async def test_a_key_is_a_users_own(hub: ImageHub) -> None:
    stores = {by: (await hub.ask(REQUEST, by=by, key="run 7"))["store"] for by in ("ada", "ben", "eve")}

    assert len(set(stores.values())) == 3
    assert (await hub.ask(REQUEST, key="run 7"))["store"] == stores["ada"]


async def test_bytes_go_when_the_trash_is_emptied(hub: ImageHub) -> None:
    file, _ = await make(hub)
    await hub.ask(DELETE, id=file)

    hub.clock.now += MONTH_S - 1
    await hub.endpoint.trash.attend()
    await hub.endpoint.blob_collector.attend()
    kept = keys(hub)
    hub.clock.now += 1
    await hub.endpoint.trash.attend()
    await hub.endpoint.blob_collector.attend()

    assert (len(kept), keys(hub)) == (1, [])
    with pytest.raises(RefusedError) as refused:
        await hub.ask(RESTORE, id=file)
    assert refused.value.code == "NOT_FOUND"


async def test_forgotten_uploads_are_collected_when_they_are_due_and_not_before(hub: ImageHub) -> None:
    upload = await hub.ask(REQUEST, key="half")
    await write(hub, f"{upload['store']}/parts/000000-{'0' * 32}", b"half of it")
    await make(hub)

    hub.clock.now += DUE_S - 1
    await hub.endpoint.blob_collector.attend()
    before = len(keys(hub))
    hub.clock.now += 1
    await hub.endpoint.blob_collector.attend()

    assert (before, len(keys(hub))) == (2, 1)
    assert (await hub.ask(REQUEST, key="half"))["store"] != upload["store"]


@pytest.mark.parametrize("listed", ["no list", {"parts": [{"name": "../../x", "size": 1}]}, {"parts": None}])
async def test_a_list_that_is_none_is_refused(hub: ImageHub, listed: object) -> None:
    upload = await hub.ask(REQUEST)
    await write(hub, f"{upload['store']}/{LIST}", json.dumps(listed).encode())

    with pytest.raises(RefusedError, match="not a list of parts") as refused:
        await hub.ask(FINISH, id=upload["store"])

    assert refused.value.code == "REFUSED"


@pytest.mark.parametrize("name", ["", " ", "x" * 256, "a\x07"])
async def test_a_name_that_nobody_could_read_is_refused_and_the_upload_stays(hub: ImageHub, name: str) -> None:
    upload = await hub.ask(REQUEST)
    await write(hub, upload["key"], b"bytes")

    with pytest.raises(RefusedError) as refused:
        await hub.ask(CREATE, id=upload["store"], name=name)

    assert refused.value.code == "REFUSED"
    assert (await hub.ask(CREATE, id=upload["store"], name="good"))["id"]
