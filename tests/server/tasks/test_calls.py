"""Calls as they are meant to go: asked for, carried out, heard of."""

from typing import Any

import pytest

from tests.server.tasks import documents
from tests.server.tasks.task_hub import RefusedError, TaskHub, Watcher

pytestmark = pytest.mark.anyio


async def test_a_call_reaches_the_agent_and_its_result_the_caller(hub: TaskHub) -> None:
    async with hub.agent() as agent, Watcher(hub) as watcher:
        task = await hub.assign("double", reference="mine")
        order = await agent.next("ASSIGN")
        await agent.run(order["task"])
        events = await watcher.until("COMPLETED")

    assert (order["task"], order["interface"], order["args"]) == (task["id"], "double", {"number": 21})
    assert (order["user"], order["org"], order["caller_app"]) == ("ada", "lab", "script")
    assert (order["code_hash"], order["attempt"], order["reference"]) == ("code of double", 1, "mine")
    assert [event["kind"] for event in events] == ["QUEUED", "STARTED", "PROGRESS", "YIELD", "COMPLETED"]
    assert events[3]["returns"] == {"return0": 42}
    assert (events[2]["progress"], events[2]["message"]) == (0, "Queued for running")


async def test_a_task_says_who_called_what_with_which_code(hub: TaskHub) -> None:
    async with hub.agent():
        task = await hub.assign("double")

    assert task["caller"] == {"clientId": "script"}
    assert task["args"] == {"number": 21}
    assert task["codeHash"] == "code of double"


async def test_a_task_waits_for_an_agent_that_is_away(hub: TaskHub) -> None:
    async with hub.agent() as agent:
        pass
    first, second = await hub.assign("double"), await hub.assign("segment")

    async with hub.agent(session="two", hash="h1") as agent:
        orders = [await agent.next("ASSIGN"), await agent.next("ASSIGN")]

    assert [order["task"] for order in orders] == [first["id"], second["id"]]


async def test_an_agent_has_no_more_than_its_window_at_a_time(folder, hub: TaskHub) -> None:
    connection_window = hub.endpoint.service.settings.window
    async with hub.agent() as agent:
        connection = hub.endpoint.service.crew.at(agent.init["agent"])
        assert connection is not None
        assert connection.room == connection_window
        connection._window = 1
        first, second = await hub.assign("double"), await hub.assign("double")
        assert (await agent.next("ASSIGN"))["task"] == first["id"]
        cancelled = await hub.ask(documents.CANCEL, input={"task": second["id"]})
        third = await hub.assign("double")
        await agent.run(first["id"])

        assert (await agent.next("ASSIGN"))["task"] == third["id"]

    assert (cancelled["latestEventKind"], cancelled["isDone"]) == ("CANCELLED", True)


async def test_the_same_reference_is_the_same_task(hub: TaskHub) -> None:
    async with hub.agent() as agent:
        first = await hub.assign("double", reference="r")
        again = await hub.assign("double", reference="r")
        of_ben = await hub.assign("double", reference="r", by="ben")
        await agent.next("ASSIGN")
        second = await agent.next("ASSIGN")

    assert first["id"] == again["id"]
    assert second["task"] == of_ben["id"] != first["id"]


@pytest.mark.parametrize("how", ["implementation", "hash", "interface"])
async def test_a_function_is_called_by_any_of_its_names(hub: TaskHub, how: str) -> None:
    async with hub.agent() as agent:
        (offer,) = await hub.ask(documents.IMPLEMENTATIONS, filters={"search": "double"})
        names = {
            "implementation": {"implementation": offer["id"]},
            "hash": {"actionHash": offer["action"]["hash"]},
            "interface": {"agent": offer["agent"]["id"], "interface": "double"},
        }
        task = await hub.ask(documents.ASSIGN, input={"args": {"number": 1}} | names[how])

        assert (await agent.next("ASSIGN"))["task"] == task["id"]


async def test_nobody_calls_what_another_organization_offers(hub: TaskHub) -> None:
    async with hub.agent():
        action = await hub.action("double")
        with pytest.raises(RefusedError) as refused:
            await hub.ask(documents.ASSIGN, by="eve", input={"action": action, "args": {}})
        assert await hub.ask(documents.ACTIONS, by="eve") == []
        assert await hub.ask(documents.AGENTS, by="eve") == []

    assert refused.value.code == "NOT_FOUND"


async def test_nobody_sees_the_tasks_of_another_organization(hub: TaskHub) -> None:
    async with hub.agent(), Watcher(hub, by="ben") as ben:
        task = await hub.assign("double")
        for document, variables in [
            (documents.TASK, {"id": task["id"]}),
            (documents.CANCEL, {"input": {"task": task["id"]}}),
            (documents.INTERRUPT, {"input": {"task": task["id"]}}),
        ]:
            with pytest.raises(RefusedError, match="no task"):
                await hub.ask(document, by="eve", **variables)
        with pytest.raises(RefusedError, match="no task"):  # of the organization, but not theirs
            await hub.ask(documents.CANCEL, by="ben", input={"task": task["id"]})
        own = await hub.assign("double", by="ben")
        change = await ben.next()

    assert change["create"]["id"] == own["id"]
    assert [found["id"] for found in await hub.ask(documents.TASKS, by="eve")] == []
    assert {found["id"] for found in await hub.ask(documents.TASKS, by="ben")} == {task["id"], own["id"]}


async def test_an_error_keeps_its_words(hub: TaskHub) -> None:
    async with hub.agent() as agent:
        task = await hub.assign("double")
        await agent.report("FAILED", task["id"], error="no cells here", code="STATE_PRECONDITION")
        await agent.recorded()
        ended = await hub.ended(task["id"])

    assert ended["latestEventKind"] == "FAILED"
    assert ended["events"][-1]["message"] == "no cells here"
    assert ended["events"][-1]["value"] == {"code": "STATE_PRECONDITION"}


async def test_the_busy_one_of_two_agents_is_spared(hub: TaskHub) -> None:
    async with hub.agent() as one, hub.agent(by="robot2", session="s2") as two:
        for _ in range(2):
            await hub.assign("double")
        await one.next("ASSIGN")
        await two.next("ASSIGN")


async def test_what_is_declared_no_more_cannot_be_called(hub: TaskHub) -> None:
    async with hub.agent():
        action = await hub.action("double")
    async with hub.agent(session="two", hash="h2", implementations=[]):
        with pytest.raises(RefusedError, match="nobody offers it"):
            await hub.ask(documents.ASSIGN, input={"action": action, "args": {}})


async def test_an_agent_of_the_older_form_declares_itself_over_graphql(hub: TaskHub) -> None:
    offered = [
        {"interface": "double", "needsToken": False, "definition": {"key": "double", "version": "1", "name": "Double",
         "kind": "FUNCTION", "portGroups": [], "isDev": False, "args": [], "returns": []}}
    ]  # fmt: skip
    known = await hub.ask(documents.ENSURE, by="robot", input={"name": "old"})
    await hub.ask(documents.IMPLEMENT, by="robot", input={"implementations": offered})
    bare: dict[str, Any] = {"implementations": None, "hash": None, "name": None, "features": None}
    async with hub.agent(**bare) as agent:
        task = await hub.assign("double")
        order = await agent.next("ASSIGN")
        await agent.send("COMPLETED", task=task["id"], seq=1)
        ack = await agent.next("EVENT_ACK")

    assert agent.init["agent"] == known["id"]
    assert "attempt" not in order
    assert (ack["event"], ack["task"], ack["seq"]) == ("frame-COMPLETED", task["id"], 1)
    assert (await hub.ended(task["id"]))["latestEventKind"] == "COMPLETED"


async def test_a_caller_who_was_away_misses_nothing(hub: TaskHub) -> None:
    async with hub.agent() as agent:
        async with Watcher(hub) as watcher:
            task = await hub.assign("double")
            first = (await watcher.next())["event"]
        await agent.run(task["id"])
        async with Watcher(hub, since=first["id"]) as watcher:
            events = await watcher.until("COMPLETED")

    assert [event["kind"] for event in events] == ["STARTED", "PROGRESS", "YIELD", "COMPLETED"]


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("{" + " __typename" * 2400 + "}", "tokens"),
        ("{" + " ".join(f"a{n}: __typename" for n in range(17)) + "}", "16 aliases"),
        ("{ a" + "{ b" * 17 + "}" * 17 + "}", "16 levels"),
    ],
)
async def test_a_document_that_asks_for_too_much_is_refused(hub: TaskHub, document: str, reason: str) -> None:
    for _ in range(2):  # what is kept of a document does not change what is said of it
        with pytest.raises(RefusedError, match=reason):
            await hub.ask(document)
