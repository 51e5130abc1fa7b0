"""The task that a request names is believed where it runs, in this organization, at the agent that asks."""

from typing import Any

import pytest
from sqlalchemy import insert, update

from arkitekt_di.messages.provenance import TASK_HEADER
from arkitekt_di.server.database import Database
from arkitekt_di.server.identifiers import new_identifier
from arkitekt_di.server.tasks.tables import ACTIONS, AGENTS, IMPLEMENTATIONS, TASKS
from tests.server.images import documents
from tests.server.images.image_hub import ImageHub, draft

pytestmark = pytest.mark.anyio

ORIGINS = """query($id: ID!) { provenance(subject: {kind: IMAGE, id: $id}) {
  kind task { function arguments codeHash } user { sub } } }"""
FOREIGN = ("organization_id", "rivals"), ("user_id", "ben"), ("client_id", "other app"), ("ended_at", 1.0)


def row(table: Any, **members: object) -> dict[str, object]:
    """Return values for every column that has to have one."""
    plain: dict[type, object] = {str: "x", int: 0, float: 0.0, bool: False}
    filled = {column.name: plain[column.type.python_type] for column in table.c if not column.nullable}
    return filled | members


async def add_task(database: Database, **members: object) -> str:
    """Write a running task of an agent of Ada's into the ledger; *members* make it another's."""
    whose = {"organization_id": "lab", "user_id": "ada", "client_id": "app"}
    whose |= {name: str(value) for name, value in members.items() if name in whose}
    agent, action, offer, task = (new_identifier() for _ in range(4))
    async with database.transaction() as session:
        await session.execute(insert(AGENTS).values(row(AGENTS, id=agent, **whose)))
        action_row = row(ACTIONS, id=action, organization_id=whose["organization_id"], hash=action)
        await session.execute(insert(ACTIONS).values(action_row))
        offered = row(IMPLEMENTATIONS, id=offer, agent_id=agent, action_id=action)
        await session.execute(insert(IMPLEMENTATIONS).values(offered))
        values = row(
            TASKS, id=task, agent_id=agent, reference=task, interface="segment", args='{"n": 1}', code_hash="c"
        )
        values |= {"organization_id": whose["organization_id"]}
        await session.execute(insert(TASKS).values(values))
        if "ended_at" in members:
            await session.execute(update(TASKS).where(TASKS.c.id == task).values(ended_at=members["ended_at"]))
    return task


async def origin(hub: ImageHub, task: str) -> Any:
    """Create an image in the name of a task, and return what is known of it."""
    body = {"query": documents.CREATE, "variables": {"input": draft(await hub.upload(), "made")}}
    headers = {"Authorization": "Bearer ada", TASK_HEADER: task}
    async with hub.client.post("/mikro/graphql", json=body, headers=headers) as response:
        (image,) = (await response.json())["data"].values()
    (line,) = await hub.ask(ORIGINS, id=image["id"])
    return line


async def test_a_running_task_of_the_agent_that_asks_is_believed(hub: ImageHub, database: Database) -> None:
    line = await origin(hub, await add_task(database))

    assert line == {
        "kind": "CREATED",
        "task": {"function": "segment", "arguments": {"n": 1}, "codeHash": "c"},
        "user": {"sub": "ada"},
    }


@pytest.mark.parametrize(("member", "value"), FOREIGN)
async def test_any_other_task_is_not(hub: ImageHub, database: Database, member: str, value: object) -> None:
    assert (await origin(hub, await add_task(database, **{member: value})))["task"] is None


@pytest.mark.parametrize("claim", ["nonsense", "0567d130-4646-47c4-8b31-6041a4d434b0", "' OR 1=1", ""])
async def test_what_names_no_task_is_not_believed(hub: ImageHub, claim: str) -> None:
    assert (await origin(hub, claim))["task"] is None


async def test_arguments_without_end_are_left_out(hub: ImageHub, database: Database) -> None:
    task = await add_task(database)
    async with database.transaction() as session:
        long = update(TASKS).where(TASKS.c.id == task).values(args='{"n": "' + "x" * 32 * 1024 + '"}')
        await session.execute(long)

    assert (await origin(hub, task))["task"] == {"function": "segment", "arguments": None, "codeHash": "c"}
