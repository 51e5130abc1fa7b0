"""Images are found by what they are and by what people say about them."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.server.images.documents import CREATE, DELETE, LIST, UPDATE
from tests.server.images.image_hub import ImageHub, RefusedError, array, draft

pytestmark = pytest.mark.anyio

FOLDER = "mutation($name: String!) { createFolder(input: {name: $name}) { id } }"
PUT = "mutation($input: AssociateInput!) { putArrayDatasetsInFolder(input: $input) { id name } }"
RELEASE = "mutation($input: DesociateInput!) { releaseArrayDatasetsFromFolder(input: $input) { id } }"
SAID = """query($id: ID!) { arrayDataset(id: $id) {
  description tags folderId updatedAt acquisitionStart acquisitionEnd creator { sub preferredUsername }
  acquisition { start end instrument objective operator sample attributes }
  channels { name color contrast limits emissionNm excitationNm isShown } } }"""


async def said(hub: ImageHub, image: Mapping[str, Any]) -> Any:
    return await hub.ask(SAID, id=image["id"])


async def found(hub: ImageHub, *, by: str = "ada", **filters: object) -> list[str]:
    return sorted(await hub.names(by=by, filters=filters))


async def stack(hub: ImageHub, name: str, **members: object) -> Any:
    """Create an image of 3 channels of 6 x 4 pixels."""
    metadata = array(
        shape=[3, 6, 4],
        dimension_names=["c", "y", "x"],
        chunk_grid={"name": "regular", "configuration": {"chunk_shape": [1, 6, 4]}},
        data_type="uint8",
    )
    store = await hub.upload(metadata=metadata)
    axes = [{"name": "c", "type": "CHANNEL"}, {"name": "y", "type": "SPACE"}, {"name": "x", "type": "SPACE"}]
    return await hub.ask(CREATE, input=draft(store, name) | {"axes": axes} | members)


async def test_images_are_found_by_axes_sizes_and_type(hub: ImageHub) -> None:
    await hub.image(name="plane")
    await stack(hub, "stack")

    assert await found(hub, dims=["x", "c"]) == ["stack"]
    assert await found(hub, dims=["x"]) == ["plane", "stack"]
    assert await found(hub, dtype="uint16") == ["plane"]
    assert await found(hub, sizes=[{"axis": "c", "min": 3}]) == ["stack"]
    assert await found(hub, sizes=[{"axis": "c", "max": 2}]) == []
    assert await found(hub, sizes=[{"axis": "y", "min": 6, "max": 6}]) == ["plane", "stack"]


async def test_images_are_found_by_text_in_names_descriptions_and_tags(hub: ImageHub) -> None:
    first, second, _ = [await hub.image(name=name) for name in ("Straße", "second", "third")]
    await hub.ask(UPDATE, input={"id": first["id"], "description": "stained with DAPI"})
    await hub.ask(UPDATE, input={"id": second["id"], "tags": ["Dapi_1", "fixed"]})

    assert await found(hub, search="dapi") == ["Straße", "second"]
    assert await found(hub, search="STRASSE") == ["Straße"]
    assert await found(hub, search="i_1") == ["second"]
    assert await found(hub, search="%") == []


async def test_images_are_found_by_all_of_their_tags(hub: ImageHub) -> None:
    both = await stack(hub, "both", tags=["fixed", "Control"])
    await stack(hub, "one", tags=["FIXED"])

    assert await found(hub, tags=["fixed"]) == ["both", "one"]
    assert await found(hub, tags=["fixed", "control"]) == ["both"]
    await hub.ask(UPDATE, input={"id": both["id"], "tags": ["CONTROL", "new"]})
    assert (await said(hub, both))["tags"] == ["CONTROL", "new"]
    assert await found(hub, tags=["fixed"]) == ["one"]
    await hub.ask(UPDATE, input={"id": both["id"], "tags": []})
    assert (await said(hub, both))["tags"] == []


async def test_images_are_found_by_when_they_were_made_and_acquired(hub: ImageHub) -> None:
    await stack(hub, "old", acquisition={"start": "2020-01-01T00:00:00Z"})
    hub.clock.now += 100
    await hub.image(name="new")
    middle = "1970-01-12T13:47:00+00:00"  # 20 s after 1,000,000 s, where the clock begins

    assert await found(hub, createdAfter=middle) == ["new"]
    assert await found(hub, createdBefore=middle) == ["old"]
    assert await found(hub, acquiredAfter="2019-12-31T23:59:59Z") == ["old"]
    assert await found(hub, acquiredBefore="2020-01-01T00:00:00Z") == []


async def test_images_are_found_by_who_made_them(hub: ImageHub) -> None:
    await hub.image(name="of ada")
    await hub.image(name="of ben", by="ben")

    assert await found(hub, owner="ben") == ["of ben"]


async def test_images_are_put_into_folders_and_taken_out(hub: ImageHub) -> None:
    folder = (await hub.ask(FOLDER, name="experiment"))["id"]
    image = await hub.image(name="one")
    inside = await stack(hub, "inside", folder=folder)

    assert (await hub.ask(PUT, input={"selfs": [image["id"]], "other": folder}))["name"] == "experiment"
    assert await found(hub, folder=folder) == ["inside", "one"]
    await hub.ask(RELEASE, input={"selfs": [image["id"], inside["id"]], "other": folder})
    assert await found(hub, folder=folder) == []
    assert (await said(hub, image))["folderId"] is None


async def test_a_folder_of_others_is_none(hub: ImageHub) -> None:
    theirs = (await hub.ask(FOLDER, by="eve", name="theirs"))["id"]
    image = await hub.image()

    with pytest.raises(RefusedError) as refused:
        await hub.ask(PUT, input={"selfs": [image["id"]], "other": theirs})
    assert refused.value.code == "NOT_FOUND"
    with pytest.raises(RefusedError, match="folder"):
        await stack(hub, "in theirs", folder=theirs)
    assert await found(hub, by="eve", folder=theirs) == []


async def test_a_deleted_image_is_found_in_the_trash_alone(hub: ImageHub) -> None:
    image = await hub.image(name="gone")
    await hub.ask(DELETE, id=image["id"])

    assert await found(hub) == []
    assert await found(hub, trashed=True) == ["gone"]
    assert await found(hub, by="eve", trashed=True) == []


async def test_what_is_said_about_an_image_is_kept(hub: ImageHub) -> None:
    acquisition = {
        "start": "2026-11-22T10:00:00+00:00",
        "end": "2026-11-22T10:30:00+00:00",
        "instrument": "spinning disk",
        "objective": "60x oil",
        "operator": "Ada",
        "sample": "embryo 7",
        "attributes": {"laser": {"nm": 488, "power_mw": 1.5}, "bleached": False, "notes": ["a", None]},
    }
    channels = [
        {"name": "DAPI", "color": "#0000ff", "contrast": [0.0, 4000.0], "limits": [0, 65535], "emissionNm": 461},
        {"name": "GFP", "excitationNm": 488.0, "isShown": False},
        {"name": "bright field"},
    ]

    image = await stack(hub, "stack", acquisition=acquisition, channels=channels)

    kept = await said(hub, image)
    assert kept["acquisition"] == acquisition
    assert (kept["acquisitionStart"], kept["acquisitionEnd"]) == (acquisition["start"], acquisition["end"])
    assert [channel["name"] for channel in kept["channels"]] == ["DAPI", "GFP", "bright field"]
    assert kept["channels"][0] == {
        "name": "DAPI",
        "color": "0000ff",
        "contrast": [0, 4000],
        "limits": [0, 65535],
        "emissionNm": 461,
        "excitationNm": None,
        "isShown": True,
    }
    assert kept["channels"][1]["isShown"] is False
    assert kept["creator"] == {"sub": "ada", "preferredUsername": "Ada"}


async def test_channels_are_forgotten_when_none_are_said(hub: ImageHub) -> None:
    image = await stack(hub, "stack", channels=[{"name": name} for name in "abc"])
    await hub.ask(UPDATE, input={"id": image["id"], "channels": []})

    assert (await said(hub, image))["channels"] == []


@pytest.mark.parametrize(
    "members",
    [
        {"channels": [{"name": "one"}]},
        {"channels": [{"name": name, "color": "green"} for name in "abc"]},
        {"channels": [{"name": name, "contrast": [2, 1]} for name in "abc"]},
        {"channels": [{"name": name, "contrast": [1]} for name in "abc"]},
        {"channels": [{"name": ""} for _ in "abc"]},
        {"channels": [{"name": name, "emissionNm": 0} for name in "abc"]},
        {"acquisition": {"attributes": ["no", "names"]}},
        {"acquisition": {"attributes": {"much": "x" * 40_000}}},
        {"acquisition": {"start": "2026-01-02T00:00:00Z", "end": "2026-01-01T00:00:00Z"}},
        {"acquisition": {"start": "2026-01-02T00:00:00"}},
        {"acquisition": {"objective": "x" * 300}},
        {"tags": ["x" * 300]},
        {"tags": [" "]},
        {"tags": [str(number) for number in range(65)]},
    ],
    ids=str,
)
async def test_what_cannot_be_kept_is_refused(hub: ImageHub, members: dict[str, object]) -> None:
    image = await stack(hub, "stack")

    with pytest.raises(RefusedError) as refused:
        await hub.ask(UPDATE, input={"id": image["id"]} | members)

    assert refused.value.code == "REFUSED"
    assert (await said(hub, image))["tags"] == []


@pytest.mark.parametrize(
    "filters",
    [
        {"dims": ["x"] * 33},
        {"sizes": [{"axis": "x", "min": -1}]},
        {"sizes": [{"axis": ""}]},
        {"createdAfter": "2026-01-01T00:00:00"},
    ],
    ids=str,
)
async def test_a_query_that_is_none_is_refused(hub: ImageHub, filters: dict[str, object]) -> None:
    with pytest.raises(RefusedError) as refused:
        await hub.ask(LIST, filters=filters)
    assert refused.value.code == "REFUSED"


@pytest.mark.parametrize("text", ["\x00", "\ud800".encode("utf-8", "replace").decode(), "%", "_", "' OR 1=1 --"])
async def test_any_text_can_be_looked_for(hub: ImageHub, text: str) -> None:
    await hub.image(name="embryo")

    assert await found(hub, search=text) == []
    assert await found(hub, tags=[text]) == []
    assert await found(hub, dims=[text]) == []
