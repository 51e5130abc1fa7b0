"""The functions find the app that governs, in sync and in async code, and no other."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from arkitekt_di.errors import AmbiguousAppError, AppClosedError, NoAppError
from arkitekt_di.governing import APPS
from arkitekt_di.koil import Koil
from arkitekt_di.mikro import (
    Image,
    InMemoryImageRecords,
    InMemoryPixelStore,
    Mikro,
    adelete_image,
    afrom_xarray,
    aget_image,
    arename_image,
    asearch_images,
    delete_image,
    from_xarray,
    get_image,
    rename_image,
    search_images,
)
from tests.mikro.arrays import stack

STACK = stack(y=20, x=30)


class SmallApp:
    """As much of an app as images need."""

    def __init__(self, identifier: str, koil: Koil) -> None:
        pixels = InMemoryPixelStore()
        self.identifier = identifier
        self.koil = koil
        self.mikro = Mikro(InMemoryImageRecords(pixels), pixels, koil)


@contextmanager
def opened(identifier: str) -> Iterator[SmallApp]:
    with Koil(identifier=identifier) as koil:
        app = SmallApp(identifier, koil)
        APPS.enter(app)
        try:
            yield app
        finally:
            APPS.leave(app)


@pytest.fixture
def app() -> Iterator[SmallApp]:
    with opened("my-analysis") as entered:
        yield entered


def test_in_sync_code_the_functions_block(app: SmallApp) -> None:
    image = from_xarray(STACK, name="embryo")

    assert isinstance(image, Image)
    assert get_image(image.id) == image
    assert get_image(image.id).data.identical(STACK)
    assert search_images("embr") == [image]
    assert search_images("embr", limit=1, offset=1) == []
    assert rename_image(image.id, "larva").name == "larva"
    delete_image(image.id)
    assert search_images() == []


@pytest.mark.anyio
async def test_in_async_code_the_same_functions_are_awaited() -> None:
    async with Koil() as koil:
        app = SmallApp("my-analysis", koil)
        APPS.enter(app)
        try:
            image = await from_xarray(STACK, name="embryo")  # type: ignore[misc]  # typed as in sync code
            assert await get_image(image.id) == image  # type: ignore[misc]  # the same
            assert await search_images("embr") == [image]  # type: ignore[misc]  # the same
        finally:
            APPS.leave(app)


@pytest.mark.anyio
async def test_the_twins_are_typed_and_awaited() -> None:
    async with Koil() as koil:
        app = SmallApp("my-analysis", koil)
        APPS.enter(app)
        try:
            image = await afrom_xarray(STACK, name="embryo")
            assert await aget_image(image.id) == image
            assert (await arename_image(image.id, "larva")).name == "larva"
            assert await asearch_images() == [image]
            await adelete_image(image.id)
            assert await asearch_images() == []
        finally:
            APPS.leave(app)


def test_the_twins_reach_an_app_whose_loop_is_another(app: SmallApp) -> None:
    async def main() -> Image:
        image = await afrom_xarray(STACK, name="embryo")
        return await aget_image(image.id)

    assert asyncio.run(main()).data.identical(STACK)


def test_with_no_app_open_the_error_shows_how_to_open_one() -> None:
    with pytest.raises(NoAppError, match="with app:"):
        search_images()


def test_an_app_that_is_closed_is_named() -> None:
    with opened("closed-app") as app:
        pass

    with pytest.raises(AppClosedError, match="closed-app"):
        search_images(app=app)
    with pytest.raises(AppClosedError, match="closed-app"):
        asyncio.run(asearch_images(app=app))


def test_an_app_that_is_named_is_used(app: SmallApp) -> None:
    with opened("inner") as inner:
        image = from_xarray(STACK, name="embryo", app=app)

        assert search_images() == []
        assert search_images(app=inner) == []
        assert search_images(app=app) == [image]
    assert search_images() == [image]


def test_two_apps_in_two_threads_never_mix() -> None:
    ready = threading.Barrier(2)
    found: dict[str, list[str]] = {}

    def work(name: str) -> None:
        with opened(name):
            ready.wait(10)
            for number in range(5):
                from_xarray(STACK, name=f"{name} {number}")
            found[name] = sorted(image.name for image in search_images())
            ready.wait(10)

    threads = [threading.Thread(target=work, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == {name: [f"{name} {number}" for number in range(5)] for name in ("one", "two")}


def test_a_thread_that_belongs_to_no_app_has_to_name_one_of_several(app: SmallApp) -> None:
    caught: list[BaseException] = []

    def work() -> None:
        try:
            search_images()
        except AmbiguousAppError as error:
            caught.append(error)

    with opened("other"):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    assert "my-analysis" in str(caught[0])
