"""What a person asks of running tasks."""

from typing import Any

import pytest

from tests.server.tasks import documents
from tests.server.tasks.task_hub import RefusedError, TaskHub, Watcher

pytestmark = pytest.mark.anyio


async def test_a_cancel_is_asked_for_and_then_confirmed(hub: TaskHub) -> None:
    async with hub.agent() as agent, Watcher(hub) as watcher:
        task = await hub.assign("double")
        await agent.next("ASSIGN")
        await agent.report("STARTED", task["id"])
        asked = await hub.ask(documents.CANCEL, input={"task": task["id"]})
        assert (await agent.next("CANCEL"))["task"] == task["id"]
        await agent.report("CANCELLED", task["id"])
        events = await watcher.until("CANCELLED")

    assert (asked["latestEventKind"], asked["latestInstructKind"], asked["isDone"]) == ("CANCELLING", "CANCEL", False)
    assert [event["kind"] for event in events] == ["QUEUED", "STARTED", "CANCELLING", "CANCELLED"]


async def test_a_task_that_ends_while_it_is_cancelled_has_its_result(hub: TaskHub) -> None:
    async with hub.agent() as agent:
        task = await hub.assign("double")
        await agent.next("ASSIGN")
        await hub.ask(documents.CANCEL, input={"task": task["id"]})
        await agent.run(task["id"])
        ended = await hub.ended(task["id"])
        with pytest.raises(RefusedError, match="has ended"):
            await hub.ask(documents.CANCEL, input={"task": task["id"]})

    assert ended["latestEventKind"] == "COMPLETED"


async def test_a_task_that_waits_is_cancelled_at_once_and_never_begins(hub: TaskHub) -> None:
    async with hub.agent():
        pass
    task = await hub.assign("double")
    cancelled = await hub.ask(documents.CANCEL, input={"task": task["id"]})
    async with hub.agent(session="two") as agent:
        other = await hub.assign("double")
        assert (await agent.next("ASSIGN"))["task"] == other["id"]

    assert (cancelled["latestEventKind"], cancelled["isDone"]) == ("CANCELLED", True)


async def test_what_was_asked_while_the_agent_was_away_is_carried_when_it_is_back(hub: TaskHub) -> None:
    hub.endpoint.service.losses._settings = hub.endpoint.service.settings.model_copy(update={"lost_after_s": 60.0})
    async with hub.agent() as agent:
        task = await hub.assign("double")
        await agent.next("ASSIGN")
        await agent.report("STARTED", task["id"])
        await agent.recorded()
    await hub.ask(documents.CANCEL, input={"task": task["id"]})
    async with hub.agent(pos=agent.pos) as again:
        assert (await again.next("CANCEL"))["task"] == task["id"]


async def test_a_lost_task_that_was_to_be_cancelled_does_not_run_again(hub: TaskHub) -> None:
    async with hub.agent() as agent:
        task = await hub.assign("segment")
        await agent.next("ASSIGN")
        await agent.report("STARTED", task["id"])
        await agent.recorded()
        await hub.ask(documents.CANCEL, input={"task": task["id"]})
        await agent.die()

    assert (await hub.ended(task["id"]))["latestEventKind"] == "LOST"


async def test_an_interrupt_reaches_all_that_a_task_has_led_to(hub: TaskHub) -> None:
    async with hub.agent() as agent:
        mother = await hub.assign("plan")
        await agent.next("ASSIGN")
        await agent.send("ASSIGN_REQUEST", parent=mother["id"], args={}, action=await hub.action("double"))
        child = (await agent.next("ASSIGN"))["task"]
        await hub.ask(documents.INTERRUPT, input={"task": mother["id"]})
        interrupted = {(await agent.next("INTERRUPT"))["task"] for _ in range(2)}

    assert interrupted == {mother["id"], child}


async def test_a_task_is_paused_and_resumed(hub: TaskHub) -> None:
    async with hub.agent() as agent:
        task = await hub.assign("double")
        await agent.next("ASSIGN")
        await hub.ask(documents.PAUSE, input={"task": task["id"]})
        await agent.next("PAUSE")
        await agent.report("PAUSED", task["id"])
        await hub.ask(documents.RESUME, input={"task": task["id"], "step": True})
        order = await agent.next("RESUME")
        await agent.report("RESUMED", task["id"])
        await agent.recorded()
        kinds = await hub.kinds(task["id"])

    assert order["step"] is True
    assert kinds == ["QUEUED", "PAUSING", "PAUSED", "RESUMING", "RESUMED"]


async def test_a_task_that_has_not_begun_cannot_be_paused(hub: TaskHub) -> None:
    async with hub.agent():
        pass
    task = await hub.assign("double")
    with pytest.raises(RefusedError, match="has not begun"):
        await hub.ask(documents.PAUSE, input={"task": task["id"]})


@pytest.mark.parametrize(("approved", "kind"), [(True, "QUEUED"), (False, "DENIED")])
async def test_a_child_waits_for_a_person_where_the_caller_wants_it(hub: TaskHub, approved: bool, kind: str) -> None:
    async with hub.agent() as agent:
        mother = await hub.assign("plan", policy="ASK")
        await agent.next("ASSIGN")
        await agent.send("ASSIGN_REQUEST", parent=mother["id"], args={}, action=await hub.action("double"))
        child = (await agent.next("ASSIGN_RESPONSE"))["task"]
        held = await hub.kinds(child)
        decided = await hub.ask(documents.DECIDE, input={"task": child, "approved": approved, "answer": "so be it"})
        if approved:
            assert (await agent.next("ASSIGN"))["task"] == child
        with pytest.raises(RefusedError, match="does not wait"):
            await hub.ask(documents.DECIDE, input={"task": child, "approved": True})

    assert held == ["HELD"]
    assert decided["latestEventKind"] == kind


@pytest.mark.parametrize("policy", ["ASK", "AUTO"])
async def test_a_task_that_asks_while_it_runs_is_answered(hub: TaskHub, policy: str) -> None:
    async with hub.agent() as agent:
        task = await hub.assign("plan", policy=policy)
        await agent.next("ASSIGN")
        await agent.report("HELD", task["id"], message="go on?")
        await agent.recorded()
        if policy == "ASK":
            answer = {"task": task["id"], "approved": False, "answer": "no", "values": {"x": 1}}
            await hub.ask(documents.DECIDE, input=answer)
        decision = await agent.next("DECIDE")

    told = (decision["approved"], decision["auto"])
    assert told == ((True, True) if policy == "AUTO" else (False, False))
    assert decision.get("values") == ({"x": 1} if policy == "ASK" else None)


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"args": [1]}, "not an object"),
        ({"hooks": [{}]}, "hooks"),
        ({"notBefore": "2030-01-01T00:00:00Z"}, "notBefore"),
        ({"stateRequires": [{"state": "s"}]}, "test its states"),
    ],
    ids=str,
)
async def test_what_this_hub_cannot_do_is_refused_before_anything_is_recorded(
    hub: TaskHub, members: dict[str, Any], reason: str
) -> None:
    async with hub.agent():
        with pytest.raises(RefusedError, match=reason):
            await hub.assign("double", **members)

        assert await hub.ask(documents.TASKS) == []
