"""Changes are iterated over in sync and in async code, and a loop ends when it should."""

import asyncio
import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice

import pytest

from arkitekt_di.errors import ConnectionLostError
from arkitekt_di.governing import APPS
from arkitekt_di.koil import Koil
from arkitekt_di.messages.changes import ChangeKind
from arkitekt_di.mikro import (
    Image,
    InMemoryImageRecords,
    InMemoryPixelStore,
    Mikro,
    afrom_xarray,
    awatch_images,
    from_xarray,
    watch_image,
    watch_images,
)
from arkitekt_di.mikro import watching as watching_module
from arkitekt_di.mikro.watching import Change, Watch
from tests.mikro.arrays import stack

STACK = stack(y=20, x=30)
BOUND_S = 20.0


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
            koil.call(app.mikro.stop)


@pytest.fixture
def app() -> Iterator[SmallApp]:
    with opened("my-analysis") as entered:
        yield entered


def test_in_sync_code_everything_after_the_call_is_told(app: SmallApp) -> None:
    watch = watch_images()
    image = from_xarray(STACK, name="embryo")
    image.rename("larva")
    image.delete()

    changes = list(islice(watch, 3))

    assert [(change.kind, change.id) for change in changes] == [
        (ChangeKind.CREATED, image.id),
        (ChangeKind.UPDATED, image.id),
        (ChangeKind.DELETED, image.id),
    ]
    assert [change.record and change.record.name for change in changes] == ["embryo", "larva", None]
    assert changes[0].record == image


def test_breaking_off_closes_it(app: SmallApp) -> None:
    watch = watch_images()
    from_xarray(STACK, name="embryo")
    for _ in watch:
        break

    assert repr(watch) == "<Watch closed>"
    assert not app.mikro._watches._streams
    assert list(watch) == []


def test_a_closed_one_ends_the_loop_that_waits(app: SmallApp) -> None:
    watch = watch_images()
    seen: list[Change[Image]] = []
    waiting = app.koil.thread(lambda: seen.extend(watch))
    waiting.start()
    watch.close()
    waiting.join(BOUND_S)

    assert not waiting.is_alive()
    assert seen == []


def test_the_end_of_the_app_ends_the_loop_that_waits() -> None:
    done = threading.Event()
    with opened("ends") as app:
        watch = watch_images()

        def follow() -> None:
            for _ in watch:
                pass
            done.set()

        app.koil.thread(follow).start()

    assert done.wait(BOUND_S)
    assert list(watch) == []


def test_one_that_nobody_holds_any_more_is_closed(app: SmallApp) -> None:
    watch_images()
    gc.collect()

    app.koil.call(asyncio.sleep, 0)
    app.koil.call(asyncio.sleep, 0.05)
    assert not app.mikro._watches._streams


def test_one_image_is_watched_alone(app: SmallApp) -> None:
    image, other = from_xarray(STACK, name="embryo"), from_xarray(STACK, name="other")
    with watch_image(image.id) as watch:
        other.rename("another")
        image.rename("larva")

        assert next(iter(watch)).id == image.id


def test_a_slow_reader_is_waited_for(app: SmallApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching_module, "MAX_WAITING", 2)
    image = from_xarray(STACK, name="0")
    with watch_image(image.id) as watch:
        for number in range(1, 9):
            image.rename(str(number))

        names = [change.record and change.record.name for change in islice(watch, 8)]

    assert names == [str(number) for number in range(1, 9)]


def test_what_ends_the_source_is_raised(app: SmallApp) -> None:
    async def broken():
        yield None
        raise ConnectionLostError("the hub", "gone for good")

    watch: Watch[object] = Watch(app.koil, broken, app.mikro._watches._streams)
    with pytest.raises(ConnectionLostError, match="gone for good"):
        list(watch)
    assert not app.mikro._watches._streams


def test_what_fails_before_it_begins_is_raised_where_it_is_opened(app: SmallApp) -> None:
    async def broken():
        raise ConnectionLostError("the hub", "not there")
        yield None  # type: ignore[unreachable]  # makes it a generator

    with pytest.raises(ConnectionLostError, match="not there"):
        Watch(app.koil, broken, app.mikro._watches._streams).open()


@pytest.mark.anyio
async def test_in_async_code_it_is_open_inside_its_block() -> None:
    async with asyncio.timeout(BOUND_S), Koil() as koil:
        app = SmallApp("async", koil)
        async with app.mikro.watch_images() as watch:
            image = await app.mikro.afrom_xarray(STACK, name="embryo")
            async for change in watch:
                assert (change.kind, change.id) == (ChangeKind.CREATED, image.id)
                break
            assert repr(watch) == "<Watch open>"
        assert repr(watch) == "<Watch closed>"
        await app.mikro.stop()


def test_another_loop_watches_the_app_of_a_thread(app: SmallApp) -> None:
    async def notebook() -> str:
        async with awatch_images() as watch:
            image = await afrom_xarray(STACK, name="embryo")
            change = await anext(watch)
            assert change.id == image.id
            return str(change.kind)

    assert asyncio.run(asyncio.wait_for(notebook(), BOUND_S)) == "CREATED"
