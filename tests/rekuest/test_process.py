"""Bodies in processes of their own: what they tell, and what becomes of them when they crash."""

import asyncio
import os
from collections.abc import AsyncIterator

import pytest

from arkitekt_di.errors import OfferRefusedError, RemoteError, WorkerDiedError
from arkitekt_di.koil import Koil
from arkitekt_di.rekuest import register
from arkitekt_di.rekuest.control import Control
from arkitekt_di.rekuest.executors.process import ProcessExecutor
from arkitekt_di.rekuest.executors.work import Executor, Work
from arkitekt_di.rekuest.registry import registry_of
from arkitekt_di.rekuest.task import Task, TaskFacts
from arkitekt_di.settings.models import RekuestSettings
from tests.rekuest import bodies

pytestmark = pytest.mark.anyio


class Told:
    """Keeps what a body tells."""

    def __init__(self) -> None:
        self.lines: list[object] = []

    def progress(self, percent: int, message: str | None) -> None:
        self.lines.append((percent, message))

    def log(self, message: str, level: str) -> None:
        self.lines.append(message)

    def effect(self, key: str, value: object) -> None:
        self.lines.append((key, value))


async def nothing(what: str, about: object) -> object:
    raise LookupError(what)


def work_of(name: str, told: Told | None = None, **args: object) -> Work:
    offer = registry_of(bodies).offers[name]
    control = Control()
    return Work(offer, args, Task(TaskFacts("t1", name), told or Told(), control), control)


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def executor(anyio_backend: str) -> AsyncIterator[ProcessExecutor]:
    async with Koil():
        executor = ProcessExecutor(RekuestSettings(processes=2, grace_s=1.0), nothing)
        await executor.start()
        yield executor
        await executor.stop()


async def results(executor: Executor, work: Work) -> list[dict[str, object]]:
    return [returns async for returns in executor.run(work)]


async def test_a_body_runs_elsewhere_and_tells_what_it_does(executor: ProcessExecutor):
    told = Told()

    (first,) = await results(executor, work_of("pid_of", told, word="µm"))
    (again,) = await results(executor, work_of("pid_of_async"))

    assert first["return0"] != os.getpid()
    assert first["return1"] == "µm"
    assert again["return0"] == first["return0"], "a process is used again"
    assert told.lines == [(40, "in between"), "got µm"]


async def test_a_generator_yields_across_processes(executor: ProcessExecutor):
    assert [one["return0"] for one in await results(executor, work_of("squares", n=5))] == [0, 1, 4, 9, 16]


@pytest.mark.parametrize(
    ("name", "args", "reason"),
    [
        ("leave", {"code": 7}, "it left with exit code 7"),
        ("crash", {}, r"signal 11 \(SIGSEGV\) ended it"),
    ],
)
async def test_a_body_that_takes_its_process_down_is_told_as_such(executor, name, args, reason):
    with pytest.raises(WorkerDiedError, match=reason):
        await results(executor, work_of(name, **args))

    assert (await results(executor, work_of("squares", n=2)))[1] == {"return0": 1}


async def test_an_error_keeps_its_type_and_traceback(executor: ProcessExecutor):
    with pytest.raises(RemoteError) as caught:
        await results(executor, work_of("refuse", word="needle"))

    assert (caught.value.kind, caught.value.message) == ("RuntimeError", "needle")
    assert "raise RuntimeError(word)" in caught.value.remote_traceback


async def test_a_value_that_does_not_fit_is_refused_there(executor: ProcessExecutor):
    with pytest.raises(RemoteError, match="int wanted"):
        await results(executor, work_of("leave", code="x"))


async def test_a_process_sees_the_gpu_that_it_is_given(executor: ProcessExecutor):
    assert await results(executor, work_of("visible")) == [{"return0": "3"}]


class Begun(Told):
    """Knows when the body has begun."""

    def __init__(self) -> None:
        super().__init__()
        self.event = asyncio.Event()

    def log(self, message: str, level: str) -> None:
        self.event.set()


@pytest.mark.parametrize("name", ["stubborn", "willing"])
async def test_a_cancelled_body_has_stopped_when_it_is_said_to(executor: ProcessExecutor, name: str):
    begun = Begun()
    work = work_of(name, begun)
    running = asyncio.create_task(results(executor, work))
    await begun.event.wait()

    work.control.cancel()
    running.cancel()

    with pytest.raises(asyncio.CancelledError):
        await running
    assert (await results(executor, work_of("squares", n=2)))[1] == {"return0": 1}


async def test_an_interrupted_body_is_killed_at_once(executor: ProcessExecutor):
    begun = Begun()
    work = work_of("stubborn", begun)
    running = asyncio.create_task(results(executor, work))
    await begun.event.wait()

    work.control.interrupt()
    running.cancel()

    with pytest.raises(asyncio.CancelledError):
        await running


def test_what_another_process_cannot_import_is_refused():
    def inner(number: int) -> int:
        return number

    with pytest.raises(OfferRefusedError, match="another process cannot import"):
        register(isolation="process")(inner)


def test_a_place_to_run_that_there_is_not_is_refused_with_the_reason():
    with pytest.raises(OfferRefusedError, match="no isolation 'moon'"):
        register(isolation="moon")(bodies.pid_of)  # type: ignore[call-overload]  # the word is wrong
