"""One connection of the agent: it registers, sends what is unconfirmed, and follows orders until it breaks."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from arkitekt_di.errors import AgentRefusedError, ConnectionLostError, ProtocolMismatchError
from arkitekt_di.messages.definitions import Declaration
from arkitekt_di.messages.frames import FEATURE_ATTEMPTS, FEATURE_CREDITS, FEATURE_REDELIVERED, FEATURE_TOGETHER, Frame
from arkitekt_di.messages.orders import (
    ORDERS,
    Assign,
    Bounce,
    Heartbeat,
    Init,
    JournalAck,
    Kick,
    ProtocolFault,
)
from arkitekt_di.messages.reports import HeartbeatAnswer, Register
from arkitekt_di.protocols.herre import TokenSource
from arkitekt_di.protocols.rekuest import AgentDoor, AgentSocket
from arkitekt_di.rekuest.agent.older_form import OlderForm, OlderFormError, OlderSocket, bare, refuses_members
from arkitekt_di.rekuest.agent.reporter import MOST_TOGETHER, Reporter

logger = logging.getLogger(__name__)

FEATURES: Final = (FEATURE_ATTEMPTS, FEATURE_CREDITS, FEATURE_REDELIVERED, FEATURE_TOGETHER)

INIT_TIMEOUT_S: Final = 30.0
"""Longest wait for the hub to take note of what is offered, in seconds."""

_BAD_TOKEN: Final = 3003


class BouncedError(Exception):
    """The hub asks to connect again; caught where connections are made.

    Attributes
    ----------
    after_s : float
    """

    def __init__(self, after_s: float) -> None:
        super().__init__(after_s)
        self.after_s = after_s


class Connection:
    """Registers an agent at a door, and serves it as long as the socket holds.

    Parameters
    ----------
    door : AgentDoor
    tokens : TokenSource
    reporter : Reporter
    session : str
    force : bool
        Take the place of another connection of this agent.
    older : OlderForm
        How to register where the hub refuses what agents say today.
    is_older : bool, default False
        Do so from the first.
    """

    def __init__(  # noqa: PLR0913  # its collaborators, and who it is
        self,
        door: AgentDoor,
        tokens: TokenSource,
        reporter: Reporter,
        *,
        session: str,
        force: bool,
        older: OlderForm,
        is_older: bool = False,
    ) -> None:
        self._door = door
        self._tokens = tokens
        self._reporter = reporter
        self._session = session
        self._force = force
        self._older = older
        self._is_older = is_older
        self._counts_attempts = False
        self._most_together = 1
        self._direct: AgentSocket | None = None

    async def serve(
        self, declaration: Declaration, take: Callable[[Frame], None], on_ready: Callable[[Init], None]
    ) -> None:
        """Connect and serve; never returns.

        Raises
        ------
        ConnectionLostError
            Nothing answers, or the connection broke.
        AgentRefusedError
            The hub does not take this agent.
        BouncedError
            The hub asks to connect again.
        """
        socket = await self._registered(declaration, on_ready)
        try:
            self._direct = socket
            sending = asyncio.create_task(
                self._reporter.send_through(socket, most=self._most_together), name="agent sends"
            )
            receiving = asyncio.create_task(self._receive(socket, take), name="agent receives")
            try:
                await asyncio.wait({sending, receiving}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                outcome = await _ended(receiving, sending)
            raise outcome
        finally:
            self._direct = None
            await socket.close()

    async def send(self, frame: Frame) -> None:
        """Send a frame that is not journalled; raises `ConnectionLostError` where there is no connection."""
        if self._direct is None:
            raise ConnectionLostError("the hub", "this agent is not connected at the moment")
        await self._direct.send(frame.encoded())

    async def _registered(self, declaration: Declaration, on_ready: Callable[[Init], None]) -> AgentSocket:
        try:
            return await self._registered_by_token(declaration, on_ready)
        except OlderFormError:
            logger.info("the hub is of the generation before: what is offered is declared over GraphQL")
            self._is_older = True
        return await self._registered_by_token(declaration, on_ready)

    async def _registered_by_token(self, declaration: Declaration, on_ready: Callable[[Init], None]) -> AgentSocket:
        token = await self._tokens.aget_token()
        try:
            return await self._register(token, declaration, on_ready)
        except AgentRefusedError as error:
            if error.code != _BAD_TOKEN:
                raise
            renewed = await self._tokens.arefresh_token(token)
            if renewed == token:
                raise
        return await self._register(renewed, declaration, on_ready)

    async def _register(self, token: str, declaration: Declaration, on_ready: Callable[[Init], None]) -> AgentSocket:
        frame = self._register_frame(token, declaration)
        if self._is_older:
            await self._older.declare(declaration)
            frame = bare(frame)
        socket = await self._door.open()
        if self._is_older:
            socket = OlderSocket(socket, self._reporter.acknowledge)
        try:
            await socket.send(frame.encoded())
            async with asyncio.timeout(INIT_TIMEOUT_S):
                answer = await _answer(socket)
        except TimeoutError as error:
            await socket.close()
            raise ConnectionLostError(socket.url, f"no answer within {INIT_TIMEOUT_S:g} s") from error
        except BaseException:
            await socket.close()
            raise
        for diagnostic in answer.diagnostics:
            logger.warning("the hub about what is offered: %s (%s)", diagnostic.message, diagnostic.path or "")
        self._counts_attempts = FEATURE_ATTEMPTS in answer.features
        self._most_together = MOST_TOGETHER if FEATURE_TOGETHER in answer.features else 1
        on_ready(answer)
        return socket

    def _register_frame(self, token: str, declaration: Declaration) -> Register:
        return Register.model_validate(
            {
                **declaration.wire(),
                "token": token,
                "force": self._force,
                "session_id": self._session,
                "hash": declaration.hash,
                "features": FEATURES,
            }
        )

    async def _receive(self, socket: AgentSocket, take: Callable[[Frame], None]) -> None:
        while True:
            for order in ORDERS.read_all(await socket.receive()):
                await self._obey(socket, order, take)

    async def _obey(self, socket: AgentSocket, order: Frame, take: Callable[[Frame], None]) -> None:
        match order:
            case Heartbeat():
                await socket.send(HeartbeatAnswer(id=order.id).encoded())
            case JournalAck():
                self._reporter.acknowledge(order.journal_session, order.pos)
            case Bounce():
                raise BouncedError(order.duration or 0)
            case Kick():
                raise AgentRefusedError(socket.url, 4005, order.reason or "a person ended this agent")
            case ProtocolFault():
                logger.error("the hub does not understand this agent: %s", order.error)
            case _:
                take(order)
                if isinstance(order, Assign) and self._counts_attempts:
                    self._reporter.accept(order.task, order.attempt)


async def _answer(socket: AgentSocket) -> Init:
    answer = ORDERS.read(await socket.receive())
    if isinstance(answer, ProtocolFault):  # the close code that follows says whether it is final
        if refuses_members(answer.error):
            raise OlderFormError
        logger.warning("the hub did not register this agent: %s", answer.error)
        await socket.receive()
    if not isinstance(answer, Init):
        raise ProtocolMismatchError(socket.url, "INIT", answer.type)
    return answer


async def _ended(*tasks: asyncio.Task[None]) -> BaseException:
    """End the tasks and return what the first of them failed with."""
    for task in tasks:
        task.cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    failures = [one for one in outcomes if one is not None and not isinstance(one, asyncio.CancelledError)]
    return failures[0] if failures else asyncio.CancelledError()
