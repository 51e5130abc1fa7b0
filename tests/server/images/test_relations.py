"""The hub keeps what images were made from, within an organization."""

import pytest

from tests.server.images.documents import DELETE
from tests.server.images.image_hub import ImageHub, RefusedError

pytestmark = pytest.mark.anyio

SOURCES = "query($id: ID!) { sourceDatasets(id: $id) { id } }"
DERIVED = "query($id: ID!) { derivedDatasets(id: $id) { id } }"


def sources(*ids: str) -> dict[str, object]:
    return {"derivedFrom": [{"kind": "DATASET", "dataset": one} for one in ids]}


async def test_what_an_image_was_made_from_is_told_in_both_directions(hub: ImageHub) -> None:
    raw = (await hub.image(name="raw"))["id"]
    mask = (await hub.create(await hub.upload(), name="mask", members=sources(raw, raw)))["id"]

    assert await hub.ask(SOURCES, id=mask) == [{"id": raw}]
    assert await hub.ask(DERIVED, id=raw, by="ben") == [{"id": mask}]
    assert await hub.ask(SOURCES, id=raw) == []
    await hub.ask(DELETE, id=raw)
    assert await hub.ask(SOURCES, id=mask) == []


async def test_the_images_of_strangers_are_neither_sources_nor_seen(hub: ImageHub) -> None:
    theirs, ours = (await hub.image(by="eve"))["id"], (await hub.image())["id"]

    with pytest.raises(RefusedError, match="no image"):
        await hub.create(await hub.upload(), members=sources(theirs))
    with pytest.raises(RefusedError, match="no image"):
        await hub.ask(DERIVED, by="eve", id=ours)


async def test_sources_that_are_no_images_or_too_many_are_refused(hub: ImageHub) -> None:
    for members in ({"derivedFrom": [{"kind": "LENS", "lens": "1"}]}, sources(*(str(n) for n in range(65)))):
        with pytest.raises(RefusedError) as refused:
            await hub.create(await hub.upload(), members=members)
        assert refused.value.code == "REFUSED"


async def test_files_and_tables_are_sources_where_they_are_there(hub: ImageHub) -> None:
    unknown = "4b1f0b5e-3a1c-4c55-9f5e-8f3c1f0a2b7d"
    for members, missing in (
        ({"sourceFiles": [{"file": unknown}]}, "no file"),
        ({"derivedFrom": [{"kind": "TABLE_DATASET", "tableDataset": unknown}]}, "no table"),
    ):
        with pytest.raises(RefusedError, match=missing):
            await hub.create(await hub.upload(), members=members)
    with pytest.raises(RefusedError) as refused:
        await hub.create(await hub.upload(), members={"sourceFiles": ["7"]})
    assert refused.value.code == "REFUSED"
