import asyncio
import json
from datetime import UTC, datetime

import pytest

from arkitekt_di.settings.models import TrashSettings
from tests.server.images.documents import CREATE, DELETE, FINISH, GET, REQUEST, RESTORE, UPDATE
from tests.server.images.image_hub import ImageHub, RefusedError, array, draft

pytestmark = pytest.mark.anyio


async def test_an_image_shows_what_was_stored(hub: ImageHub) -> None:
    store = await hub.upload()
    axes = [
        {"name": "y", "type": "SPACE", "longName": "Höhe"},
        {"name": "x", "type": "INDEX", "description": "along the\nslide"},
    ]

    image = await hub.create(store, name="embryo µ", members={"axes": axes})

    assert image["__typename"] == "ArrayDataset"
    assert image["name"] == "embryo µ"
    assert image["axisNames"] == ["y", "x"]
    assert image["shape"] == [6, 4]
    assert image["multiscale"] is False
    assert image["acquisitionStart"] is image["acquisitionEnd"] is None
    (level,) = image["dataArrays"]
    assert (level["__typename"], level["level"], level["shape"], level["chunkShape"]) == (
        "DataArray",
        0,
        [6, 4],
        [3, 4],
    )
    assert level["store"]["id"] == store
    system = image["intrinsicSystem"]
    assert system["__typename"] == "CoordinateSystem"
    assert datetime.fromisoformat(system["createdAt"]) == datetime.fromtimestamp(hub.clock.now, UTC)
    assert [(axis["order"], axis["name"], axis["type"]) for axis in system["axes"]] == [
        (0, "y", "SPACE"),
        (1, "x", "INDEX"),
    ]
    assert (system["axes"][0]["longName"], system["axes"][1]["description"]) == ("Höhe", "along the\nslide")
    assert len({image["id"], system["id"], level["id"], *(axis["id"] for axis in system["axes"])}) == 5
    assert await hub.ask(GET, id=image["id"]) == image


async def test_units_that_stand_beside_the_pixels_are_shown_if_every_client_can_read_them(hub: ImageHub) -> None:
    note = {"axes": [{"name": "y", "pixel_size": 0.5, "unit": "micrometer"}, {"name": "x", "unit": "smoots"}]}
    store = await hub.upload(metadata=array(attributes={"arkitekt": note}))

    image = await hub.create(store)

    assert [axis["unit"] for axis in image["intrinsicSystem"]["axes"]] == ["micrometer", None]


async def test_a_trace_longer_than_a_graphql_int_keeps_its_shape(hub: ImageHub) -> None:
    grid = {"name": "regular", "configuration": {"chunk_shape": [2**40]}}
    store = await hub.upload(metadata=array(shape=[2**40], chunk_grid=grid, dimension_names=["t"]))

    image = await hub.create(store, members={"axes": [{"name": "t", "type": "TIME"}]})

    assert image["shape"] == [2**40]


async def test_an_upload_that_is_not_finished_becomes_no_image(hub: ImageHub) -> None:
    store = (await hub.ask(REQUEST))["store"]

    with pytest.raises(RefusedError, match="is not finished"):
        await hub.create(store)

    assert await hub.names() == []


async def test_a_discarded_upload_becomes_no_image(hub: ImageHub) -> None:
    store = await hub.upload()
    await hub.ask(FINISH, id=store, valid=False)

    with pytest.raises(RefusedError, match="has been discarded"):
        await hub.create(store)


async def test_many_who_create_from_one_upload_get_one_image(hub: ImageHub) -> None:
    store = await hub.upload()

    answers = await asyncio.gather(*(hub.create(store, name=str(n)) for n in range(8)), return_exceptions=True)

    (image,) = [answer for answer in answers if isinstance(answer, dict)]
    refusals = [answer for answer in answers if isinstance(answer, RefusedError)]
    assert len(refusals) == 7
    assert all("is an image already" in str(refusal) for refusal in refusals)
    assert await hub.names() == [image["name"]]


@pytest.mark.parametrize(
    ("dims", "reason"),
    [
        (("y",), "1 axes were named, but the stored array has 2"),
        (("x", "y"), "are not those of the stored array"),
        (("y", "y"), "not distinct"),
        (("y", ""), "is empty"),
        (("y", "x" * 256), "256 characters"),
        (("y", "\x00"), "control characters"),
    ],
)
async def test_axes_that_do_not_fit_the_array_are_refused_and_may_be_corrected(
    hub: ImageHub, dims: tuple[str, ...], reason: str
) -> None:
    store = await hub.upload()

    with pytest.raises(RefusedError, match=reason):
        await hub.create(store, members=draft(store, "embryo", dims))

    assert await hub.create(store)


async def test_dimensions_that_were_stored_without_a_name_may_be_named(hub: ImageHub) -> None:
    store = await hub.upload(metadata=array(dimension_names=[None, "x"]))

    image = await hub.create(store, members=draft(store, "embryo", ("depth", "x")))

    assert image["axisNames"] == ["depth", "x"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "is empty"),
        (" \t", "is empty"),
        ("x" * 256, "256 characters"),
        ("a\x00b", "control characters"),
        ("a\nb", "control characters"),
    ],
)
async def test_names_that_nobody_could_read_are_refused(hub: ImageHub, name: str, reason: str) -> None:
    store = await hub.upload()
    image = await hub.image(name="good")

    with pytest.raises(RefusedError, match=reason):
        await hub.create(store, name=name)
    with pytest.raises(RefusedError, match=reason):
        await hub.ask(UPDATE, input={"id": image["id"], "name": name})

    assert await hub.names() == ["good"]


async def test_a_name_may_have_255_characters_of_any_script(hub: ImageHub) -> None:
    name = "\N{GRINNING FACE}" * 255

    assert (await hub.image(name=name))["name"] == name


async def test_what_cannot_be_kept_yet_is_accepted_empty_and_refused_otherwise(hub: ImageHub) -> None:
    store = await hub.upload()

    with pytest.raises(RefusedError, match="does not keep anchors yet"):
        await hub.create(store, members={"anchors": [{"level": 1}]})

    assert await hub.create(store, members={"anchors": [], "sourceFiles": [], "derivedFrom": []})


async def test_a_folder_that_is_not_there_is_refused(hub: ImageHub) -> None:
    with pytest.raises(RefusedError, match="no folder"):
        await hub.create(await hub.upload(), members={"folder": "1"})


async def test_an_edit_changes_what_it_names_and_nothing_else(hub: ImageHub) -> None:
    image = await hub.image(name="embryo")

    described = await hub.ask(UPDATE, input={"id": image["id"], "description": "day 3\n- fixed"})
    renamed = await hub.ask(UPDATE, input={"id": image["id"], "name": "fish"})

    assert described == image | {"description": "day 3\n- fixed"}
    assert renamed["description"] == "day 3\n- fixed"
    assert await hub.names(filters={"search": "FISH"}) == ["fish"]
    assert await hub.names(filters={"search": "embryo"}) == []


@pytest.mark.parametrize("description", ["x" * 4097, "bell\a"])
async def test_descriptions_that_nobody_could_read_are_refused(hub: ImageHub, description: str) -> None:
    image = await hub.image()

    with pytest.raises(RefusedError, match="the description"):
        await hub.ask(UPDATE, input={"id": image["id"], "description": description})

    assert await hub.ask(GET, id=image["id"]) == image


async def test_an_edit_of_nothing_changes_nothing(hub: ImageHub) -> None:
    image = await hub.image()

    assert await hub.ask(UPDATE, input={"id": image["id"]}) == image


async def test_a_deleted_image_takes_its_pixels_along_when_it_cannot_be_restored_any_more(hub: ImageHub) -> None:
    image = await hub.image()
    store = image["dataArrays"][0]["store"]["id"]
    assert await hub.ask(DELETE, id=image["id"]) == image["id"]
    assert hub.keys(store)

    hub.clock.now += TrashSettings().keep_s
    await hub.endpoint.trash.attend()

    assert hub.keys(store) == []
    for document in (GET, DELETE, RESTORE):
        with pytest.raises(RefusedError, match="no image"):
            await hub.ask(document, id=image["id"])
    await hub.endpoint.collector.collect()  # its grants ran out long ago, so that its row may go, too
    with pytest.raises(RefusedError, match="no store"):
        await hub.create(store)


async def test_an_image_that_is_deleted_while_it_is_edited_is_gone(hub: ImageHub) -> None:
    image = await hub.image()

    answers = await asyncio.gather(
        *(hub.ask(UPDATE, input={"id": image["id"], "name": f"name {n}"}) for n in range(4)),
        *(hub.ask(DELETE, id=image["id"]) for _ in range(4)),
        return_exceptions=True,
    )

    refusals = [answer for answer in answers if isinstance(answer, BaseException)]
    assert all(isinstance(refusal, RefusedError) and refusal.code == "NOT_FOUND" for refusal in refusals)
    assert [answer for answer in answers if answer == image["id"]] == [image["id"]]
    assert await hub.names() == []


async def test_another_client_s_pixels_need_no_note_beside_them(hub: ImageHub) -> None:
    store = await hub.upload(metadata=array(attributes={"description": "from elsewhere"}))

    assert await hub.create(store)


async def test_a_note_that_is_not_ours_is_refused(hub: ImageHub) -> None:
    store = (await hub.ask(REQUEST))["store"]
    await hub.write(f"{store}/zarr.json", json.dumps(array(attributes={"arkitekt": "mine"})).encode())

    with pytest.raises(RefusedError, match="'arkitekt'"):
        await hub.ask(FINISH, id=store, valid=True)


async def test_a_store_that_is_no_text_is_a_wrong_request(hub: ImageHub) -> None:
    with pytest.raises(RefusedError) as refused:
        await hub.ask(CREATE, input=draft("", "embryo") | {"data": 7})

    assert refused.value.code == "INVALID_REQUEST"
