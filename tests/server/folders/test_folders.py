import asyncio

import pytest

from arkitekt_di.server.folders.tree import MAX_DEPTH
from tests.server.folders import documents
from tests.server.images.image_hub import ImageHub, RefusedError

pytestmark = pytest.mark.anyio

UNKNOWN = "4b1f0b5e-3a1c-4c55-9f5e-8f3c1f0a2b7d"
MONTH_S = 30 * 24 * 3600.0


async def paths(hub: ImageHub, *, by: str = "ada", **filters: object) -> list[str]:
    return [folder["path"] for folder in await hub.ask(documents.LIST, by=by, filters=filters)]


async def test_a_path_becomes_folders_once(hub: ImageHub) -> None:
    first = await hub.ask(documents.ENSURE, path="2026/november/embryos")
    second = await hub.ask(documents.ENSURE, path="/2026/november/embryos/", by="ben")

    assert first == second
    assert (first["name"], first["path"], first["parent"]["name"]) == ("embryos", "2026/november/embryos", "november")
    assert sorted(await paths(hub)) == ["2026", "2026/november", "2026/november/embryos"]


async def test_racing_callers_get_one_folder(hub: ImageHub) -> None:
    made = await asyncio.gather(*(hub.ask(documents.ENSURE, path="a/b/c", by=by) for by in ["ada", "ben"] * 10))

    assert len({folder["id"] for folder in made}) == 1
    assert len(await paths(hub)) == 3


async def test_a_name_is_taken_once_in_each_folder(hub: ImageHub) -> None:
    one = await hub.ask(documents.CREATE, name="one")
    await hub.ask(documents.CREATE, name="same", parent=one["id"])
    await hub.ask(documents.CREATE, name="same")

    with pytest.raises(RefusedError, match="already") as refused:
        await hub.ask(documents.CREATE, name="same", parent=one["id"])

    assert refused.value.code == "REFUSED"


async def test_names_that_look_the_same_are_the_same(hub: ImageHub) -> None:
    composed = await hub.ask(documents.ENSURE_ONE, name="K\N{LATIN SMALL LETTER O WITH DIAERESIS}ln")
    combined = await hub.ask(documents.ENSURE_ONE, name="Ko\N{COMBINING DIAERESIS}ln")

    assert composed["id"] == combined["id"]


@pytest.mark.parametrize("name", ["", " ", ".", "..", "a/b", " a", "a ", "a\n", "x" * 256])
async def test_a_name_that_is_no_part_of_a_path_is_refused(hub: ImageHub, name: str) -> None:
    with pytest.raises(RefusedError) as refused:
        await hub.ask(documents.CREATE, name=name)

    assert refused.value.code == "REFUSED"
    assert await paths(hub) == []


async def test_a_path_with_a_wrong_part_makes_nothing(hub: ImageHub) -> None:
    with pytest.raises(RefusedError):
        await hub.ask(documents.ENSURE, path="good/../bad")

    assert await paths(hub) == []


async def test_folders_end_at_the_largest_depth(hub: ImageHub) -> None:
    deepest = await hub.ask(documents.ENSURE, path="/".join(["d"] * MAX_DEPTH))

    with pytest.raises(RefusedError, match="deep"):
        await hub.ask(documents.CREATE, name="one more", parent=deepest["id"])
    with pytest.raises(RefusedError, match=str(MAX_DEPTH)):
        await hub.ask(documents.ENSURE, path="/".join(["d"] * (MAX_DEPTH + 1)))
    branch = await hub.ask(documents.ENSURE, path="branch/leaf")
    with pytest.raises(RefusedError, match="deep"):
        await hub.ask(documents.MOVE, id=branch["parent"]["id"], parent=deepest["parent"]["id"])


async def test_folders_are_listed_by_place_and_name(hub: ImageHub) -> None:
    for path in ("b/x", "a", "B2", "b/y"):
        await hub.ask(documents.ENSURE, path=path)
    parent = await hub.ask(documents.AT, path="b")

    assert await paths(hub, parentless=True) == ["a", "b", "B2"]
    assert await paths(hub, parent=parent["id"]) == ["b/x", "b/y"]
    assert await paths(hub, search="B") == ["b", "B2"]
    assert await paths(hub, ids=[parent["id"], UNKNOWN, "no identifier"]) == ["b"]


async def test_pages_hold_every_folder_once(hub: ImageHub) -> None:
    for number in range(7):
        hub.clock.now += 1
        await hub.ask(documents.CREATE, name=f"folder {number}")

    pages = [
        await hub.ask(documents.LIST, page={"limit": 3, "offset": offset}, ordering=[{"createdAt": "DESC"}])
        for offset in (0, 3, 6)
    ]

    assert [folder["name"] for page in pages for folder in page] == [f"folder {number}" for number in range(6, -1, -1)]
    with pytest.raises(RefusedError):
        await hub.ask(documents.LIST, page={"limit": 201})


async def test_a_folder_is_renamed_described_and_moved(hub: ImageHub) -> None:
    leaf = await hub.ask(documents.ENSURE, path="a/leaf")
    b = await hub.ask(documents.CREATE, name="b")

    renamed = await hub.ask(
        documents.CHANGE, input={"id": leaf["id"], "name": "blatt", "parent": b["id"], "description": "what grows"}
    )
    outermost = await hub.ask(documents.MOVE, id=leaf["id"])

    assert (renamed["path"], renamed["description"]) == ("b/blatt", "what grows")
    assert (outermost["path"], outermost["parent"]) == ("blatt", None)
    again = await hub.ask(documents.CHANGE, input={"id": leaf["id"], "name": "blatt"})
    assert again["id"] == leaf["id"]


async def test_a_folder_never_lies_inside_itself(hub: ImageHub) -> None:
    leaf = await hub.ask(documents.ENSURE, path="a/b/c")
    a = await hub.ask(documents.AT, path="a")

    for target in (leaf["id"], a["id"]):
        with pytest.raises(RefusedError, match="inside itself"):
            await hub.ask(documents.MOVE, id=a["id"], parent=target)


async def test_what_is_deleted_with_a_folder_comes_back_with_it(hub: ImageHub) -> None:
    await hub.ask(documents.ENSURE, path="a/b/c")
    gone = await hub.ask(documents.ENSURE, path="a/gone before")
    await hub.ask(documents.DELETE, id=gone["id"])
    a = await hub.ask(documents.AT, path="a")

    await hub.ask(documents.DELETE, id=a["id"])
    after = await paths(hub)
    trashed = await paths(hub, trashed=True)
    restored = await hub.ask(documents.RESTORE, id=a["id"])

    assert (after, trashed) == ([], ["a", "a/gone before"])
    assert restored["path"] == "a"
    assert sorted(await paths(hub)) == ["a", "a/b", "a/b/c"]
    assert (await hub.ask(documents.ENSURE, path="a/b/c"))["parent"]["id"] != a["id"]
    assert len(await paths(hub)) == 3


async def test_a_folder_that_went_with_another_comes_back_with_that_one_only(hub: ImageHub) -> None:
    leaf = await hub.ask(documents.ENSURE, path="a/b")
    await hub.ask(documents.DELETE, id=leaf["parent"]["id"])

    with pytest.raises(RefusedError, match=leaf["parent"]["id"]):
        await hub.ask(documents.RESTORE, id=leaf["id"])


async def test_a_folder_is_not_restored_into_the_trash_or_onto_another(hub: ImageHub) -> None:
    leaf = await hub.ask(documents.ENSURE, path="a/b")
    await hub.ask(documents.DELETE, id=leaf["id"])
    await hub.ask(documents.ENSURE, path="a/b")
    with pytest.raises(RefusedError, match="already"):
        await hub.ask(documents.RESTORE, id=leaf["id"])

    await hub.ask(documents.DELETE, id=leaf["parent"]["id"])
    with pytest.raises(RefusedError, match="trash"):
        await hub.ask(documents.RESTORE, id=leaf["id"])


async def test_the_trash_is_emptied_when_the_time_is_over(hub: ImageHub) -> None:
    leaf = await hub.ask(documents.ENSURE, path="a/b/c")
    a = await hub.ask(documents.AT, path="a")
    await hub.ask(documents.DELETE, id=leaf["id"])
    hub.clock.now += MONTH_S / 2
    await hub.ask(documents.DELETE, id=a["id"])

    hub.clock.now += MONTH_S / 2 - 1
    await hub.endpoint.trash.attend()
    kept = await paths(hub, trashed=True)
    hub.clock.now += 1
    await hub.endpoint.trash.attend()
    first = await paths(hub, trashed=True)
    hub.clock.now += MONTH_S
    left = await hub.endpoint.trash.attend()

    assert (sorted(kept), first, left) == (["a", "a/b/c"], ["a"], None)
    assert await paths(hub, trashed=True) == []
    with pytest.raises(RefusedError) as refused:
        await hub.ask(documents.RESTORE, id=a["id"])
    assert refused.value.code == "NOT_FOUND"


async def test_a_stranger_finds_nothing_and_has_names_of_their_own(hub: ImageHub) -> None:
    folder = await hub.ask(documents.ENSURE, path="a")
    calls: list[tuple[str, dict[str, object]]] = [
        (documents.GET, {"id": folder["id"]}),
        (documents.AT, {"path": "a"}),
        (documents.CREATE, {"name": "x", "parent": folder["id"]}),
        (documents.ENSURE, {"path": "x", "parent": folder["id"]}),
        (documents.CHANGE, {"input": {"id": folder["id"], "name": "mine"}}),
        (documents.MOVE, {"id": folder["id"]}),
        (documents.DELETE, {"id": folder["id"]}),
        (documents.RESTORE, {"id": folder["id"]}),
    ]

    for document, variables in calls:
        with pytest.raises(RefusedError) as refused:
            await hub.ask(document, by="eve", **variables)
        assert refused.value.code == "NOT_FOUND"
    assert await paths(hub, by="eve") == []
    assert (await hub.ask(documents.ENSURE, path="a", by="eve"))["id"] != folder["id"]
    assert await hub.ask(documents.GET, id=folder["id"], by="ben") == folder


@pytest.mark.parametrize("document", [documents.GET, documents.MOVE, documents.DELETE, documents.RESTORE])
@pytest.mark.parametrize("identifier", [UNKNOWN, "", "no identifier", "x" * 5000])
async def test_what_is_not_there_is_not_found(hub: ImageHub, document: str, identifier: str) -> None:
    with pytest.raises(RefusedError) as refused:
        await hub.ask(document, id=identifier)

    assert refused.value.code == "NOT_FOUND"
