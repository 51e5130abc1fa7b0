"""What every hub for functions has to pass, with an app that offers and calls; and functions to do it with."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Annotated

import annotated_types
import pytest

from arkitekt_di.app import App
from arkitekt_di.errors import ActionNotFoundError, CallTimeoutError, RemoteError, TaskStoppedError, ValueRefusedError
from arkitekt_di.messages.calls import TaskEvent
from arkitekt_di.messages.definitions import Execution
from arkitekt_di.messages.frames import Frame
from arkitekt_di.messages.tasks import EventKind
from arkitekt_di.rekuest.caller.calls import FIRST_LOOK_S
from arkitekt_di.rekuest.functions import acall
from arkitekt_di.rekuest.offer import make_offer
from arkitekt_di.rekuest.task import Task, log, progress


class Way(Enum):
    """A choice."""

    UP = 1
    DOWN = 2


@dataclass
class Box:
    """A model.

    Parameters
    ----------
    sizes : lengths of the edges
    label : what is on it
    """

    sizes: list[float]
    label: str | None = None


class Bench:
    """The functions that the contract is about, and what they see.

    Attributes
    ----------
    begun, ended : asyncio.Event
        Whether the body that waits for ever runs, and whether it was stopped.
    runs : int
        How often a body began.
    """

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.ended = asyncio.Event()
        self.runs = 0

    def reset(self) -> None:
        """Forget what was seen."""
        self.begun.clear()
        self.ended.clear()
        self.runs = 0

    def double(self, number: Annotated[int, annotated_types.Ge(0)] = 21) -> int:
        """Double a number."""
        self.runs += 1
        progress(50, "half")
        log("nearly")
        return 2 * number

    async def turn(self, box: Box, way: Way, task: Task) -> tuple[Box, str]:
        """Turn a box."""
        task.progress(10)
        return Box([*reversed(box.sizes)], way.name), task.caller.user

    async def linger(self, number: int) -> int:
        """Take longer than a caller waits before it looks."""
        await asyncio.sleep(2 * FIRST_LOOK_S)
        return number

    def count(self, n: int) -> Iterator[int]:
        """Count in a thread."""
        yield from range(n)

    async def acount(self, n: int) -> AsyncIterator[int]:
        """Count on the loop."""
        for number in range(n):
            yield number

    def fail(self, word: str) -> None:
        """Raise."""
        raise KeyError(word)

    async def wait(self) -> None:
        """Wait for ever."""
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.ended.set()

    async def step(self) -> AsyncIterator[int]:
        """Count for ever."""
        number = 0
        while True:
            yield number
            number += 1
            await asyncio.sleep(0)


async def plan(number: int, task: Task) -> list[int]:
    """Call others, one after the other."""
    start = task.record("start", lambda: number)
    return [await acall("double", start), await acall("double", start + 1)]


async def patient_plan(number: int) -> int:
    """Call another that takes its time."""
    answer: int = await acall("linger", number)
    return answer


FUNCTIONS = ("double", "turn", "count", "acount", "fail", "wait", "step", "linger")
WORKFLOWS = (plan, patient_plan)


def offer_all(app: App, bench: Bench) -> None:
    """Let *app* offer the functions of a bench."""
    for name in FUNCTIONS:
        app.rekuest.register(getattr(bench, name))
    for workflow in WORKFLOWS:
        app.rekuest.registry.add(make_offer(workflow, {}, execution=Execution.WORKFLOW))


@pytest.mark.anyio
class TaskHubContract:
    """Tests of a hub; a subclass has a fixture `app`, open, and a fixture `bench`, whose functions it serves."""

    async def test_a_result_comes_back(self, app: App) -> None:
        """By name, with a default and without."""
        assert await app.rekuest.acall("double", 4) == 8
        assert await app.rekuest.acall("double", number=5) == 10
        assert await app.rekuest.acall("double") == 42

    async def test_models_and_choices_travel(self, app: App) -> None:
        """A model comes out as a dict, for a caller that does not know its class."""
        box, user = await app.rekuest.acall("turn", Box([1.5, 2.5]), Way.UP)

        assert box == {"sizes": [2.5, 1.5], "label": "UP"}
        assert user

    async def test_an_action_is_found_by_name_key_hash_and_identifier(self, app: App) -> None:
        """And called as it was found."""
        found = await app.rekuest.afind("Double a number")

        assert found.key == "double"
        assert await app.rekuest.afind(found.hash) == found
        assert await app.rekuest.afind(found.id) == found
        assert await app.rekuest.acall(found, 2) == 4
        assert found.hash in [action.hash for action in await app.rekuest.asearch("double")]

    async def test_who_offers_what_is_listed(self, app: App) -> None:
        """With the agent that is connected."""
        (offer,) = await app.rekuest.aoffers("double")

        assert (offer.interface, offer.action.key, offer.agent.connected) == ("double", "double", True)
        assert len(await app.rekuest.aoffers(limit=2)) == 2

    async def test_tasks_are_listed(self, app: App) -> None:
        """The newest first, with what was called and how it ended."""
        before = asyncio.Event()
        app.rekuest.agent.listeners.append(lambda frame: before.set() if frame.type == "COMPLETED" else None)
        await app.rekuest.acall("double", 4)
        with pytest.raises(RemoteError):
            await app.rekuest.acall("fail", "needle")

        failed, completed = await app.rekuest.atasks(limit=2)

        assert (failed.latest_event_kind, failed.args, failed.is_done) == (EventKind.FAILED, {"word": "needle"}, True)
        assert completed.action is not None
        assert (completed.latest_event_kind, completed.action.key) == (EventKind.COMPLETED, "double")
        assert before.is_set()

    async def test_what_nobody_offers_is_not_found(self, app: App) -> None:
        """The error names what was wanted."""
        with pytest.raises(ActionNotFoundError, match="halve"):
            await app.rekuest.acall("halve", 4)

    async def test_wrong_arguments_are_refused_before_anything_is_called(self, app: App, bench: Bench) -> None:
        """A stranger, a missing one, and one of another type."""
        for args, kwargs in (((), {"numbr": 1}), ((1, 2), {}), (("x",), {})):
            with pytest.raises(ValueRefusedError):
                await app.rekuest.acall("double", *args, **kwargs)
        assert bench.runs == 0

    async def test_a_limit_is_kept_by_the_agent(self, app: App, bench: Bench) -> None:
        """The caller hears which."""
        with pytest.raises(RemoteError, match="at least 0"):
            await app.rekuest.acall("double", -1)
        assert bench.runs == 0

    @pytest.mark.parametrize("name", ["count", "acount"])
    async def test_values_of_a_generator_come_in_order(self, app: App, name: str) -> None:
        """From a thread and from the loop."""
        assert [value async for value in app.rekuest.aiterate(name, n=30)] == list(range(30))

    async def test_an_error_keeps_its_type_message_and_traceback(self, app: App) -> None:
        """As it was raised there."""
        with pytest.raises(RemoteError) as caught:
            await app.rekuest.acall("fail", "needle")

        assert (caught.value.kind, caught.value.message) == ("KeyError", "'needle'")
        assert "raise KeyError(word)" in caught.value.remote_traceback

    async def test_progress_and_logs_reach_the_caller(self, app: App) -> None:
        """In order, before the end."""
        task = await app.rekuest.asubmit("double", 1)
        events: list[TaskEvent] = []
        task.on_event.append(events.append)

        assert await task.aresult() == 2

        told = await app.rekuest.aevents(task.id)
        kinds = [event.kind for event in told]
        assert kinds.index(EventKind.STARTED) < kinds.index(EventKind.PROGRESS) < kinds.index(EventKind.COMPLETED)
        assert ("half", 50) in [(event.message, event.progress) for event in told]
        assert task.last_progress == 50

    async def test_the_same_reference_is_the_same_task(self, app: App, bench: Bench) -> None:
        """The body runs once."""
        first = await app.rekuest.asubmit("double", 3, reference="once")
        again = await app.rekuest.asubmit("double", 3, reference="once")

        assert first.id == again.id
        assert (await first.aresult(), await again.aresult()) == (6, 6)
        assert bench.runs == 1

    async def test_a_cancelled_body_stops(self, app: App, bench: Bench) -> None:
        """The task has ended when the body has."""
        task = await app.rekuest.asubmit("wait")
        await bench.begun.wait()

        await task.cancel.aio()

        with pytest.raises(TaskStoppedError):
            await task.aresult()
        assert bench.ended.is_set()
        assert task.state == EventKind.CANCELLED

    async def test_an_interrupted_body_stops(self, app: App, bench: Bench) -> None:
        """It is told apart from a cancelled one."""
        task = await app.rekuest.asubmit("wait")
        await bench.begun.wait()

        await task.interrupt.aio()

        with pytest.raises(TaskStoppedError):
            await task.aresult()
        assert bench.ended.is_set()
        assert task.state == EventKind.INTERRUPTED

    async def test_a_caller_that_goes_takes_its_task_along(self, app: App, bench: Bench) -> None:
        """Cancelled in its sleep."""
        calling = asyncio.create_task(app.rekuest.acall("wait"))
        await bench.begun.wait()

        calling.cancel()

        await bench.ended.wait()

    async def test_a_caller_that_goes_while_it_asks_takes_its_task_along(self, app: App) -> None:
        """The hub has the task, and has not said so yet."""
        calling = asyncio.create_task(app.rekuest.acall("wait"))

        def leave(frame: Frame) -> None:
            if frame.type == "ASSIGN":
                calling.cancel()

        app.rekuest.agent.listeners.append(leave)

        with pytest.raises(asyncio.CancelledError):
            await calling

        (task,) = await app.rekuest.atasks(limit=1)
        assert task.latest_event_kind == EventKind.CANCELLED

    async def test_a_call_that_takes_too_long_is_cancelled(self, app: App, bench: Bench) -> None:
        """The error names the call and the time."""
        with pytest.raises(CallTimeoutError, match=r"wait\(\) did not end within 0\.3 s"):
            await app.rekuest.acall("wait", timeout=0.3)

        await bench.ended.wait()

    async def test_leaving_a_stream_stops_its_generator(self, app: App) -> None:
        """Although it would go on for ever."""
        task = await app.rekuest.asubmit("step")
        stream = task.aiterate()
        assert [await anext(stream) for _ in range(5)] == [0, 1, 2, 3, 4]

        await stream.aclose()
        await task.astop(30)

        assert task.state == EventKind.CANCELLED

    async def test_a_paused_generator_waits_until_it_is_resumed(self, app: App) -> None:
        """Nothing comes meanwhile, and nothing is left out."""
        task = await app.rekuest.asubmit("step")
        seen: list[EventKind | str] = []
        waiting: asyncio.Queue[EventKind | str] = asyncio.Queue()
        task.on_event.append(lambda event: waiting.put_nowait(event.kind))
        await task.pause.aio()
        while (kind := await waiting.get()) != EventKind.PAUSED:
            seen.append(kind)

        await task.resume.aio()
        while (kind := await waiting.get()) != EventKind.RESUMED:
            assert kind is not EventKind.YIELD
        await task.astop(30)

        assert EventKind.YIELD in seen or task.state == EventKind.CANCELLED

    async def test_a_workflow_calls_others_as_its_children(self, app: App) -> None:
        """What it recorded is kept."""
        task = await app.rekuest.asubmit("plan", 5)

        assert await task.aresult() == [10, 12]
        assert EventKind.EFFECT in [event.kind for event in await app.rekuest.aevents(task.id)]

    async def test_a_workflow_hears_of_the_end_of_a_child_that_takes_its_time(self, app: App) -> None:
        """The app of an agent is told of what the agent's tasks call."""
        async with asyncio.timeout(30):
            assert await app.rekuest.acall("patient_plan", 5) == 5

    async def test_many_calls_at_once_each_get_their_own_answer(self, app: App) -> None:
        """Over one subscription."""
        results = await asyncio.gather(*(app.rekuest.acall("double", number) for number in range(40)))

        assert results == [2 * number for number in range(40)]
