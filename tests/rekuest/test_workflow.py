"""Workflows: what they call and record is found again when they run again."""

import asyncio

import pytest

from arkitekt_di import App, register, workflow
from arkitekt_di.errors import HubRefusedError, OfferRefusedError
from arkitekt_di.messages.calls import CallOrder
from arkitekt_di.messages.definitions import Execution
from arkitekt_di.rekuest.caller import calls
from arkitekt_di.rekuest.registry import registry_of
from arkitekt_di.rekuest.task import Silent, Task, TaskFacts, running


class Kept(Silent):
    """Keeps what is recorded."""

    def __init__(self) -> None:
        self.effects: list[tuple[str, object]] = []

    def effect(self, key: str, value: object) -> None:
        self.effects.append((key, value))


def test_what_was_recorded_is_given_again_and_not_made_again():
    kept = Kept()
    first = Task(TaskFacts("t", "plan", is_workflow=True), kept)
    again = Task(TaskFacts("t", "plan", is_workflow=True, recorded={"now": 7}), kept)

    assert first.record("now", lambda: 7) == 7
    assert again.record("now", lambda: 8) == 7
    assert kept.effects == [("now", 7)]


def test_the_calls_of_a_run_have_the_names_of_those_of_the_run_before():
    def names() -> list[str]:
        task = Task(TaskFacts("t", "plan"), Silent())
        return [task.call_key(name) for name in ("segment", "count", "segment")]

    assert names() == names() == ["segment#1", "count#1", "segment#2"]


@pytest.mark.anyio
async def test_the_same_call_of_the_same_task_is_the_same_child(app: App):
    action = await app.rekuest.afind("double")
    orders = [CallOrder(args={"number": 1}, action=action.id, reference=name) for name in ("first", "again")]

    children = [await app.rekuest.agent.assign_child(order, "parent", "double#1") for order in orders]

    assert children[0].id == children[1].id


@pytest.mark.anyio
async def test_what_is_called_again_may_be_over_by_then(app: App, monkeypatch: pytest.MonkeyPatch):
    """Its events were told before anybody of this run listened."""
    monkeypatch.setattr(calls, "YOUNG_S", 0.0)
    facts = TaskFacts("t", "plan", is_workflow=True)
    async with asyncio.timeout(20):
        with running(Task(facts, Silent())):
            first = await (await app.rekuest.asubmit("double", 4)).aresult()
        with running(Task(facts, Silent())):
            again = await (await app.rekuest.asubmit("double", 4)).aresult()

    assert first == again == 8


@pytest.mark.anyio
async def test_a_call_that_the_hub_refuses_is_told(app: App):
    order = CallOrder(args={}, action="nothing", reference="x")

    with pytest.raises(HubRefusedError, match="nobody offers this"):
        await app.rekuest.agent.assign_child(order, "parent", "nothing#1")


def test_a_workflow_is_offered_as_one_and_runs_in_its_agent():
    @workflow
    async def plan() -> None: ...

    assert registry_of(globals()).offers["plan"].implementation.execution is Execution.WORKFLOW
    with pytest.raises(OfferRefusedError, match="through its agent"):
        workflow(isolation="process")(registry_of_module_function)
    assert register(plan) is plan


def registry_of_module_function() -> None:
    """Stand at the top of a module."""
