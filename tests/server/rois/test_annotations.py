"""Regions of interest are drawn on images, by clients of either kind, and are seen by the organization alone."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from tests.server.images.documents import DELETE
from tests.server.images.image_hub import ImageHub, RefusedError

pytestmark = pytest.mark.anyio

ROI = """id name description kind vectors dims coordinates { name value } intrinsicBbox { min max }
  strokeColor fillColor filled strokeWidth tags dataset mask creator { sub } coordinateSystem { axes { name } }"""
DRAW = f"mutation($input: CreateAnnotationsInput!) {{ createAnnotations(input: $input) {{ {ROI} }} }}"
DRAW_ONE = f"mutation($input: CreateAnnotationInput!) {{ createAnnotation(input: $input) {{ {ROI} }} }}"
EDIT = f"mutation($input: UpdateAnnotationInput!) {{ updateAnnotation(input: $input) {{ {ROI} }} }}"
ERASE = "mutation($id: ID!) { deleteAnnotation(input: {id: $id}) }"
READ = f"query($id: ID!) {{ annotation(id: $id) {{ {ROI} }} }}"
FIND = f"""query($filters: AnnotationFilter, $page: OffsetPaginationInput) {{
  annotations(filters: $filters, pagination: $page) {{ {ROI} }} }}"""
COLLECT = """mutation($input: CreateAnnotationCollectionInput!) { createAnnotationCollection(input: $input) {
  id name coordinateSystem { axes { name type } } } }"""
COLLECTIONS = """query($filters: AnnotationCollectionFilter) { annotationCollections(filters: $filters) {
  id annotations { id } } }"""
SQUARE = {"kind": "POLYGON", "vectors": [[1, 1], [1, 3], [3, 3], [3, 1]], "dims": ["y", "x"]}


async def draw(hub: ImageHub, image: Any, *specs: Mapping[str, Any], by: str = "ada") -> Any:
    return await hub.ask(DRAW, by=by, input={"dataset": image["id"], "annotations": list(specs)})


async def test_a_region_comes_back_as_it_was_drawn(hub: ImageHub) -> None:
    image = await hub.image()
    spec = SQUARE | {
        "name": "nucleus",
        "description": "dividing",
        "tags": ["good"],
        "strokeColor": [255, 0, 0],
        "fillColor": [0, 0, 255, 128],
    }

    (roi,) = await draw(hub, image, spec)

    assert roi == {**roi, **spec}
    assert (roi["dataset"], roi["filled"], roi["creator"]) == (image["id"], True, {"sub": "ada"})
    assert roi["intrinsicBbox"] == {"min": [1, 1], "max": [3, 3]}
    assert await hub.ask(READ, by="ben", id=roi["id"]) == roi


async def test_regions_are_found_by_image_kind_and_label_in_the_order_they_were_drawn(hub: ImageHub) -> None:
    image, other = await hub.image(), await hub.image(name="other")
    point = {"kind": "POINT", "vectors": [[0, 0]], "name": "Spot"}
    drawn = await draw(hub, image, SQUARE, point, SQUARE | {"name": "spot too"})
    await draw(hub, other, point)
    ids = [roi["id"] for roi in drawn]

    async def found(**filters: object) -> list[str]:
        return [roi["id"] for roi in await hub.ask(FIND, filters=filters)]

    assert await found(dataset=image["id"]) == ids
    assert await found(dataset=image["id"], kind="POINT") == ids[1:2]
    assert await found(dataset=image["id"], search="SPOT") == ids[1:]
    assert await found(ids=ids[:2]) == ids[:2]
    page = await hub.ask(FIND, filters={"dataset": image["id"]}, page={"limit": 1, "offset": 1})
    assert [roi["id"] for roi in page] == ids[1:2]


async def test_dims_that_are_not_named_are_the_last_axes_of_space(hub: ImageHub) -> None:
    (roi,) = await draw(hub, await hub.image(), {"kind": "LINE", "vectors": [[0, 1], [2, 3]]})

    assert roi["dims"] == ["y", "x"]


async def test_a_region_is_changed_and_removed(hub: ImageHub) -> None:
    image = await hub.image()
    (roi,) = await draw(hub, image, SQUARE | {"name": "old", "tags": ["a"]})

    edited = await hub.ask(EDIT, input={"id": roi["id"], "name": "new", "vectors": [[0, 0], [0, 1], [1, 1]]})

    assert edited == roi | {
        "name": "new",
        "vectors": [[0, 0], [0, 1], [1, 1]],
        "intrinsicBbox": {"min": [0, 0], "max": [1, 1]},
    }
    assert await hub.ask(ERASE, id=roi["id"]) == roi["id"]
    with pytest.raises(RefusedError, match="no region of interest"):
        await hub.ask(READ, id=roi["id"])


async def test_regions_of_an_image_in_the_trash_are_not_seen(hub: ImageHub) -> None:
    image = await hub.image()
    (roi,) = await draw(hub, image, SQUARE)
    await hub.ask(DELETE, id=image["id"])

    assert await hub.ask(FIND, filters={"dataset": image["id"]}) == []
    for document, variables in ((READ, {"id": roi["id"]}), (ERASE, {"id": roi["id"]})):
        with pytest.raises(RefusedError) as refused:
            await hub.ask(document, **variables)
        assert refused.value.code == "NOT_FOUND"


async def test_a_stranger_neither_sees_nor_draws(hub: ImageHub) -> None:
    image = await hub.image()
    (roi,) = await draw(hub, image, SQUARE)
    collection = (await hub.ask(COLLECTIONS))[0]["id"]
    edits = ((READ, {"id": roi["id"]}), (ERASE, {"id": roi["id"]}), (EDIT, {"input": {"id": roi["id"], "name": "x"}}))

    assert await hub.ask(FIND, by="eve") == []
    assert await hub.ask(COLLECTIONS, by="eve") == []
    for document, variables in edits:
        with pytest.raises(RefusedError) as refused:
            await hub.ask(document, by="eve", **variables)
        assert refused.value.code == "NOT_FOUND"
    for place in ({"dataset": image["id"]}, {"collection": collection}):
        with pytest.raises(RefusedError) as refused:
            await hub.ask(DRAW, by="eve", input={**place, "annotations": [SQUARE]})
        assert refused.value.code == "NOT_FOUND"


async def test_a_client_of_mikro_draws_in_a_collection_over_the_grid_of_an_image(hub: ImageHub) -> None:
    image = await hub.image()
    axes = [{"name": "y", "type": "SPACE"}, {"name": "x", "type": "SPACE"}]
    source = {"kind": "COORDINATE_SYSTEM", "coordinateSystem": image["intrinsicSystem"]["id"]}
    made = await hub.ask(COLLECT, input={"name": "drawings", "axes": axes, "derivedFrom": [source]})

    roi = await hub.ask(
        DRAW_ONE, input={"kind": "RECTANGLE", "vectors": [[0, 0], [2, 2]], "collection": made["id"], "name": "box"}
    )

    assert roi["dataset"] == image["id"]
    assert await hub.ask(COLLECTIONS, filters={"dataset": image["id"]}) == [
        {"id": made["id"], "annotations": [{"id": roi["id"]}]}
    ]


async def test_a_mask_names_an_image_of_labels(hub: ImageHub) -> None:
    image, labels = await hub.image(), await hub.image(name="labels")
    mask = {"kind": "MASK", "vectors": [], "mask": labels["id"], "coordinates": [{"name": "label", "value": 7}]}

    (roi,) = await draw(hub, image, mask)

    assert (roi["mask"], roi["coordinates"]) == (labels["id"], [{"name": "label", "value": 7}])
    foreign = await hub.image(by="eve")
    with pytest.raises(RefusedError) as refused:
        await draw(hub, image, mask | {"mask": foreign["id"]})
    assert refused.value.code == "NOT_FOUND"


@pytest.mark.parametrize(
    "spec",
    [
        {"kind": "POLYGON", "vectors": [[0, 0], [1, 1]]},
        {"kind": "POINT", "vectors": [[0, 0], [1, 1]]},
        {"kind": "LINE", "vectors": [[0, 0], [1]]},
        {"kind": "POINT", "vectors": [[0, 0, 0]], "dims": ["z", "y", "x"]},
        {"kind": "POINT", "vectors": [[0, 0]], "dims": ["y", "y"]},
        {"kind": "POINT", "vectors": [[0, 0]], "coordinates": [{"name": "t", "value": 1}]},
        {"kind": "POINT", "vectors": [[0, 0]], "strokeColor": [256, 0, 0]},
        {"kind": "POINT", "vectors": [[0, 0]], "strokeColor": [0, 0]},
        {"kind": "POINT", "vectors": [[0, 0]], "name": "x" * 300},
        {"kind": "POINT", "vectors": [[0, 0]], "name": "\x07"},
        {"kind": "POINT", "vectors": [[0, 0]], "mask": "5"},
        {"kind": "MASK", "vectors": []},
    ],
    ids=str,
)
async def test_what_is_no_region_is_refused_and_nothing_is_drawn(hub: ImageHub, spec: dict[str, object]) -> None:
    image = await hub.image()

    with pytest.raises(RefusedError) as refused:
        await draw(hub, image, SQUARE, spec)

    assert refused.value.code == "REFUSED"
    assert await hub.ask(FIND, filters={"dataset": image["id"]}) == []


async def test_regions_are_watched_by_image(hub: ImageHub) -> None:
    image, other = await hub.image(), await hub.image(name="other")
    document = """subscription($id: ID) { annotations(dataset: $id, after: "") {
      cursor create { name } update { name } delete } }"""
    async with asyncio.timeout(20), hub.client.ws_connect("/mikro/graphql", protocols=("graphql-ws",)) as socket:
        await socket.send_json({"type": "connection_init", "payload": {"token": "ben"}})
        payload = {"query": document, "variables": {"id": image["id"]}}
        await socket.send_json({"type": "start", "id": "1", "payload": payload})
        seen: list[Any] = []

        async def receive() -> Any:
            while (message := await socket.receive_json())["type"] != "data":
                pass
            return message["payload"]["data"]["annotations"]

        await receive()
        await draw(hub, other, SQUARE)
        (roi,) = await draw(hub, image, SQUARE | {"name": "one"})
        await hub.ask(EDIT, input={"id": roi["id"], "name": "two"})
        await hub.ask(ERASE, id=roi["id"])
        seen = [await receive() for _ in range(3)]

    assert [(event["create"], event["update"], event["delete"]) for event in seen] == [
        ({"name": "one"}, None, None),
        (None, {"name": "two"}, None),
        (None, None, roi["id"]),
    ]
