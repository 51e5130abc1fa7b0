"""The socket of callers: calls go in, events come out, and whoever comes back is told what was missed."""

import asyncio
import json
import logging
import time
from contextlib import aclosing
from weakref import WeakSet

from aiohttp import WSCloseCode, WSMsgType, web
from pydantic import ValidationError

from arkitekt_di.errors import ArkitektError, RecordRefusedError
from arkitekt_di.messages.desk import (
    ASKED,
    NOT_UNDERSTOOD,
    TOKEN_REFUSED,
    Call,
    Called,
    Control,
    Controlled,
    Hello,
    Welcome,
)
from arkitekt_di.messages.frames import Frame, together
from arkitekt_di.server.graphql.failures import INTERNAL, explain
from arkitekt_di.server.principal import Principal
from arkitekt_di.server.tasks import calls
from arkitekt_di.server.tasks.feed import Feed
from arkitekt_di.server.tasks.finding import Finder
from arkitekt_di.server.tasks.records import Caller, Organization
from arkitekt_di.server.tasks.service import TaskService
from arkitekt_di.server.tasks.showing import told_text

log = logging.getLogger(__name__)

HANDSHAKE_S = 10.0
"""Longest wait for the first frame, in seconds."""

GOODBYE_S = 2.0
"""Longest wait, in seconds, for a peer to agree to the end of a connection."""

HEARTBEAT_S = 20.0
"""Seconds between two pings; a peer that answers none is gone."""

TOKEN_CHECK_S = 10.0
"""Seconds after which the token of a connection is looked at again."""

ADMISSION_ENDED = "the token has expired, or was revoked"
"""Why a connection ends that was open when its token was not good any more."""

MAX_SOCKETS = 1024
"""Connections that are open at the same time."""

MAX_CALLS = 64
"""Requests of one connection that are answered at the same time; more wait to be read."""


class DeskSocket:
    """Serves callers.

    Parameters
    ----------
    service : TaskService
    """

    def __init__(self, service: TaskService) -> None:
        self._service = service
        self._sockets: WeakSet[web.WebSocketResponse] = WeakSet()

    async def converse(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection until it ends."""
        if len(self._sockets) >= MAX_SOCKETS:
            return web.Response(text="too many open connections; try again later\n", status=503)
        socket = web.WebSocketResponse(
            timeout=GOODBYE_S,
            heartbeat=HEARTBEAT_S,
            max_msg_size=int(self._service.settings.max_frame_mib * 2**20),
            compress=False,
        )
        await socket.prepare(request)
        self._sockets.add(socket)
        try:
            hello = await _first_frame(socket)
            await _Conversation(self._service, socket, await self._principal(hello), hello).run()
        except _EndedError as error:
            await socket.close(code=error.code, message=error.reason.encode()[:120])
        return socket

    async def _principal(self, hello: Hello) -> Principal:
        principal = await self._service.authenticator.authenticate_token(hello.token.get_secret_value())
        if principal is None:
            raise _EndedError(TOKEN_REFUSED, "the token is wrong, has expired, or is not for this service")
        return principal

    async def hang_up(self) -> None:
        """End every connection; callers come back when the hub is there again."""
        goodbye = WSCloseCode.SERVICE_RESTART
        await asyncio.gather(*(socket.close(code=goodbye, message=b"the hub stops") for socket in self._sockets))


class _EndedError(Exception):
    """The connection ends with this code, because of this."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


class _Conversation:
    """One connection, after its caller is known."""

    def __init__(self, service: TaskService, socket: web.WebSocketResponse, principal: Principal, hello: Hello) -> None:
        self._service = service
        self._socket = socket
        self._principal = principal
        self._hello = hello
        self._caller = Caller(principal.organization_id, principal.client_id, principal.user_id)
        self._finder = Finder(service, principal)
        self._audience = service.audience(principal)
        self._places = asyncio.Semaphore(MAX_CALLS)
        self._answering: set[asyncio.Task[None]] = set()
        self._unsent: list[str] = []
        self._token_checked_at = time.monotonic()

    async def run(self) -> None:
        """Serve until the connection ends, one way or the other."""
        service = self._service
        since = await service.store.last_seq() if self._hello.since is None else self._hello.since
        await self._socket.send_str(Welcome(seq=since, together=self._hello.together).encoded())
        whose = Organization(self._caller.organization_id) if self._hello.follows == "organization" else self._caller
        feed = Feed(service.store, service.bus, whose, since, service.settings.feed_events)
        telling = service.errands.run(self._tell(feed), f"tell {self._caller.client_id}")
        try:
            await self._read()
        finally:
            telling.cancel()
            await asyncio.gather(telling, *self._answering, return_exceptions=True)

    async def _tell(self, feed: Feed) -> None:
        async with aclosing(feed.batches()) as batches:
            async for batch in batches:
                if not await self._is_admitted():
                    await self._socket.close(code=TOKEN_REFUSED, message=ADMISSION_ENDED.encode())
                    return
                news = [told_text(await self._audience.event(event)) for event in batch]
                await self._send(f'{{"type":"EVENTS","events":[{",".join(news)}]}}')

    async def _is_admitted(self) -> bool:
        if time.monotonic() - self._token_checked_at > TOKEN_CHECK_S:
            token = self._hello.token.get_secret_value()
            if await self._service.authenticator.authenticate_token(token) is None:
                return False
            self._token_checked_at = time.monotonic()
        return True

    async def _read(self) -> None:
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT:
                raise _EndedError(NOT_UNDERSTOOD, "a frame is not text")
            frames = _frames_of(message.data)
            if not await self._is_admitted():
                raise _EndedError(TOKEN_REFUSED, ADMISSION_ENDED)
            for frame in frames:
                await self._places.acquire()
                answering = asyncio.create_task(self._answer(frame), name=f"answer {frame.type}")
                self._answering.add(answering)
                answering.add_done_callback(self._answered)

    def _answered(self, answering: asyncio.Task[None]) -> None:
        self._answering.discard(answering)
        self._places.release()

    async def _answer(self, frame: Frame) -> None:
        if isinstance(frame, Call):
            await self._send((await self._call(frame)).encoded())
        elif isinstance(frame, Control):
            await self._send((await self._control(frame)).encoded())

    async def _send(self, text: str) -> None:
        """Send a frame, together with those that others bring in the same turn of the loop."""
        self._unsent.append(text)
        if len(self._unsent) > 1:
            return  # whoever came first takes it along
        try:
            await asyncio.sleep(0)
        finally:  # whoever is cancelled sends what the others have brought, all the same
            texts, self._unsent = self._unsent, []
            for message in [together(texts)] if self._hello.together else texts:
                await self._send_message(message)

    async def _send_message(self, text: str) -> None:
        if not self._socket.closed:
            try:
                await self._socket.send_str(text)
            except ConnectionError:  # the caller has gone; it asks again when it is back
                log.debug("a caller of %s is gone", self._caller.client_id)

    async def _call(self, frame: Call) -> Called:
        try:
            self._check_is_own()
            created = await self._service.assignments.assign(self._caller, _call_of(frame))
        except Exception as error:  # noqa: BLE001  # the rim: whoever asks is told
            code, reason = _explained(error, "a call")
            return Called(request=frame.id, error=reason, code=code)
        return Called(request=frame.id, task=created.task.id, is_new=created.is_new)

    def _check_is_own(self) -> None:
        if self._hello.follows != "own":
            raise RecordRefusedError("a connection that follows an organization calls nothing", "Open another")

    async def _control(self, frame: Control) -> Controlled:
        controls = self._service.controls
        ways = {
            "CANCEL": controls.cancel,
            "INTERRUPT": controls.interrupt,
            "PAUSE": controls.pause,
            "RESUME": controls.resume,
        }
        try:
            await ways[frame.wish](await self._finder.own_task(frame.task))
        except Exception as error:  # noqa: BLE001  # the rim: whoever asks is told
            code, reason = _explained(error, frame.wish)
            return Controlled(request=frame.id, error=reason, code=code)
        return Controlled(request=frame.id)


def _explained(error: Exception, what: str) -> tuple[str, str]:
    code, reason = explain(error)
    if code == INTERNAL and not isinstance(error, ArkitektError):
        log.error("%s of a caller failed", what, exc_info=error)
    return code, reason


def _call_of(frame: Call) -> calls.Call:
    order = frame.order
    target = calls.Target(
        implementation=order.implementation,
        agent=order.agent,
        interface=order.interface,
        action=order.action,
        action_hash=order.action_hash,
    )
    return calls.Call(target, order.args, order.reference, options={"capture": True} if order.capture else {})


async def _first_frame(socket: web.WebSocketResponse) -> Hello:
    try:
        async with asyncio.timeout(HANDSHAKE_S):
            message = await socket.receive()
    except TimeoutError as error:
        raise _EndedError(NOT_UNDERSTOOD, "nothing was said") from error
    frames = _frames_of(message.data) if message.type is WSMsgType.TEXT else []
    if len(frames) != 1 or not isinstance(frames[0], Hello):
        raise _EndedError(NOT_UNDERSTOOD, "the first frame is not HELLO")
    return frames[0]


def _frames_of(text: str) -> list[Frame]:
    try:
        return ASKED.read_all(text)
    except (json.JSONDecodeError, ValidationError) as error:
        raise _EndedError(NOT_UNDERSTOOD, "a frame is not what it has to be") from error
