"""Sync iteration over async generators: every door of a generator leads to it, and a buffer keeps its bound."""

import asyncio
import gc
import threading
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, Self

import pytest

from arkitekt_di.koil import Koil, unkoil_gen
from arkitekt_di.koil.crossing import Submission
from arkitekt_di.settings.models import KoilSettings

BUFFERS = pytest.mark.parametrize("buffer", [0, 1, 3, 16])


class Source:
    """An async generator function that tells what became of it."""

    def __init__(self, count: int = 10) -> None:
        self.count = count
        self.made = 0
        self.has_closed = threading.Event()
        self.heard: list[Any] = []

    async def __call__(self) -> AsyncGenerator[int, Any]:
        try:
            for number in range(self.count):
                self.made += 1
                try:
                    sent = yield number
                except ValueError as error:
                    self.heard.append(error)
                else:
                    self.heard.append(sent)
                await asyncio.sleep(0)
        finally:
            await asyncio.sleep(0)
            self.has_closed.set()


@BUFFERS
def test_the_items_come_in_order(koil: Koil, buffer: int) -> None:
    assert list(koil.iterate(Source(50), buffer=buffer)) == list(range(50))


@BUFFERS
def test_an_empty_generator_gives_nothing(koil: Koil, buffer: int) -> None:
    assert list(koil.iterate(Source(0), buffer=buffer)) == []


@BUFFERS
def test_leaving_early_runs_the_cleanup_at_once(koil: Koil, buffer: int) -> None:
    source = Source()

    for number in (stream := koil.iterate(source, buffer=buffer)):
        if number == 2:
            break
    stream.close()

    assert source.has_closed.is_set()


@BUFFERS
def test_an_error_of_the_consumer_runs_the_cleanup(koil: Koil, buffer: int) -> None:
    source = Source()

    def consume() -> None:
        for _ in koil.iterate(source, buffer=buffer):
            raise KeyError

    with pytest.raises(KeyError):
        consume()
    gc.collect()  # the traceback keeps the iterator alive until it is dropped

    assert source.has_closed.is_set()


@BUFFERS
def test_a_forgotten_iterator_runs_the_cleanup(koil: Koil, buffer: int) -> None:
    source = Source()

    assert next(koil.iterate(source, buffer=buffer)) == 0
    gc.collect()

    assert source.has_closed.is_set()


@BUFFERS
def test_an_iterator_forgotten_on_the_loop_does_not_block_it(koil: Koil, buffer: int) -> None:
    source = Source()
    streams = [koil.iterate(source, buffer=buffer)]
    assert next(streams[0]) == 0

    async def forget() -> None:
        streams.clear()
        gc.collect()
        await asyncio.to_thread(source.has_closed.wait)

    koil.call_within(20, forget)


@BUFFERS
def test_an_error_of_the_generator_comes_after_the_items_before_it(koil: Koil, buffer: int) -> None:
    async def numbers() -> AsyncIterator[int]:
        yield 1
        yield 2
        raise ValueError("third")

    seen: list[int] = []

    def consume() -> None:
        for number in koil.iterate(numbers, buffer=buffer):
            seen.append(number)  # noqa: PERF402

    with pytest.raises(ValueError, match="third"):
        consume()
    assert seen == [1, 2]


def test_send_and_throw_reach_the_generator(koil: Koil) -> None:
    source = Source()
    stream = koil.iterate(source)
    error = ValueError()

    assert next(stream) == 0
    assert stream.send("sent") == 1
    assert stream.throw(error) == 2
    assert next(stream) == 3
    assert source.heard == ["sent", error, None]


def test_an_error_that_the_generator_does_not_catch_comes_back(koil: Koil) -> None:
    source = Source()
    stream = koil.iterate(source)
    next(stream)

    with pytest.raises(KeyError):
        stream.throw(KeyError())

    assert source.has_closed.is_set()
    assert list(stream) == []


def test_throwing_into_a_buffered_iterator_ends_it(koil: Koil) -> None:
    source = Source()
    stream = koil.iterate(source, buffer=2)
    next(stream)

    with pytest.raises(KeyError):
        stream.throw(KeyError())

    assert source.has_closed.is_set()


@pytest.mark.parametrize("buffer", [1, 2, 7])
def test_a_buffer_is_filled_and_never_exceeded(koil: Koil, buffer: int) -> None:
    source = Source(40)
    stream = koil.iterate(source, buffer=buffer)
    next(stream)

    async def let_it_fetch() -> None:
        while source.made < buffer:  # noqa: ASYNC110  # the source tells nobody
            await asyncio.sleep(0)
        for _ in range(20):
            await asyncio.sleep(0)

    koil.call_within(20, let_it_fetch)
    assert buffer <= source.made <= buffer + 1

    for taken, _ in enumerate(stream, start=2):
        koil.call(asyncio.sleep, 0)
        assert source.made - taken <= buffer
    assert source.made == 40


def test_any_async_iterator_can_be_iterated(koil: Koil) -> None:
    class Countdown:
        def __init__(self) -> None:
            self.left = 3

        def __aiter__(self) -> "Countdown":
            return self

        async def __anext__(self) -> int:
            if not self.left:
                raise StopAsyncIteration
            self.left -= 1
            return self.left

    assert list(koil.iterate(Countdown)) == [2, 1, 0]
    assert list(koil.iterate(Countdown, buffer=2)) == [2, 1, 0]
    stream = koil.iterate(Countdown)
    next(stream)
    with pytest.raises(TypeError, match="no async generator"):
        stream.send(1)


def test_the_buffer_keyword_is_ours_unless_the_function_has_one(koil: Koil) -> None:
    async def numbers(buffer: int) -> AsyncIterator[int]:
        yield buffer

    assert list(koil.iterate(numbers, buffer=7)) == [7]


def test_unkoil_gen_finds_the_koil(koil: Koil) -> None:
    assert list(unkoil_gen(Source(3))) == [0, 1, 2]


def test_closing_the_koil_ends_a_buffered_iterator(settings: KoilSettings) -> None:
    source = Source(1000)
    with Koil(settings) as koil:
        stream = koil.iterate(source, buffer=2)
        next(stream)

    with pytest.raises(RuntimeError, match="closed"):
        list(stream)
    assert source.has_closed.is_set()


def test_two_iterators_can_be_interleaved(koil: Koil) -> None:
    assert list(zip(koil.iterate(Source(5)), koil.iterate(Source(5), buffer=2), strict=True)) == [
        (number, number) for number in range(5)
    ]


def test_ctrl_c_while_the_fetching_is_being_sent_runs_the_cleanup() -> None:
    """The loop may be at work before the call that sends the work has returned."""
    fetched, cleaned = threading.Event(), threading.Event()

    async def endless() -> AsyncIterator[int]:
        try:
            fetched.set()
            await asyncio.Event().wait()
            yield 0
        finally:
            cleaned.set()

    class Interrupted(Submission[None]):
        def send(self) -> Self:
            super().send()
            assert fetched.wait(30)
            raise KeyboardInterrupt

    class InterruptedKoil(Koil):
        def prepare(self, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
            return Interrupted(self._open_home(), fn, args, kwargs)

    with InterruptedKoil(identifier="interrupted") as interrupted:
        with pytest.raises(KeyboardInterrupt):
            list(interrupted.iterate(endless, buffer=4))
        assert cleaned.is_set()
