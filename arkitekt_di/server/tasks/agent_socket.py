"""The socket of agents: what they send is recorded before anybody hears of it."""

import asyncio
import json
import logging
from itertools import groupby
from weakref import WeakSet

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web
from pydantic import ValidationError

from arkitekt_di.errors import LeaseLostError
from arkitekt_di.messages.frames import Frame
from arkitekt_di.messages.orders import Bounce, Heartbeat, ProtocolFault
from arkitekt_di.messages.reports import REPORTS, HeartbeatAnswer, Register
from arkitekt_di.messages.tasks import TERMINAL_KINDS, EventKind
from arkitekt_di.server.tasks import registering
from arkitekt_di.server.tasks.agent_calls import AgentCalls
from arkitekt_di.server.tasks.connection import TRANSPORT_FAILED
from arkitekt_di.server.tasks.intake import RECORDED, Intake
from arkitekt_di.server.tasks.records import Event
from arkitekt_di.server.tasks.registering import Admission, RejectedError
from arkitekt_di.server.tasks.service import TaskService

log = logging.getLogger(__name__)

MAX_FRAMES = 512
"""Frames that wait to be recorded; an agent that sends more waits."""

GOODBYE_S = 2.0
"""Longest wait, in seconds, for a peer to agree to the end of a connection."""

UNANSWERED = 3001
"""Close code: a heartbeat was not answered."""


class AgentSocket:
    """Serves agents.

    Parameters
    ----------
    service : TaskService
    """

    def __init__(self, service: TaskService) -> None:
        self._service = service
        self._sockets: WeakSet[web.WebSocketResponse] = WeakSet()

    async def converse(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection until it ends."""
        socket = web.WebSocketResponse(
            timeout=GOODBYE_S, max_msg_size=int(self._service.settings.max_frame_mib * 2**20), compress=False
        )
        await socket.prepare(request)
        self._sockets.add(socket)
        try:
            admission = await registering.register(self._service, socket)
        except RejectedError as error:
            if not socket.closed:
                await socket.send_str(ProtocolFault(error=error.reason).encoded())
            await socket.close(code=error.code, message=error.reason.encode()[:120])
            return socket
        await AgentConversation(self._service, admission).run()
        return socket

    async def hang_up(self) -> None:
        """End every connection; agents come back when the hub is there again."""
        goodbye = WSCloseCode.SERVICE_RESTART
        await asyncio.gather(*(socket.close(code=goodbye, message=b"the hub stops") for socket in self._sockets))


class AgentConversation:
    """One connection, from its registration to its end.

    Parameters
    ----------
    service : TaskService
    admission : Admission
    """

    def __init__(self, service: TaskService, admission: Admission) -> None:
        self._service = service
        self._admission = admission
        self._connection = admission.connection
        self._calls = AgentCalls(service, admission.connection)
        self._frames: asyncio.Queue[Frame] = asyncio.Queue(MAX_FRAMES)
        self._is_alive = asyncio.Event()

    async def run(self) -> None:
        """Serve the connection until it ends, and record what came on it."""
        helpers: list[asyncio.Task[None]] = []
        try:
            helpers += await self._begin()
            await self._read()
            await self._frames.join()  # what has arrived counts, even where the sender is gone
        finally:
            for task in helpers:
                task.cancel()
            self._calls.stop()
            await asyncio.shield(self._leave())

    async def _begin(self) -> list[asyncio.Task[None]]:
        service, connection, agent_id = self._service, self._connection, self._connection.agent.id
        store = service.store
        intake = Intake(connection.lease, await store.positions(agent_id), await store.belongings(agent_id))
        connection.put(registering.welcome(self._admission))
        await self._take_up()
        connection.work.set()
        return [
            service.errands.run(work, f"{name} {agent_id}")
            for name, work in (
                ("record", self._record_all(intake)),
                ("send to", self._send()),
                ("heartbeat of", self._beat()),
                ("give tasks to", service.assignments.give_out(connection)),
            )
        ]

    async def _take_up(self) -> None:
        """Give the process back what it had, and wait for those of the agent that are not here."""
        service, lease = self._service, self._connection.lease
        service.losses.back(lease.agent_id, lease.session_id)
        for task in self._admission.held:
            if not registering.is_own(task, lease):
                service.losses.gone(lease.agent_id, task.session_id or "")
                continue
            self._connection.hold(task)
            if not task.is_picked_up:
                await service.assignments.deliver(self._connection, task)
            service.controls.repeat(task)
        service.errands.run(service.losses.relieve(), f"let {lease.agent_id} help others")

    async def _leave(self) -> None:
        service, connection = self._service, self._connection
        service.dispatch.detach(connection.agent.id, connection)
        is_last = service.crew.leave(connection)
        await connection.closed()
        if await service.store.end_lease(connection.lease) and is_last:
            service.losses.gone(connection.lease.agent_id, connection.lease.session_id)

    async def _read(self) -> None:
        try:
            async for message in self._connection.socket:
                self._is_alive.set()
                if message.type is WSMsgType.ERROR:
                    return
                for frame in _frames_of(message):
                    if not isinstance(frame, HeartbeatAnswer):
                        await self._frames.put(frame)
        except RejectedError as error:
            log.warning("agent %s: %s", self._connection.agent.name, error.reason)
            await self._connection.socket.send_str(ProtocolFault(error=error.reason).encoded())
            self._connection.close(error.code, error.reason)

    async def _record_all(self, intake: Intake) -> None:
        while True:
            frames = [await self._frames.get()]
            while not self._frames.empty():
                frames.append(self._frames.get_nowait())
            try:
                await self._take_in(intake, frames)
            except LeaseLostError:
                self._connection.close(registering.REPLACED, "another connection took the place of this one")
            except Exception:
                # The agent keeps what is not acknowledged, and sends it again on its next connection.
                log.exception("what agent %s sent could not be recorded", self._connection.agent.name)
                self._connection.close(WSCloseCode.INTERNAL_ERROR, "what was sent could not be recorded")
            finally:
                for _ in frames:
                    self._frames.task_done()

    async def _take_in(self, intake: Intake, frames: list[Frame]) -> None:
        for is_recorded, part in groupby(frames, key=lambda frame: isinstance(frame, RECORDED)):
            if not is_recorded:
                await asyncio.gather(*(self._calls.answer(request) for request in part))
                continue
            batch, acks = intake.read(part)
            events = await self._service.store.append_events(self._connection.lease, batch)
            for report in batch.reports:
                self._connection.heard_of(report.task_id, is_over=report.kind in TERMINAL_KINDS)
            for ack in acks:
                self._connection.put(ack)
            for session, pos in batch.positions.items():
                self._connection.confirm(session, pos)
            for event in events:
                if event.kind is EventKind.HELD:
                    self._service.errands.run(self._decide(event), f"decide {event.task_id}")

    async def _decide(self, event: Event) -> None:
        """Approve what a task asks, where its caller said that nobody needs to."""
        task = await self._service.store.get(event.task_id)
        if task is not None and task.draft.options.get("policy") != "ASK" and task.kind is EventKind.HELD:
            await self._service.controls.decide(task, approved=True, is_automatic=True)

    async def _send(self) -> None:
        try:
            await self._connection.send_orders()
        except (ConnectionError, TimeoutError) as error:
            log.info("agent %s does not take what is sent: %r", self._connection.agent.name, error)
            self._connection.close(TRANSPORT_FAILED, "orders are not taken")

    async def _beat(self) -> None:
        settings = self._service.settings
        while True:
            await asyncio.sleep(settings.heartbeat_s)
            self._is_alive.clear()
            self._connection.put(Heartbeat())
            try:
                async with asyncio.timeout(settings.heartbeat_answer_s):
                    await self._is_alive.wait()
            except TimeoutError:
                self._connection.close(UNANSWERED, "a heartbeat was not answered")
                return
            if await self._service.authenticator.authenticate_token(self._admission.token) is None:
                # It comes back with a new token, or not at all.
                self._connection.put(Bounce())
                await asyncio.sleep(settings.heartbeat_answer_s)
                self._connection.close(registering.NOT_REGISTERED, "the token has expired")
                return


def _frames_of(message: WSMessage) -> list[Frame]:
    if message.type is not WSMsgType.TEXT:
        raise RejectedError(registering.NOT_JSON, "a frame is not text")
    try:
        frames = REPORTS.read_all(message.data)
    except json.JSONDecodeError as error:
        raise RejectedError(registering.NOT_JSON, "a frame is not JSON") from error
    except ValidationError as error:
        fault = error.errors(include_input=False)[0]
        reason = f"a frame {error.title} is wrong: {'.'.join(map(str, fault['loc']))}: {fault['msg']}"
        raise RejectedError(registering.WRONG_SCHEMA, reason) from error
    if any(isinstance(frame, Register) for frame in frames):
        raise RejectedError(registering.WRONG_SCHEMA, "the agent is registered already")
    return frames
