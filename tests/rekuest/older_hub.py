"""A small hub of the generation before: agents are declared over GraphQL, and a member too many is an error."""

import asyncio
import json
from typing import Any, Literal

from aiohttp import WSMsgType, web
from pydantic import BaseModel, ConfigDict, ValidationError


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")
    type: str
    id: str


class Register(Strict):
    type: Literal["REGISTER"]
    token: str
    force: bool = False
    session_id: str | None = None


class Told(Strict):
    """What is said of the agent itself, or of a heartbeat."""

    session_id: str | None = None
    states: dict[str, Any] | None = None


class Report(Strict):
    """What is said of a task."""

    task: str
    seq: int
    progress: int | None = None
    message: str | None = None
    level: str | None = None
    returns: dict[str, Any] | None = None
    error: str | None = None
    code: str | None = None


KINDS: dict[str, type[Strict]] = {
    "REGISTER": Register,
    "SESSION_INIT": Told,
    "HEARTBEAT_ANSWER": Told,
    **dict.fromkeys(("STARTED", "PROGRESS", "LOG", "YIELD", "COMPLETED"), Report),
    **dict.fromkeys(("FAILED", "CRITICAL", "CANCELLED", "INTERRUPTED"), Report),
}
MEMBERS = {
    "agent": ["name", "description"],
    "implement": ["implementations", "states", "locks"],
    "implementation": ["definition", "dependencies", "interface"],
}


class OlderHub:
    """Serves one agent, which the test gives its tasks.

    Attributes
    ----------
    implementations : list of dict
        What was declared.
    documents : list of str
        What was asked over GraphQL.
    reports : asyncio.Queue of Report
    faults : list of str
        What it could not take.
    """

    def __init__(self) -> None:
        self.implementations: list[dict[str, Any]] = []
        self.documents: list[str] = []
        self.reports: asyncio.Queue[Report] = asyncio.Queue()
        self.faults: list[str] = []
        self.confirms = True
        self.sockets: asyncio.Queue[web.WebSocketResponse] = asyncio.Queue()

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/graphql", self.answer)
        app.router.add_get("/agi", self.converse)
        return app

    async def answer(self, request: web.Request) -> web.Response:
        """Answer the three documents that an agent sends."""
        asked = await request.json()
        self.documents.append(asked["operationName"])
        match asked["operationName"]:
            case "KnownMembers":
                data: dict[str, Any] = {
                    key: {"inputFields": [{"name": name} for name in names]} for key, names in MEMBERS.items()
                }
            case "EnsureAgent":
                assert set(asked["variables"]["input"]) <= set(MEMBERS["agent"])
                data = {"ensureAgent": {"id": "1"}}
            case _:
                assert set(asked["variables"]["input"]) <= set(MEMBERS["implement"])
                self.implementations = asked["variables"]["input"]["implementations"]
                data = {"implementAgent": {"id": "1"}}
        return web.json_response({"data": data})

    async def converse(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one connection."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                break
            values = json.loads(message.data)
            try:
                frame = KINDS[values["type"]].model_validate(values)
            except (KeyError, ValidationError) as error:
                self.faults.append(str(error))
                await socket.send_json({"type": "PROTOCOL_ERROR", "id": "x", "error": str(error)})
                await socket.close(code=3003)
                break
            await self._take(socket, frame)
        return socket

    async def _take(self, socket: web.WebSocketResponse, frame: Strict) -> None:
        if isinstance(frame, Register):
            await socket.send_json({"type": "INIT", "id": "i", "agent": "1", "inquiries": []})
            self.sockets.put_nowait(socket)
        elif isinstance(frame, Report):
            self.reports.put_nowait(frame)
            if self.confirms:
                await socket.send_json({"type": "EVENT_ACK", "id": "a", "event": frame.id, "task": frame.task})

    async def until(self, kind: str) -> list[Report]:
        """Return reports up to the first of a kind."""
        reports: list[Report] = []
        while not reports or reports[-1].type != kind:
            reports.append(await self.reports.get())
        return reports


def assign(task: str, interface: str, **args: object) -> dict[str, Any]:
    """Return the order to run a function, as such a hub writes it."""
    told = {"task": task, "interface": interface, "args": args, "user": "ada", "org": "lab"}
    return {"type": "ASSIGN", "id": task, "action": "1", "implementation": "1"} | told
