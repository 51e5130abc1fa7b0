"""Our agent at a hub of the generation before: declared over GraphQL, reports counted and confirmed one by one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp.test_utils import TestServer

from arkitekt_di import App
from arkitekt_di.rekuest.agent.door import WebSocketDoor
from arkitekt_di.rekuest.agent.journal import InMemoryJournal
from arkitekt_di.settings.models import TransportSettings
from arkitekt_di.testing.rekuest import Bench, offer_all
from arkitekt_di.transport.graphql import HttpGraphQL
from arkitekt_di.transport.http import HttpClient
from tests.apps import offline_app
from tests.rekuest.conftest import Ada
from tests.rekuest.older_hub import OlderHub, assign

pytestmark = pytest.mark.anyio
BOUND_S = 30.0


@asynccontextmanager
async def older_app(hub: OlderHub, journal: InMemoryJournal, **settings: str) -> AsyncIterator[App]:
    """Return an app whose functions are offered at an older hub."""
    server = TestServer(hub.app())
    await server.start_server()

    async def address() -> str:
        return str(server.make_url("/agi"))

    async def graphql_address() -> str:
        return str(server.make_url("/graphql"))

    ada = Ada("herre")
    async with HttpClient(TransportSettings()) as http:
        overrides = {
            "rekuest.door": WebSocketDoor(http, address),
            "rekuest.graphql": HttpGraphQL(http, ada, graphql_address),
            "rekuest.journal": journal,
        }
        app = offline_app("tasks", fakts=ada, herre=ada, **overrides)
        async with asyncio.timeout(BOUND_S), app as opened:
            offer_all(opened, Bench())
            yield opened
    await server.close()


async def test_a_function_is_declared_run_and_reported_in_the_words_of_the_hub():
    hub, journal = OlderHub(), InMemoryJournal()
    async with older_app(hub, journal) as app, app.rekuest.serving():
        socket = await hub.sockets.get()
        await socket.send_json(assign("t1", "double", number=21))
        reports = await hub.until("COMPLETED")
        await socket.send_json(assign("t2", "count", n=3))
        counted = await hub.until("COMPLETED")

    assert hub.documents == ["KnownMembers", "EnsureAgent", "ImplementAgent"]
    assert len(hub.faults) == 1  # the newest form, which is tried first
    double = next(one for one in hub.implementations if one["interface"] == "double")
    assert set(double) <= {"definition", "dependencies", "interface"}
    assert double["definition"]["portGroups"] == []
    assert [report.type for report in reports] == ["STARTED", "PROGRESS", "LOG", "YIELD", "COMPLETED"]
    assert reports[3].returns == {"return0": 42}
    assert [report.seq for report in [*reports, *counted]] == list(range(1, len(reports) + len(counted) + 1))
    assert [report.returns for report in counted if report.type == "YIELD"] == [{"return0": n} for n in range(3)]
    assert list(journal.unacknowledged()) == []


async def test_an_error_and_a_cancel_are_told():
    hub = OlderHub()
    async with older_app(hub, InMemoryJournal()) as app, app.rekuest.serving():
        socket = await hub.sockets.get()
        await socket.send_json(assign("t1", "fail", word="needle"))
        failed = (await hub.until("FAILED"))[-1]
        await socket.send_json(assign("t2", "wait"))
        await hub.until("STARTED")
        await socket.send_json({"type": "CANCEL", "id": "c", "task": "t2"})
        await hub.until("CANCELLED")

    assert failed.error is not None
    assert failed.error.startswith("KeyError: 'needle'")


async def test_what_is_not_confirmed_is_sent_again_on_the_next_connection():
    hub, journal = OlderHub(), InMemoryJournal()
    hub.confirms = False
    async with older_app(hub, journal) as app, app.rekuest.serving():
        socket = await hub.sockets.get()
        await socket.send_json(assign("t1", "double", number=2))
        first = await hub.until("COMPLETED")
        hub.confirms = True
        await socket.close(code=1012)
        await hub.sockets.get()
        again = await hub.until("COMPLETED")

    assert [report.type for report in again] == [report.type for report in first]
    assert [report.id for report in again] == [report.id for report in first]
    assert list(journal.unacknowledged()) == []


async def test_where_the_settings_say_so_the_newest_form_is_not_tried(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ARKITEKT_REKUEST__REGISTRATION", "graphql")
    hub = OlderHub()
    async with older_app(hub, InMemoryJournal()) as app, app.rekuest.serving():
        await hub.sockets.get()

    assert hub.faults == []
