import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkitekt_di.containers.lifecycle import Lifecycle
from arkitekt_di.containers.preset import Service
from tests.containers.services import Recorder, WithHub, whole

pytestmark = pytest.mark.anyio


async def test_services_start_in_order_and_stop_in_reverse():
    journal: list[str] = []
    lifecycle = Lifecycle(whole(WithHub, journal))

    await lifecycle.start()
    await lifecycle.stop()

    assert journal == ["+hub", "+fakts", "+mikro", "-mikro", "-fakts", "-hub"]


async def test_a_failing_start_is_named_and_rolled_back():
    journal: list[str] = []
    container = whole(WithHub, journal)
    container.mikro.service().start_error = OSError("no disk")

    with pytest.raises(OSError, match="no disk") as caught:
        await Lifecycle(container).start()

    assert caught.value.__notes__ == ["while starting the service 'mikro'"]
    assert journal == ["+hub", "+fakts", "-fakts", "-hub"]


async def test_a_start_and_the_stop_after_it_may_both_fail_and_both_are_told():
    container = whole(WithHub)
    container.mikro.service().start_error = OSError("no disk")
    container.hub().stop_error = ValueError("stuck")

    with pytest.raises(BaseExceptionGroup) as caught:
        await Lifecycle(container).start()

    assert [str(error) for error in caught.value.exceptions] == ["no disk", "stuck"]


async def test_every_service_is_stopped_whatever_fails():
    journal: list[str] = []
    container = whole(WithHub, journal)
    lifecycle = Lifecycle(container)
    await lifecycle.start()
    container.mikro.service().stop_error = OSError("one")
    container.hub().stop_error = OSError("two")

    with pytest.raises(BaseExceptionGroup) as caught:
        await lifecycle.stop()

    assert journal[-3:] == ["-mikro", "-fakts", "-hub"]
    assert [(str(error), error.__notes__) for error in caught.value.exceptions] == [
        ("one", ["while stopping the service 'mikro'"]),
        ("two", ["while stopping the service 'hub'"]),
    ]


async def test_a_second_life_has_fresh_services():
    container = whole(WithHub)
    first = container.mikro.service()
    lifecycle = Lifecycle(container)

    await lifecycle.start()
    await lifecycle.stop()
    await lifecycle.start()

    assert container.mikro.service() is not first
    assert container.mikro.service().needs[0] is container.fakts.service()
    await lifecycle.stop()


async def test_what_is_replaced_between_two_lives_counts_in_the_second():
    journal: list[str] = []
    container = whole(WithHub, journal)
    lifecycle = Lifecycle(container)

    await lifecycle.start()
    await lifecycle.stop()
    with container.fakts.service.override(Service(Recorder, journal, "other")):
        await lifecycle.start()
        held = container.mikro.service().needs[0]
        await lifecycle.stop()
        assert container.mikro.service().needs[0] is not held
        container.reset_singletons()
    await lifecycle.start()
    await lifecycle.stop()

    assert sorted(journal[6:9]) == ["+hub", "+mikro", "+other"]
    assert journal[9:12] == [step.replace("+", "-") for step in reversed(journal[6:9])]
    assert journal[-6:] == ["+hub", "+fakts", "+mikro", "-mikro", "-fakts", "-hub"]


async def test_a_service_that_does_not_stop_in_time_is_told_and_the_others_stop(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("arkitekt_di.containers.lifecycle.STOP_TIMEOUT_S", 0.01)
    journal: list[str] = []
    container = whole(WithHub, journal)
    lifecycle = Lifecycle(container)
    await lifecycle.start()
    container.mikro.service().stop = asyncio.Event().wait

    with pytest.raises(BaseExceptionGroup) as caught:
        await lifecycle.stop()

    (error,) = caught.value.exceptions
    assert isinstance(error, TimeoutError)
    assert error.__notes__ == ["while stopping the service 'mikro'"]
    assert journal[-2:] == ["-fakts", "-hub"]


@pytest.mark.timeout(60)
def test_a_loop_that_is_torn_down_before_a_stop_has_begun_ends():
    async def main() -> bool:
        lifecycle = Lifecycle(whole(WithHub))
        await lifecycle.start()
        stopping = asyncio.create_task(lifecycle.stop())
        await asyncio.sleep(0)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        assert len(others) == 2  # the stop, and what it works in, which has not had its first step

        for task in others:
            task.cancel()  # as `asyncio.run` does in the end with every task that there is

        await asyncio.wait(others)
        return stopping.cancelled()

    assert asyncio.run(main())


async def test_cancelling_a_stop_does_not_leave_services_open():
    journal: list[str] = []
    container = whole(WithHub, journal)
    lifecycle = Lifecycle(container)
    await lifecycle.start()
    waiting, release = asyncio.Event(), asyncio.Event()

    async def slow_stop() -> None:
        waiting.set()
        await release.wait()
        journal.append("-slow")

    container.mikro.service().stop = slow_stop
    stopping = asyncio.create_task(lifecycle.stop())
    await waiting.wait()
    stopping.cancel()
    release.set()

    with pytest.raises(asyncio.CancelledError):
        await stopping

    assert journal[-3:] == ["-slow", "-fakts", "-hub"]


async def test_a_cancelled_start_is_rolled_back():
    journal: list[str] = []
    container = whole(WithHub, journal)
    waiting = asyncio.Event()

    async def hanging_start() -> None:
        waiting.set()
        await asyncio.Event().wait()

    container.mikro.service().start = hanging_start
    starting = asyncio.create_task(Lifecycle(container).start())
    await waiting.wait()
    starting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await starting

    assert journal == ["+hub", "+fakts", "-fakts", "-hub"]


@given(st.sets(st.sampled_from(["hub", "fakts", "mikro"])))
def test_any_set_of_failing_stops_is_told_completely(failing: set[str]):
    container = whole(WithHub)
    services: dict[str, Recorder] = {
        "hub": container.hub(),
        "fakts": container.fakts.service(),
        "mikro": container.mikro.service(),
    }

    async def live() -> set[str]:
        lifecycle = Lifecycle(container)
        await lifecycle.start()
        for name in failing:
            services[name].stop_error = OSError(name)
        try:
            await lifecycle.stop()
        except BaseExceptionGroup as group:
            return {str(error) for error in group.exceptions}
        return set()

    assert asyncio.run(live()) == failing
