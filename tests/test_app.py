import asyncio
import gc
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import numpy as np
import pytest

from arkitekt_di import App, current_app, easy, embedded
from arkitekt_di.errors import (
    AmbiguousAppError,
    AppClosedError,
    AppEnteredError,
    CompositionError,
    ConfigurationError,
    NoAppError,
)
from arkitekt_di.mikro import (
    InMemoryImageRecords,
    InMemoryPixelStore,
    afrom_xarray,
    from_xarray,
    get_image,
    search_images,
)
from tests.apps import Quiet, offline_app

# Type checkers see what these give in sync code; in async code the very same functions are awaited.
dual_from_xarray: Any = from_xarray
dual_search_images: Any = search_images

PICTURE = np.arange(12, dtype="uint8").reshape(3, 4)


def names(app: App) -> list[str]:
    return [image.name for image in search_images(app=app)]


class TestSync:
    def test_services_are_attributes_while_the_app_is_open(self):
        app = offline_app()

        with app as entered:
            assert entered is app
            assert app.is_open
            assert current_app() is app
            assert (app.koil, app.fakts, app.herre, app.mikro) == (
                app.container.koil.service(),
                app.container.fakts.service(),
                app.container.herre.service(),
                app.container.mikro.service(),
            )
        assert not app.is_open

    def test_a_helper_finds_the_governing_app(self):
        with offline_app() as app:
            image = from_xarray(PICTURE, name="embryo")

            assert np.array_equal(get_image(image.id).data, PICTURE)
            assert names(app) == ["embryo"]

    def test_a_helper_without_an_app_shows_the_fix(self):
        with pytest.raises(NoAppError, match=r"with app:"):
            from_xarray(PICTURE, name="nowhere")

    def test_a_helper_after_the_app_closed_is_an_error(self):
        app = offline_app()
        with app:
            image = from_xarray(PICTURE, name="embryo")

        with pytest.raises(NoAppError):
            get_image(image.id)
        with pytest.raises(AppClosedError, match="'offline'"):
            get_image(image.id, app=app)

    def test_a_service_of_a_closed_app_is_an_error_that_names_the_app(self):
        with pytest.raises(AppClosedError, match="with app:"):
            _ = offline_app().mikro

    def test_two_nested_apps_do_not_mix_and_app_opts_out(self):
        with offline_app("outer") as outer, offline_app("inner") as inner:
            from_xarray(PICTURE, name="inner image")
            from_xarray(PICTURE, name="outer image", app=outer)

            assert names(inner) == ["inner image"]
            assert names(outer) == ["outer image"]

    def test_leaving_the_inner_app_gives_the_outer_one_back(self):
        with offline_app("outer") as outer:
            with offline_app("inner"):
                pass
            assert current_app() is outer

    def test_an_app_can_be_entered_again_and_then_holds_fresh_services(self):
        app = offline_app()
        with app:
            first = app.koil, app.mikro
        with app:
            assert app.koil is not first[0]
            assert app.mikro is not first[1]

    def test_an_open_app_cannot_be_entered_again(self):
        with offline_app() as app, pytest.raises(AppEnteredError, match="enter it"), app:
            pass

    def test_an_exception_of_the_block_comes_out_and_the_app_closes(self):
        app = offline_app()

        with pytest.raises(ZeroDivisionError), app:
            _ = 1 / 0

        assert not app.is_open

    def test_a_failing_start_leaves_nothing_open(self):
        journal: list[str] = []
        failing = Quiet("herre", journal)
        failing.start_error = OSError("no network")
        app = offline_app(herre=failing, fakts=Quiet("fakts", journal))
        threads = threading.active_count()

        with pytest.raises(OSError, match="no network") as caught, app:
            pass

        assert caught.value.__notes__ == ["while starting the service 'herre'"]
        assert journal == ["+fakts", "-fakts"]
        assert not app.is_open
        assert threading.active_count() == threads

    def test_failing_stops_are_told_together(self):
        fakts, herre = Quiet("fakts"), Quiet("herre")
        fakts.stop_error, herre.stop_error = OSError("one"), OSError("two")
        app = offline_app(fakts=fakts, herre=herre)

        with pytest.raises(BaseExceptionGroup) as caught, app:
            pass

        assert [str(error) for error in caught.value.exceptions] == ["two", "one"]
        assert not app.is_open


class TestAsync:
    pytestmark = pytest.mark.anyio

    async def test_the_app_joins_the_running_loop(self):
        async with offline_app() as app:
            assert app.koil.loop is asyncio.get_running_loop()
            assert current_app() is app

    async def test_the_same_helper_is_awaited(self):
        async with offline_app() as app:
            image = await dual_from_xarray(PICTURE, name="embryo")
            twin = await afrom_xarray(PICTURE, name="twin")

            assert np.array_equal(await image.adata(), PICTURE)
            assert {found.name for found in await dual_search_images(app=app)} == {"embryo", twin.name}

    async def test_tasks_with_apps_of_their_own_do_not_mix(self):
        barrier = asyncio.Barrier(4)

        async def one(name: str) -> list[str]:
            async with offline_app(name):
                await barrier.wait()
                await dual_from_xarray(PICTURE, name=name)
                await barrier.wait()
                return [image.name for image in await dual_search_images()]

        assert await asyncio.gather(*(one(str(n)) for n in range(4))) == [["0"], ["1"], ["2"], ["3"]]

    async def test_a_task_that_outlives_the_app_gets_an_error(self):
        closed = asyncio.Event()

        async def late() -> None:
            await closed.wait()
            await dual_search_images()

        async with offline_app("gone"):
            task = asyncio.create_task(late())
            await asyncio.sleep(0)
        async with offline_app("other"):
            closed.set()
            with pytest.raises(AppClosedError, match="'gone'"):
                await task

    async def test_an_exception_of_the_block_comes_out_and_the_app_closes(self):
        app = offline_app()

        with pytest.raises(ZeroDivisionError):
            async with app:
                _ = 1 / 0

        assert not app.is_open


class TestThreads:
    def test_a_pool_finds_the_only_open_app(self):
        with offline_app() as app, ThreadPoolExecutor(1) as pool:
            assert pool.submit(current_app).result() is app

    def test_a_pool_is_told_the_candidates_when_two_are_open(self):
        with offline_app("one"), offline_app("two"), ThreadPoolExecutor(1) as pool:
            found = pool.submit(current_app)

            with pytest.raises(AmbiguousAppError, match="'one', 'two'"):
                found.result()

    def test_bound_functions_threads_and_executors_carry_their_app(self):
        found: list[App] = []
        with offline_app("one") as one, offline_app("two"), ThreadPoolExecutor(1) as pool:
            found.append(pool.submit(one.bind(current_app)).result())
            thread = one.thread(lambda: found.append(current_app()))
            thread.start()
            thread.join()
            with one.executor() as executor:
                found.append(executor.submit(current_app).result())

        assert [app.identifier for app in found] == ["one", "one", "one"]

    def test_eight_threads_with_apps_of_their_own_do_not_mix(self):
        barrier = threading.Barrier(8)

        def work(name: str) -> list[str]:
            with offline_app(name):
                barrier.wait(60)
                from_xarray(PICTURE, name=name)
                barrier.wait(60)
                return [image.name for image in search_images()]

        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(work, map(str, range(8))))

        assert found == [[str(n)] for n in range(8)]


class TestConfiguration:
    def test_an_open_app_refuses_to_be_changed(self):
        with offline_app() as app, pytest.raises(AppEnteredError, match=r"set 'mikro'.*Configure an app before"):
            app.mikro = cast("Any", Quiet("mikro"))

    def test_a_closed_app_takes_another_service(self):
        app = offline_app()
        fake: Any = Quiet("mikro")

        app.mikro = fake

        with app:
            assert app.mikro is fake

    def test_an_unknown_attribute_is_refused(self):
        with pytest.raises(AttributeError):
            offline_app().mirko = 1

    def test_an_override_holds_for_its_block(self):
        app = offline_app()
        fake: Any = Quiet("mikro")

        with app.override(mikro=fake), app:
            assert fake.journal == ["+mikro"]
            assert app.mikro is fake
        with app:
            assert app.mikro is not fake

    def test_overrides_in_parallel_do_not_leak(self):
        barrier = threading.Barrier(8)

        def work(name: str) -> tuple[bool, bool]:
            app, outer, inner = offline_app(name), Quiet("outer"), Quiet("inner")
            fakes: Any = (outer, inner)
            with app.override(mikro=fakes[0]):
                barrier.wait(60)
                with app.override(mikro=fakes[1]), app:
                    barrier.wait(60)
                    held = app.mikro is fakes[1] and current_app() is app
                with app:
                    barrier.wait(60)
                    return held, app.mikro is fakes[0]

        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(work, map(str, range(8))))

        assert found == [(True, True)] * 8

    def test_an_override_of_an_open_app_is_refused(self):
        with offline_app() as app, pytest.raises(AppEnteredError, match="override"), app.override(mikro=Quiet("mikro")):
            pass

    def test_an_override_of_what_is_not_there_is_refused(self):
        with pytest.raises(CompositionError, match="did you mean 'mikro'"), offline_app().override(mirko=1):
            pass

    def test_inner_collaborators_are_overridden_by_dotted_name(self):
        pixels = InMemoryPixelStore()
        records = InMemoryImageRecords(pixels)
        app = offline_app()

        with app.override({"mikro.records": records, "mikro.pixels": pixels}), app:
            from_xarray(PICTURE, name="kept")
            assert [record.name for record in asyncio.run(records.search(None, limit=9, offset=0))] == ["kept"]

    @pytest.mark.parametrize("builder", [easy, embedded])
    def test_every_preset_fits_together(self, builder):
        app = builder("fits")

        assert app.check() is app
        assert app.graph().startswith("graph TD")

    def test_settings_come_from_arguments_and_files(self, tmp_path):
        file = tmp_path / "lab.yaml"
        file.write_text("mikro:\n  codec: zstd\n  transfers: 2\n")

        app = easy("settings", config=file, settings={"mikro": {"transfers": 3}}, headless=True, no_cache=True)

        assert (app.settings.mikro.codec, app.settings.mikro.transfers) == ("zstd", 3)
        assert (app.settings.fakts.browser, app.settings.fakts.cache) == ("print", "none")

    def test_wrong_settings_are_told_where_the_app_is_made(self, tmp_path):
        file = tmp_path / "lab.yaml"
        file.write_text("mikro:\n  codek: zstd\n")

        with pytest.raises(ConfigurationError, match=r"lab.yaml:2:3: mikro.codek: .*did you mean 'codec'"):
            easy("wrong", config=file)

    def test_a_wrong_identifier_names_the_argument(self):
        with pytest.raises(ConfigurationError, match="argument: identifier"):
            easy("not/allowed")

    def test_the_name_of_the_script_is_the_default(self):
        assert easy().identifier


class TestLooks:
    def test_the_repr_says_who_and_whether_it_is_open(self):
        assert repr(offline_app("mine")) == "<App 'mine' 0.0.1 closed>"

    def test_names_are_escaped_in_notebooks(self):
        assert "<script>" not in offline_app("<script>")._repr_html_()


def test_apps_that_are_gone_leave_nothing_behind():
    apps = []
    threads = threading.active_count()
    for n in range(10):
        with offline_app(str(n)) as app:
            apps.append(weakref.ref(app))
        del app
    gc.collect()

    assert [ref() for ref in apps] == [None] * 10
    assert threading.active_count() <= threads  # a thread of an earlier test may have ended meanwhile
