import pytest

from tests.server.images.documents import ACCESS, CREATE, DELETE, FINISH, GET, RENEW, REQUEST, UPDATE
from tests.server.images.image_hub import ImageHub, RefusedError, draft

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        (GET, lambda image, _store, _upload: {"id": image}),
        (UPDATE, lambda image, _store, _upload: {"input": {"id": image, "name": "mine"}}),
        (DELETE, lambda image, _store, _upload: {"id": image}),
        (ACCESS, lambda _image, store, _upload: {"id": store}),
        (FINISH, lambda _image, store, _upload: {"id": store, "valid": False}),
        (FINISH, lambda _image, _store, upload: {"id": upload, "valid": True}),
        (FINISH, lambda _image, _store, upload: {"id": upload, "valid": False}),
        (RENEW, lambda _image, _store, upload: {"id": upload}),
        (ACCESS, lambda _image, _store, upload: {"id": upload}),
        (CREATE, lambda _image, _store, upload: {"input": draft(upload, "mine")}),
        (CREATE, lambda _image, store, _upload: {"input": draft(store, "mine")}),
    ],
)
async def test_nobody_touches_what_another_organization_has(hub: ImageHub, document: str, variables) -> None:
    image = await hub.image(name="secret")
    store = image["dataArrays"][0]["store"]["id"]
    upload = await hub.upload()

    with pytest.raises(RefusedError) as refused:
        await hub.ask(document, by="eve", **variables(image["id"], store, upload))

    assert refused.value.code == "NOT_FOUND"
    assert await hub.ask(GET, id=image["id"]) == image
    assert (await hub.create(upload))["id"]
    assert hub.keys(store)


@pytest.mark.parametrize("valid", [True, False])
async def test_an_upload_belongs_to_its_user_within_an_organization(hub: ImageHub, valid: bool) -> None:
    upload = await hub.upload()

    with pytest.raises(RefusedError, match="no store"):
        await hub.ask(FINISH, by="ben", id=upload, valid=valid)
    with pytest.raises(RefusedError, match="no store"):
        await hub.create(upload, by="ben")


async def test_listings_and_searches_end_at_the_organization(hub: ImageHub) -> None:
    secret = await hub.image(name="secret")
    await hub.image(name="secret of the rivals", by="eve")

    assert await hub.names(by="eve") == ["secret of the rivals"]
    assert await hub.names(by="eve", filters={"search": "secret"}) == ["secret of the rivals"]
    assert await hub.names(by="eve", filters={"ids": [secret["id"]]}) == []


async def test_colleagues_share_images(hub: ImageHub) -> None:
    image = await hub.image(name="ours")

    assert await hub.ask(GET, by="ben", id=image["id"]) == image
    assert (await hub.ask(UPDATE, by="ben", input={"id": image["id"], "name": "still ours"}))["name"] == "still ours"
    assert await hub.ask(ACCESS, by="ben", id=image["dataArrays"][0]["store"]["id"])
    assert await hub.ask(REQUEST, by="ben")


@pytest.mark.parametrize("identifier", ["", "1", "%", "../x", "\N{GRINNING FACE}", "0" * 5000, "\t"])
@pytest.mark.parametrize(("document", "variable"), [(GET, "id"), (DELETE, "id"), (ACCESS, "id"), (RENEW, "id")])
async def test_identifiers_that_cannot_be_are_not_found(
    hub: ImageHub, document: str, variable: str, identifier: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        await hub.ask(document, **{variable: identifier})

    assert refused.value.code == "NOT_FOUND"
