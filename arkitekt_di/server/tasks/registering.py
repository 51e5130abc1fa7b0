"""The first frames of an agent's connection: who it is, what it offers, and under which lease it goes on."""

import asyncio
import json
from dataclasses import dataclass

from aiohttp import WSMsgType, web
from pydantic import ValidationError

from arkitekt_di.errors import RecordRefusedError
from arkitekt_di.messages.frames import FEATURE_ATTEMPTS, FEATURE_REDELIVERED, FEATURE_TOGETHER
from arkitekt_di.messages.orders import Init, Inquiry
from arkitekt_di.messages.reports import REPORTS, Register
from arkitekt_di.server.identifiers import new_identifier
from arkitekt_di.server.principal import Principal
from arkitekt_di.server.tasks.connection import AgentConnection
from arkitekt_di.server.tasks.offers import Agent, Declaration, read_implementations
from arkitekt_di.server.tasks.records import Lease, Task
from arkitekt_di.server.tasks.service import TaskService

HANDSHAKE_S = 10.0
"""Longest wait for the first frame, in seconds."""

NOT_JSON = 3002
WRONG_SCHEMA = 3003
NOT_REGISTERED = 3004
BUSY = 4004
REPLACED = 4005
REJECTED = 4006
"""Close codes of the protocol."""

OFFERED = frozenset({FEATURE_ATTEMPTS, FEATURE_REDELIVERED, FEATURE_TOGETHER})
"""What the hub understands beyond the base protocol, where the agent does too."""


class RejectedError(Exception):
    """The connection ends with this code, because of this."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True)
class Admission:
    """A connection that was let in, the tasks that its agent had, and the token by which it came."""

    connection: AgentConnection
    held: tuple[Task, ...]
    token: str


async def register(service: TaskService, socket: web.WebSocketResponse) -> Admission:
    """Let a connection in.

    Raises
    ------
    RejectedError
        Where it is not let in.
    """
    frame = await _first_frame(socket)
    token = frame.token.get_secret_value()
    principal = await service.authenticator.authenticate_token(token)
    if principal is None:
        raise RejectedError(WRONG_SCHEMA, "the token is wrong, has expired, or is not for this service")
    agent = await _declare(service, principal, frame)
    session_id = frame.session_id or new_identifier()
    _make_room(service, agent, session_id, is_forced=frame.force)
    lease = await service.store.take_lease(agent.id, session_id)
    connection = AgentConnection(socket, agent, lease, service.settings.window)
    _enter(service, connection)
    return Admission(connection, await service.store.reclaim(lease), token)


def welcome(admission: Admission) -> Init:
    """Return the answer to ``REGISTER``."""
    connection = admission.connection
    own = [task for task in admission.held if is_own(task, connection.lease)]
    return Init(
        agent=connection.agent.id,
        # A task that the agent never spoke of is sent again instead: asked for it, it would give it up.
        inquiries=tuple(Inquiry(task=task.id) for task in own if task.is_picked_up),
        hash=connection.agent.hash,
        features=tuple(sorted(OFFERED & set(connection.agent.features))),
        epoch=connection.lease.epoch,
    )


def is_own(task: Task, lease: Lease) -> bool:
    """Tell whether the process that has the lease has the task."""
    return task.session_id == lease.session_id


async def _first_frame(socket: web.WebSocketResponse) -> Register:
    try:
        async with asyncio.timeout(HANDSHAKE_S):
            message = await socket.receive()
    except TimeoutError as error:
        raise RejectedError(NOT_REGISTERED, "nothing was said") from error
    if message.type is not WSMsgType.TEXT:
        raise RejectedError(NOT_JSON, "the first frame is not text")
    try:
        frame = REPORTS.read(message.data)
    except json.JSONDecodeError as error:
        raise RejectedError(NOT_JSON, "the first frame is not JSON") from error
    except ValidationError as error:
        raise RejectedError(WRONG_SCHEMA, f"the first frame is wrong: {_first_fault(error)}") from error
    if not isinstance(frame, Register):
        raise RejectedError(NOT_REGISTERED, "the first frame is not REGISTER")
    return frame


async def _declare(service: TaskService, principal: Principal, frame: Register) -> Agent:
    try:
        declared = None if frame.implementations is None else read_implementations(frame.implementations)
        declaration = Declaration(
            frame.name, frame.description, frame.supervisor, frame.features or (), frame.hash, declared
        )
        return await service.offers.ensure(principal, declaration)
    except RecordRefusedError as error:
        raise RejectedError(REJECTED, str(error)) from error


def _make_room(service: TaskService, agent: Agent, session_id: str, *, is_forced: bool) -> None:
    other = service.crew.at(agent.id)
    if other is None:
        return
    if not is_forced and other.lease.session_id != session_id:
        raise RejectedError(BUSY, "another process of this app is connected; end it, or connect with force")
    other.close(REPLACED, "another connection took the place of this one")


def _enter(service: TaskService, connection: AgentConnection) -> None:
    other = service.crew.at(connection.agent.id)
    if other is not None and other.lease.epoch > connection.lease.epoch:
        raise RejectedError(REPLACED, "another connection came later, but was let in before")
    if other is not None:
        other.close(REPLACED, "another connection took the place of this one")
    service.crew.enter(connection)
    service.dispatch.attach(connection.agent.id, connection)


def _first_fault(error: ValidationError) -> str:
    fault = error.errors(include_input=False)[0]
    return f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
