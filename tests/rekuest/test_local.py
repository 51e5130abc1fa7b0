"""Local calls: real ports, no hub."""

import asyncio

import pytest

from arkitekt_di import App, log, progress
from arkitekt_di.errors import ActionNotFoundError, ValueRefusedError
from arkitekt_di.rekuest import Task, tqdm
from arkitekt_di.rekuest.in_memory import InMemoryTaskHub
from arkitekt_di.rekuest.registry import Registry, register, registry_of, startup
from arkitekt_di.testing.local_calls import Told, local_app
from tests.rekuest import bodies


class Scale:
    """A service."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    factor = 3


def weigh(number: int, scale: Scale, task: Task) -> int:
    for _ in tqdm(range(4), desc="steps"):
        pass
    log("weighed")
    task.progress(99.6)
    return scale.factor * number


def test_a_function_is_called_with_its_services_and_what_it_tells_is_kept():
    with local_app(services=[Scale()]) as app:
        assert app.call(weigh, 2) == 6

    told = [Told("steps", percent) for percent in (25, 50, 75, 100)]
    assert app.told == [*told, Told("weighed"), Told(None, 100)]


def test_values_are_refused_as_the_agent_would():
    with local_app(services=[Scale()]) as app:
        with pytest.raises(ValueRefusedError, match="int wanted"):
            app.call(weigh, "two")
        with pytest.raises(ValueRefusedError, match="no such port"):
            app.call(weigh, number=1, weight=2)


def test_a_generator_in_a_process_is_iterated():
    with local_app() as app:
        assert list(app.iterate(bodies.squares, n=4)) == [0, 1, 4, 9]


def test_a_function_stays_what_it_was():
    def double(number: int) -> int:
        """Double."""
        progress(50)
        return 2 * number

    assert register(double) is double
    assert double(2) == 4


def test_a_cell_that_runs_again_replaces_and_a_namesake_is_refused():
    namespace = {"__name__": "__main__", "register": register}
    cell = "@register\ndef double(number: int) -> int:\n    return {} * number"

    exec(cell.format(2), namespace)  # noqa: S102  # what a notebook does
    exec(cell.format(3), namespace)  # noqa: S102

    registry = registry_of(namespace)
    assert len(registry) == 1
    assert registry.offers["double"].fn(2) == 6
    assert len(registry_of({})) == 0


def test_registries_of_modules_are_taken_together():
    namespace = {"__name__": "other", "register": register, "startup": startup}
    exec("@register\ndef one() -> None: ...\n@startup\ndef begin() -> None: ...", namespace)  # noqa: S102

    joined = Registry().take([registry_of(bodies), registry_of(namespace)])

    assert {"one", "squares"} <= set(joined.offers)
    assert len(joined.startups) == 1


@pytest.mark.anyio
async def test_an_app_calls_what_its_module_offers(closed_app: App, task_hub: InMemoryTaskHub):
    async with closed_app as app:
        with pytest.raises(ActionNotFoundError, match="mark it with @register"):
            await app.rekuest.acall_local("triple", 2)

        app.rekuest.register(weigh_nothing)

        assert await app.rekuest.acall_local(weigh_nothing) is None
        results = await asyncio.gather(*(app.rekuest.acall_local("weigh_nothing") for _ in range(3)))
        assert results == [None] * 3


def weigh_nothing() -> None: ...
