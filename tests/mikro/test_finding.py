"""Images are found, tagged, filed and restored in sync and in async code."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from arkitekt_di import App, embedded
from arkitekt_di.errors import FolderNotFoundError, HubRefusedError, ImageNotFoundError, OwnLoopError
from arkitekt_di.mikro import (
    arestore_image,
    find_images,
    from_xarray,
    get_image,
    move_image,
    restore_image,
    watch_images,
)

STACK = xr.DataArray(np.zeros((2, 4, 6), "uint8"), dims=["c", "y", "x"], coords={"c": ["DAPI", "GFP"]})


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder: Path = tmp_path_factory.mktemp("hub")
    with embedded("finding", folder=folder) as entered:
        yield entered


def test_every_word_of_the_search_reaches_the_hub(app: App) -> None:
    image = from_xarray(STACK, name="searched", tags=["one"], folder="a/b", app=app)
    fitting = {
        "dims": ("c", "x"),
        "sizes": {"y": 4, "x": (None, 6)},
        "dtype": "uint8",
        "tags": ["ONE"],
        "folder": "a/b",
        "creator": image.creator and image.creator.id,
        "created_after": datetime(2020, 1, 1),  # noqa: DTZ001  # one without a time zone is UTC
        "created_before": datetime(2100, 1, 1, tzinfo=UTC),
    }

    assert list(find_images("SEARCHED", **fitting, app=app)) == [image]  # type: ignore[arg-type]
    for other in ({"sizes": {"y": 5}}, {"dtype": "uint16"}, {"created_before": datetime(2020, 1, 1, tzinfo=UTC)}):
        assert list(find_images("searched", **{**fitting, **other}, app=app)) == []  # type: ignore[arg-type]
    with pytest.raises(FolderNotFoundError):
        list(find_images(folder="no/such", app=app))


def test_an_image_says_what_is_said_about_it(app: App) -> None:
    image = from_xarray(STACK, name="described", app=app)

    assert [channel.name for channel in image.channels] == ["DAPI", "GFP"]
    assert image.tag("b", "a").untag("b").tags == ("a",)
    assert image.describe("seventh").description == "seventh"
    assert get_image(image.id, app=app).tags == ("a",)
    with pytest.raises(HubRefusedError, match="2"):
        image.describe(channels=["only one"])


def test_an_image_is_moved_and_a_watched_folder_tells(app: App) -> None:
    image = from_xarray(STACK, name="moved", folder="there", app=app)
    with watch_images("there", app=app) as changes:
        assert move_image(image.id, None, app=app).folder_id is None
        assert image.move("there").folder_id == image.folder_id

        seen = iter(changes)
        assert [str(next(seen).kind) for _ in range(2)] == ["DELETED", "CREATED"]


def test_a_deleted_image_is_restored(app: App) -> None:
    image = from_xarray(STACK, name="restored", app=app)
    image.delete()

    assert list(find_images("restored", trashed=True, app=app)) == [image]
    assert restore_image(image.id, app=app) == image
    assert get_image(image.id, app=app).data.identical(STACK)
    with pytest.raises(ImageNotFoundError):
        image.restore()


def test_async_code_awaits_the_twins() -> None:
    async def main() -> None:
        async with embedded("async") as app:
            image = await app.mikro.afrom_xarray(STACK, name="twin")
            with pytest.raises(OwnLoopError, match="atag"):
                image.tag("no")
            assert (await image.atag("yes")).tags == ("yes",)
            assert [found.id async for found in find_images("twin", app=app)] == [image.id]
            await image.adelete()
            assert (await arestore_image(image.id, app=app)).tags == ("yes",)

    asyncio.run(main())
