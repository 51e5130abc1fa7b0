"""Calling beside the contract: declared types, the governing app, what a person sees."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Protocol, cast

import pytest

from arkitekt_di import App, acall, aiterate, call, find, iterate, submit
from arkitekt_di.errors import ConnectionLostError, NoAppError
from arkitekt_di.messages.calls import TaskEvent
from arkitekt_di.messages.tasks import EventKind
from arkitekt_di.rekuest import declare
from arkitekt_di.rekuest.caller import display
from arkitekt_di.rekuest.caller.display import Display
from arkitekt_di.rekuest.in_memory import InMemoryTaskHub
from arkitekt_di.rekuest.remote_errors import describe, parse
from arkitekt_di.testing.rekuest import Bench, offer_all


class Counter(Protocol):
    """Functions of another app."""

    async def double(self, number: int) -> int: ...

    def acount(self, n: int) -> AsyncIterator[int]: ...


@pytest.mark.anyio
async def test_functions_are_called_under_the_types_of_a_protocol(app: App):
    counter = declare(Counter)  # type: ignore[type-abstract]  # a Protocol is what it takes

    assert await counter.double(4) == 8
    assert [number async for number in counter.acount(n=3)] == [0, 1, 2]
    with pytest.raises(TypeError, match=r"typing\.Protocol"):
        declare(int)


@pytest.mark.anyio
async def test_functions_find_the_governing_app_on_its_loop(app: App):
    assert await call("double", 4) == 8
    assert await acall("double", 4, app=app) == 8
    assert [number async for number in aiterate("count", n=2)] == [0, 1]
    assert (await find.aio("double")).key == "double"


def test_sync_code_calls_and_iterates(closed_app: App):
    bench = Bench()
    with closed_app as app:
        offer_all(app, bench)
        with app.rekuest.serving():
            assert call("double", 4) == 8
            assert list(iterate("acount", n=3)) == [0, 1, 2]
            assert submit("double", 5).result() == 10

    with pytest.raises(NoAppError):
        call("double", 4)


@pytest.mark.anyio
async def test_an_argument_named_as_an_option_goes_to_the_function(closed_app: App):
    async def delay(timeout: float, agent: str) -> str:  # noqa: ASYNC109  # its name is the point
        return f"{agent} {timeout}"

    async with closed_app as app:
        app.rekuest.register(delay)
        async with app.rekuest.serving():
            assert await app.rekuest.acall("delay", timeout=1.5, agent="x") == "x 1.5"


class Deaf(InMemoryTaskHub):
    """Ends its feed, with an error or without one."""

    ended: asyncio.Event
    error: Exception | None = None

    async def watch(self) -> AsyncGenerator[TaskEvent | None, None]:
        yield None
        await self.ended.wait()
        if self.error is not None:
            raise self.error


@pytest.mark.anyio
@pytest.mark.parametrize("error", [None, RuntimeError("a fault of ours")])
async def test_whoever_waits_hears_that_the_feed_has_ended(
    closed_app: App, task_hub: InMemoryTaskHub, bench: Bench, error: Exception | None
):
    task_hub.__class__ = Deaf
    deaf = cast("Deaf", task_hub)
    deaf.ended, deaf.error = asyncio.Event(), error
    async with closed_app as app:
        offer_all(app, bench)
        async with app.rekuest.serving():
            submitted = await app.rekuest.asubmit("wait")
            called = asyncio.create_task(app.rekuest.acall("wait"))
            await bench.begun.wait()
            deaf.ended.set()
            with pytest.raises(type(error or ConnectionLostError("", ""))):
                await submitted.aresult()
            with pytest.raises(type(error or ConnectionLostError("", ""))):
                await called


def event(kind: EventKind, **members: object) -> TaskEvent:
    return TaskEvent(id="1", task="t", kind=kind, **members)


def test_a_person_sees_a_bar_and_a_log_above_it(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr(display, "is_watched", lambda: True)

    with Display("segment") as shown:
        shown.show(event(EventKind.PROGRESS, progress=40, message="planes"))
        shown.show(event(EventKind.LOG, message="[not markup]", level="INFO"))

    assert "segment: [not markup]" in capsys.readouterr().err


def test_where_nobody_looks_lines_go_to_the_log(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture):
    monkeypatch.setattr(display, "is_watched", lambda: False)

    with Display("segment") as shown:
        shown.show(event(EventKind.PROGRESS, progress=40))
        shown.show(event(EventKind.LOG, message="careful", level="WARN"))

    assert [(record.levelno, record.message) for record in caplog.records] == [(logging.WARNING, "segment: careful")]


def test_errors_are_taken_apart_as_they_were_put_together():
    try:
        raise ValueError("two\n\nparagraphs: and colons")  # noqa: TRY301  # to have a traceback
    except ValueError as error:
        kind, message, traceback = parse(describe(error))

    assert (kind, message) == ("ValueError", "two\n\nparagraphs: and colons")
    assert traceback.startswith("Traceback (most recent call last):\n")
    assert parse("something else went wrong") == ("", "something else went wrong", "")
