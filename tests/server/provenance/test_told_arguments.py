"""Arguments may hold anything: texts are told to those who had to do with the task, numbers and references to all."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from arkitekt_di.messages.provenance import TASK_HEADER
from arkitekt_di.server.database import Database
from arkitekt_di.server.identity.standing import Role
from arkitekt_di.server.identity.tables import Membership, Organization, User
from arkitekt_di.server.tasks.tables import TASKS
from arkitekt_di.server.tasks.told_arguments import told_arguments
from tests.server.images import documents
from tests.server.images.image_hub import ImageHub, draft
from tests.server.provenance.test_believed_tasks import add_task, row

ORIGINS = """query($id: ID!) { provenance(subject: {kind: IMAGE, id: $id}) { task { arguments hiddenArguments } } }"""
REFERENCE = {"__identifier": "@mikro/arraydataset", "object": "4b1f0b5e-3a1c-4c55-9f5e-8f3c1f0a2b7d"}
OPEN = {"sigma": 2.5, "n": 3, "exact": True, "mask": None, "image": REFERENCE, "all": [REFERENCE, 1]}
CLOSED = {"patient": "Ada", "options": {"key": 1}, "words": [1, "two"]}

words = st.text(max_size=6)
numbers = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False)
anything = st.recursive(
    numbers | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=6,
)


@settings(deadline=None)
@given(st.dictionaries(words, anything, max_size=4))
def test_whatever_the_arguments_others_are_told_no_text(arguments: dict[str, Any]) -> None:
    told = told_arguments(json.dumps(arguments), to_participant=False)

    assert told.values is not None
    assert not _texts(list(told.values.values()))
    assert {*told.values, *told.hidden} == set(arguments)
    assert told_arguments(json.dumps(arguments), to_participant=True).values == arguments


def _texts(value: Any) -> list[str]:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [value] if isinstance(value, str) else [text for part in parts for text in _texts(part)]


def test_numbers_and_references_are_told_to_all() -> None:
    told = told_arguments(json.dumps(OPEN | CLOSED), to_participant=False)

    assert (told.values, told.hidden) == (OPEN, ("options", "patient", "words"))
    assert told_arguments(None, to_participant=False).values is None


@pytest.fixture
async def image(hub: ImageHub, database: Database) -> str:
    """Return an image that an agent of Ada's made in a task that Carl called."""
    task = await add_task(database)
    async with database.transaction() as session:
        changed = {"args": json.dumps(OPEN | CLOSED), "user_id": "carl"}
        await session.execute(update(TASKS).where(TASKS.c.id == task).values(**changed))
    body = {"query": documents.CREATE, "variables": {"input": draft(await hub.upload(), "made")}}
    headers = {"Authorization": "Bearer ada", TASK_HEADER: task}
    async with hub.client.post("/mikro/graphql", json=body, headers=headers) as response:
        (made,) = (await response.json())["data"].values()
    return str(made["id"])


@pytest.mark.anyio
async def test_whose_app_it_was_and_who_called_are_told_everything(
    hub: ImageHub, database: Database, image: str
) -> None:
    (by_ada,) = await hub.ask(ORIGINS, id=image)
    async with database.transaction() as session:
        await session.execute(update(TASKS).values(user_id="ben"))
    (by_ben,) = await hub.ask(ORIGINS, id=image, by="ben")

    assert by_ada["task"] == by_ben["task"] == {"arguments": OPEN | CLOSED, "hiddenArguments": []}


@pytest.mark.anyio
async def test_colleagues_are_told_that_something_is_hidden_and_admins_what_it_is(
    hub: ImageHub, database: Database, image: str
) -> None:
    (as_member,) = await hub.ask(ORIGINS, id=image, by="ben")
    async with database.transaction() as session:
        organization = Organization(**row(Organization.__table__, id="lab", slug="lab", name="Lab"))
        user = User(**row(User.__table__, id="ben", name="ben"))
        session.add_all([organization, user])
        await session.flush()
        session.add(Membership(user_id="ben", organization_id="lab", role=Role.ADMIN))
    (as_admin,) = await hub.ask(ORIGINS, id=image, by="ben")

    assert as_member["task"] == {"arguments": OPEN, "hiddenArguments": ["options", "patient", "words"]}
    assert as_admin["task"] == {"arguments": OPEN | CLOSED, "hiddenArguments": []}
