import json

import pytest

from arkitekt_di.errors import ObjectRefusedError
from arkitekt_di.messages.pixels import MAX_HEADER_BYTES
from arkitekt_di.server.database import Database
from arkitekt_di.server.images.tables import Store
from arkitekt_di.server.objects.memory import InMemoryObjects
from tests.server.images.documents import ACCESS, FINISH, RENEW, REQUEST
from tests.server.images.image_hub import DUE_S, ImageHub, RefusedError, array, serve

pytestmark = pytest.mark.anyio


async def test_a_grant_names_a_fresh_place_and_how_much_may_be_written_there(hub: ImageHub) -> None:
    first, second = await hub.ask(REQUEST), await hub.ask(REQUEST)

    assert first["__typename"] == "ZarrUploadGrant"
    assert first["maxBytes"] == 2**30
    assert first["expiresIn"] == 100
    assert first["path"] == f"s3://zarr/{first['key']}"
    assert first["key"] != second["key"]


async def test_a_finished_array_says_what_its_header_says(hub: ImageHub) -> None:
    store = (await hub.ask(REQUEST))["store"]
    header = json.dumps(array()).encode()
    await hub.write(f"{store}/zarr.json", header)

    finished = await hub.ask(FINISH, id=store, valid=True)

    assert finished == {
        "__typename": "ZarrStore",
        "id": store,
        "bucket": "zarr",
        "key": store,
        "path": f"s3://zarr/{store}",
        "maxBytes": 2**30,
        "sizeBytes": len(header),
        "shape": [6, 4],
        "chunks": [3, 4],
        "shards": None,
        "dtype": "uint16",
        "dimensionNames": ["y", "x"],
    }


async def test_an_upload_without_a_header_stays_open(hub: ImageHub) -> None:
    store = (await hub.ask(REQUEST))["store"]

    with pytest.raises(RefusedError, match=r"zarr\.json") as refused:
        await hub.ask(FINISH, id=store, valid=True)

    assert refused.value.code == "UPLOAD_INCOMPLETE"
    assert (await hub.ask(RENEW, id=store))["store"] == store


async def test_objects_that_the_manifest_lists_are_named_when_they_are_missing_or_short(hub: ImageHub) -> None:
    store = (await hub.ask(REQUEST))["store"]
    manifest = {"c/0/0": 6, "c/1/0": 6, "c/0/1": 6}
    await hub.write(f"{store}/c/0/0", b"pixels")
    await hub.write(f"{store}/c/1/0", b"pix")
    await hub.write(f"{store}/zarr.json", json.dumps(array(attributes={"arkitekt": {"manifest": manifest}})).encode())

    with pytest.raises(RefusedError, match="lacks c/0/1, c/1/0"):
        await hub.ask(FINISH, id=store, valid=True)
    await hub.write(f"{store}/c/1/0", b"pixels")
    await hub.write(f"{store}/c/0/1", b"pixels")

    assert (await hub.ask(FINISH, id=store, valid=True))["shape"] == [6, 4]


async def test_a_long_list_of_missing_objects_is_cut(hub: ImageHub) -> None:
    store = (await hub.ask(REQUEST))["store"]
    manifest = {f"c/{number}": 1 for number in range(1000)}
    await hub.write(f"{store}/zarr.json", json.dumps(array(attributes={"arkitekt": {"manifest": manifest}})).encode())

    with pytest.raises(RefusedError, match="and 980 more"):
        await hub.ask(FINISH, id=store, valid=True)


async def test_a_header_is_read_up_to_a_limit(hub: ImageHub) -> None:
    store = (await hub.ask(REQUEST))["store"]
    await hub.write(f"{store}/zarr.json", json.dumps(array(attributes={"note": "x" * MAX_HEADER_BYTES})).encode())

    with pytest.raises(RefusedError, match="too large"):
        await hub.ask(FINISH, id=store, valid=True)


async def test_an_upload_of_more_than_was_granted_is_refused(hub: ImageHub, database: Database) -> None:
    store = (await hub.ask(REQUEST))["store"]
    await hub.write(f"{store}/zarr.json", json.dumps(array()).encode())
    async with database.transaction() as session:
        (await session.get_one(Store, store)).max_bytes = 5

    with pytest.raises(RefusedError, match="5 were granted"):
        await hub.ask(FINISH, id=store, valid=True)


@pytest.mark.parametrize("is_removed", [True, False])
async def test_an_upload_that_is_given_up_while_it_is_checked_is_not_finished(
    database: Database, is_removed: bool
) -> None:
    class GivesUp(InMemoryObjects):
        async def seal(self, bucket: str, prefix: str) -> None:
            await hub.ask(FINISH, id=prefix, valid=False)
            if is_removed:
                hub.clock.now += DUE_S
                await hub.endpoint.collector.collect()
            await super().seal(bucket, prefix)

    async with serve(database, GivesUp()) as hub:
        store = (await hub.ask(REQUEST))["store"]
        await hub.write(f"{store}/zarr.json", json.dumps(array()).encode())

        with pytest.raises(RefusedError) as refused:
            await hub.ask(FINISH, id=store, valid=True)

    assert refused.value.code == ("NOT_FOUND" if is_removed else "REFUSED")


async def test_an_image_cannot_be_finished_as_an_upload(hub: ImageHub) -> None:
    store = await hub.upload()
    await hub.create(store)

    with pytest.raises(RefusedError, match="is finished and cannot be changed"):
        await hub.ask(FINISH, id=store, valid=True)


async def test_a_finished_array_cannot_be_written_any_more(hub: ImageHub) -> None:
    store = await hub.upload()

    with pytest.raises(ObjectRefusedError):
        await hub.write(f"{store}/c/0/0", b"other pixels")


async def test_an_upload_may_be_finished_twice(hub: ImageHub) -> None:
    store = await hub.upload()

    assert (await hub.ask(FINISH, id=store, valid=True))["id"] == store


async def test_a_discarded_upload_is_gone_and_may_be_discarded_twice(hub: ImageHub) -> None:
    store = (await hub.ask(REQUEST))["store"]
    await hub.write(f"{store}/c/0/0", b"pixels")

    await hub.ask(FINISH, id=store, valid=False)
    await hub.ask(FINISH, id=store, valid=False)

    assert hub.keys(store) == []
    with pytest.raises(RefusedError, match="has been discarded"):
        await hub.ask(FINISH, id=store, valid=True)


async def test_an_image_cannot_be_discarded_as_an_upload(hub: ImageHub) -> None:
    store = await hub.upload()
    await hub.create(store)

    with pytest.raises(RefusedError, match="is finished"):
        await hub.ask(FINISH, id=store, valid=False)

    assert hub.keys(store)


async def test_pixels_are_granted_when_there_is_an_image_and_not_before(hub: ImageHub) -> None:
    store = await hub.upload()

    with pytest.raises(RefusedError, match="no store"):
        await hub.ask(ACCESS, id=store)
    await hub.create(store)

    assert (await hub.ask(ACCESS, id=store))["key"] == store


async def test_an_upload_that_was_renewed_is_not_forgotten_in_its_old_time(hub: ImageHub) -> None:
    store = (await hub.ask(REQUEST))["store"]
    await hub.write(f"{store}/c/0/0", b"pixels")
    hub.clock.now += 90
    await hub.ask(RENEW, id=store)
    hub.clock.now += 1050

    await hub.endpoint.collector.collect()

    assert hub.keys(store)


async def test_a_finished_upload_is_not_renewed(hub: ImageHub) -> None:
    store = await hub.upload()

    with pytest.raises(RefusedError, match="is finished"):
        await hub.ask(RENEW, id=store)


async def test_a_user_may_have_a_thousand_uploads_open_and_no_more(hub: ImageHub, monkeypatch) -> None:
    monkeypatch.setattr("arkitekt_di.server.images.uploads.MAX_OPEN_UPLOADS", 2)
    store = (await hub.ask(REQUEST))["store"]
    await hub.ask(REQUEST)

    with pytest.raises(RefusedError, match="2 uploads open"):
        await hub.ask(REQUEST)
    await hub.ask(FINISH, id=store, valid=False)

    assert await hub.ask(REQUEST)
    assert await hub.ask(REQUEST, by="ben")
