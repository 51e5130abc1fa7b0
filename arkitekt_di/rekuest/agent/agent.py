"""The agent: offers functions to the hub and works off their tasks, over the loss of connections."""

import asyncio
import logging
import random
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

from arkitekt_di.errors import (
    AppStateError,
    ConnectionLostError,
    HubRefusedError,
    ServiceUnreachableError,
)
from arkitekt_di.messages.calls import CallOrder, TaskRecord
from arkitekt_di.messages.definitions import Declaration, LockDefinition, LockImplementation
from arkitekt_di.messages.frames import Frame
from arkitekt_di.messages.orders import AssignResponse, Init
from arkitekt_di.messages.reports import AssignRequest, SessionInit, Shelve, StatePatch, Unshelve
from arkitekt_di.protocols.herre import TokenSource
from arkitekt_di.protocols.rekuest import AgentDoor
from arkitekt_di.rekuest.agent.admission import Admission
from arkitekt_di.rekuest.agent.connection import BouncedError, Connection
from arkitekt_di.rekuest.agent.journal import Journal
from arkitekt_di.rekuest.agent.older_form import OlderForm
from arkitekt_di.rekuest.agent.reporter import Reporter
from arkitekt_di.rekuest.agent.states import States, is_state
from arkitekt_di.rekuest.agent.workbench import Workbench
from arkitekt_di.rekuest.executors.work import Executor
from arkitekt_di.rekuest.hooks import Hooks
from arkitekt_di.rekuest.injection import Injector
from arkitekt_di.rekuest.ports.exchange import Exchange
from arkitekt_di.rekuest.registry import Registry
from arkitekt_di.settings.models import RekuestSettings

logger = logging.getLogger(__name__)

FIRST_PAUSE_S: Final = 0.2
LONGEST_PAUSE_S: Final = 30.0
"""Pauses between two tries to connect, in seconds; each is twice as long as the one before."""

STEADY_S: Final = 30.0
"""A connection that held for so long, in seconds, makes the pauses short again."""


class Agent:
    """Serves a registry to a hub.

    Parameters
    ----------
    door : AgentDoor
    tokens : TokenSource
    journal : Journal
    executors : mapping of str to Executor
        By the name of the isolation.
    exchange : Exchange
    injector : Injector
    settings : RekuestSettings
    name : str
        Shown to people.
    older : OlderForm
        How to register at hubs of the generation before.
    """

    def __init__(  # noqa: PLR0913  # its collaborators, all of them promises
        self,
        door: AgentDoor,
        tokens: TokenSource,
        journal: Journal,
        executors: Mapping[str, Executor],
        *,
        exchange: Exchange,
        injector: Injector,
        settings: RekuestSettings,
        name: str,
        older: OlderForm,
    ) -> None:
        self._older = older
        self._door = door
        self._tokens = tokens
        self._journal = journal
        self._executors = executors
        self._exchange = exchange
        self._injector = injector
        self._settings = settings
        self._name = name
        self._session = str(uuid.uuid4())
        self._revision = 0
        self._asked: dict[str, asyncio.Future[AssignResponse]] = {}
        self._connection: Connection | None = None
        self._reporter: Reporter | None = None
        self.id: str | None = None
        """Identifier given by the hub; None before the first connection."""
        self.ready = asyncio.Event()
        """Set while the agent is connected."""
        self.lost = asyncio.Event()
        """Set while it is not, and has been."""
        self.listeners: list[Callable[[Frame], None]] = []
        """Told each order that comes and each report that is made, on the agent's loop; they must not raise."""

    async def serve(self, registry: Registry) -> None:
        """Serve until cancelled.

        Raises
        ------
        AgentRefusedError
            The hub does not take this agent.
        ConnectionLostError
            There was no connection for longer than the settings allow.
        Exception
            What a hook raised.
        """
        if self._reporter is not None:
            raise AppStateError("this app serves its functions already. End that first")
        self._journal.open()
        reporter = self._reporter = Reporter(self._journal, self._session, self._tell)
        states = States(self._publish)
        hooks = Hooks(registry, self._injector)
        bench = Workbench(registry, self._executors, Admission(self._settings.limit), reporter, self._exchange.shelf)
        self._watch_shelf(reporter)
        try:
            for shared in await hooks.start():
                if is_state(shared):
                    states.watch(shared)
            reporter.report(SessionInit(session_id=self._session, states=states.snapshot()))
            try:
                async with hooks.beside() as background:
                    await self._beside(background, self._stay_connected(registry, states, bench, reporter))
            finally:
                await hooks.stop()
        finally:
            states.forget()
            self._injector.forget()
            self._reporter = self._connection = None
            self._journal.close()

    async def _beside(self, background: "list[asyncio.Task[Any]]", connected: Any) -> None:
        """Stay connected until a background hook fails."""
        serving = asyncio.create_task(connected, name="agent")
        watched = {serving, *background}
        try:
            while not serving.done():
                done, watched = await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)

    async def _stay_connected(self, registry: Registry, states: States, bench: Workbench, reporter: Reporter) -> None:
        declaration = _declaration(self._name, registry, states)
        connection = self._connection = Connection(
            self._door,
            self._tokens,
            reporter,
            session=self._session,
            force=self._settings.force,
            older=self._older,
            is_older=self._settings.registration == "graphql",
        )
        pauses = _Pauses(self._settings.give_up_s)
        try:
            while True:
                try:
                    await connection.serve(declaration, self._take(bench), self._on_ready(pauses, len(registry)))
                except BouncedError as bounced:
                    self._note_loss()
                    await asyncio.sleep(bounced.after_s)
                except (ConnectionLostError, ServiceUnreachableError) as error:
                    self._note_loss()
                    await pauses.wait(error)
        finally:
            await self._wind_up(connection, bench, reporter, declaration)

    def _note_loss(self) -> None:
        self.ready.clear()
        self.lost.set()

    async def _wind_up(
        self, connection: Connection, bench: Workbench, reporter: Reporter, declaration: Declaration
    ) -> None:
        """End the bodies and tell the hub, within the grace of the settings."""
        self.ready.clear()
        had_work = len(bench) > 0
        await bench.clear(self._settings.grace_s)
        if not had_work and not reporter.unacknowledged:
            return
        telling = asyncio.create_task(connection.serve(declaration, lambda _: None, lambda _: None))
        drained = asyncio.create_task(reporter.drained())
        await asyncio.wait({telling, drained}, timeout=self._settings.grace_s, return_when=asyncio.FIRST_COMPLETED)
        telling.cancel()
        drained.cancel()
        await asyncio.gather(telling, drained, return_exceptions=True)

    def _on_ready(self, pauses: "_Pauses", count: int) -> Callable[[Init], None]:
        def on_ready(init: Init) -> None:
            if self.id != init.agent:
                logger.info("serving %d functions as agent %s", count, init.agent)
            self.id = init.agent
            pauses.reset()
            self.lost.clear()
            self.ready.set()

        return on_ready

    async def send(self, frame: Frame) -> None:
        """Send a frame that is not journalled; raises `ConnectionLostError` where there is no connection."""
        if self._connection is None:
            raise AppStateError("this app serves no functions. Call it within a task")
        await self._connection.send(frame)

    async def assign_child(self, order: CallOrder, parent: str, call_key: str) -> TaskRecord:
        """Ask for a task that another one, which runs here, calls; the same key again is the same task.

        Raises
        ------
        HubRefusedError
            The hub says no.
        """
        if self._reporter is None:
            raise AppStateError("this app serves no functions. Call it within a task")
        request = AssignRequest.model_validate(
            {
                **order.model_dump(exclude_none=True),
                "parent": parent,
                "call_key": call_key,
                "parent_step": self._reporter.next_step(parent),
            }
        )
        answer = self._asked[request.id] = asyncio.get_running_loop().create_future()
        try:
            while not answer.done():
                await self.ready.wait()
                try:
                    await self.send(request)
                except ConnectionLostError:
                    await asyncio.sleep(FIRST_PAUSE_S)
                    continue
                lost = asyncio.create_task(self.lost.wait())
                await asyncio.wait({answer, lost}, return_when=asyncio.FIRST_COMPLETED)
                lost.cancel()
            response = answer.result()
        finally:
            del self._asked[request.id]
        if response.task is None:
            raise HubRefusedError("the call of a workflow", [response.error or "no reason was given"])
        return TaskRecord(id=response.task, reference=order.reference)

    def _take(self, bench: Workbench) -> Callable[[Frame], None]:
        def take(frame: Frame) -> None:
            self._tell(frame)
            if not isinstance(frame, AssignResponse):
                bench.take(frame)
            elif (answer := self._asked.get(frame.request)) is not None and not answer.done():
                answer.set_result(frame)

        return take

    def _tell(self, frame: Frame) -> None:
        for listener in self.listeners:
            listener(frame)

    def _publish(self, name: str, path: str, value: Any, old: Any) -> None:
        self._revision += 1
        if self._reporter is not None:
            self._reporter.report(
                StatePatch(
                    session_id=self._session,
                    global_rev=self._revision,
                    state_name=name,
                    ts=time.time(),
                    op="replace",
                    path=path,
                    value=value,
                    old_value=old,
                )
            )

    def _watch_shelf(self, reporter: Reporter) -> None:
        shelf = self._exchange.shelf
        shelf.on_put = lambda ref, identifier: reporter.report(Shelve(ref=ref, identifier=identifier, resource_id=ref))
        shelf.on_drop = lambda ref, _: reporter.report(Unshelve(ref=ref, drawer=ref))


class _Pauses:
    """How long to wait before the next try, and whether there is one."""

    def __init__(self, give_up_s: float) -> None:
        self._give_up_s = give_up_s
        self._pause = FIRST_PAUSE_S
        self._lost_at: float | None = None
        self._ready_at: float | None = None

    def reset(self) -> None:
        """Note that there is a connection."""
        self._lost_at = None
        self._ready_at = time.monotonic()

    async def wait(self, error: Exception) -> None:
        """Wait, or raise *error* where there was no connection for too long."""
        now = time.monotonic()
        if self._ready_at is not None and now - self._ready_at > STEADY_S:
            self._pause = FIRST_PAUSE_S
        self._ready_at = None
        self._lost_at = now if self._lost_at is None else self._lost_at
        if now - self._lost_at > self._give_up_s:
            logger.error("there was no connection for %g s: giving up", self._give_up_s)
            raise error
        logger.warning("the agent is not connected, and tries again in %.1f s: %s", self._pause, error)
        await asyncio.sleep(self._pause * random.uniform(0.5, 1))  # noqa: S311  # spreads agents, keeps no secret
        self._pause = min(2 * self._pause, LONGEST_PAUSE_S)


def _declaration(name: str, registry: Registry, states: States) -> Declaration:
    locks = sorted({key for offer in registry for key in offer.locks})
    return Declaration(
        name=name,
        implementations=tuple(offer.implementation for offer in registry),
        states=states.declared(),
        locks=tuple(LockImplementation(key=key, definition=LockDefinition(key=key)) for key in locks),
    )
