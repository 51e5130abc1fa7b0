"""What members of an organization are told of each other's tasks: that they run, and no words of them."""

import asyncio
import json
from typing import Any

import pytest

from arkitekt_di.server.identity.standing import Role
from arkitekt_di.server.identity.tables import Membership, Organization, User
from tests.server.provenance.test_believed_tasks import row
from tests.server.tasks import documents
from tests.server.tasks.task_hub import BOUND_S, HandAgent, TaskHub

pytestmark = pytest.mark.anyio

SHOWN = "query ($id: ID!) { task(id: $id) { args hiddenArguments events { kind message returns progress value } } }"
SECRET = "the patient is called Ada"
ARGS = {"number": 21}
GIVEN = ARGS | {"note": SECRET}


async def _said(hub: TaskHub, agent: HandAgent, **members: Any) -> str:
    """Call a function in Ada's name that says things, and succeeds; return its task."""
    task: str = (await hub.assign("double", args=GIVEN, **members))["id"]
    await agent.next("ASSIGN")
    await agent.report("STARTED", task)
    await agent.report("LOG", task, message=SECRET, level="INFO")
    await agent.report("PROGRESS", task, progress=50, message=SECRET)
    await agent.report("YIELD", task, returns={"return0": 42, "words": SECRET})
    await agent.report("CRITICAL", task, error=SECRET)
    await agent.recorded()
    return task


async def test_colleagues_are_told_numbers_and_progress_and_no_words(hub: TaskHub) -> None:
    async with hub.agent() as agent:
        shown = await hub.ask(SHOWN, by="ben", id=await _said(hub, agent))

    assert (shown["args"], shown["hiddenArguments"]) == (ARGS, ["note"])
    assert SECRET not in json.dumps(shown)
    assert {"return0": 42} in [event["returns"] for event in shown["events"]]
    assert 50 in [event["progress"] for event in shown["events"]]


async def test_who_called_is_told_all(hub: TaskHub) -> None:
    async with hub.agent() as agent:
        shown = await hub.ask(SHOWN, by="ada", id=await _said(hub, agent))

    assert (shown["args"], shown["hiddenArguments"]) == (GIVEN, [])
    assert [event["message"] for event in shown["events"]].count(SECRET) == 3


async def test_whose_app_carries_it_out_is_told_all(hub: TaskHub) -> None:
    hub.tokens.people["ben-robot"] = hub.tokens.people["ben"]
    async with hub.agent(by="ben-robot") as agent:
        shown = await hub.ask(SHOWN, by="ben", id=await _said(hub, agent))

    assert shown["args"] == GIVEN
    assert SECRET in [event["message"] for event in shown["events"]]


async def test_an_admin_of_the_organization_is_told_all(hub: TaskHub) -> None:
    async with hub.database.transaction() as session:
        organization = Organization(**row(Organization.__table__, id="lab", slug="lab", name="Lab"))
        session.add_all([organization, User(**row(User.__table__, id="ben", name="ben"))])
        await session.flush()
        session.add(Membership(user_id="ben", organization_id="lab", role=Role.ADMIN))
    async with hub.agent() as agent:
        shown = await hub.ask(SHOWN, by="ben", id=await _said(hub, agent))

    assert shown["args"] == GIVEN


async def test_whoever_follows_the_organization_hears_no_words_of_others(hub: TaskHub) -> None:
    hello = {"type": "HELLO", "id": "1", "token": "ben", "follows": "organization"}
    async with hub.agent() as agent, hub.socket(hello, "/rekuest/desk") as socket:
        await socket.receive()
        await _said(hub, agent)
        heard: list[dict[str, Any]] = []
        async with asyncio.timeout(BOUND_S):
            while not heard or heard[-1]["kind"] != "CRITICAL":
                heard += json.loads((await socket.receive()).data)["events"]

    assert SECRET not in json.dumps(heard)
    assert {"return0": 42} in [event.get("returns") for event in heard]
    assert await hub.ask(documents.TASKS, by="ben")
