"""The service of functions of an app: ``app.rekuest``."""

import inspect
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Mapping, Sequence
from types import ModuleType
from typing import Any, Final, TypeVar, Unpack, cast, overload

from arkitekt_di.errors import ActionNotFoundError, AppStateError
from arkitekt_di.koil import dual
from arkitekt_di.messages.calls import ActionRecord, ImplementationRecord, TaskEvent, TaskSummary
from arkitekt_di.protocols.koil import Bridge
from arkitekt_di.protocols.rekuest import TaskDesk
from arkitekt_di.rekuest.agent.agent import Agent
from arkitekt_di.rekuest.caller.calls import CallOptions, Calls
from arkitekt_di.rekuest.caller.remote_task import RemoteTask
from arkitekt_di.rekuest.caller.target import Target, target_of
from arkitekt_di.rekuest.executors.work import Executor
from arkitekt_di.rekuest.local import LocalCalls
from arkitekt_di.rekuest.offer import Offer, OfferOptions, make_offer
from arkitekt_di.rekuest.ports.exchange import Exchange
from arkitekt_di.rekuest.ports.told import Told
from arkitekt_di.rekuest.registry import Registry, calling_namespace, registry_of
from arkitekt_di.rekuest.serving import Serving

F = TypeVar("F", bound=Callable[..., Any])

FOUND_S: Final = 10.0
"""Seconds for which a function that was found by name is not looked up again."""

MOST_FOUND: Final = 256

Wanted = str | ActionRecord | ImplementationRecord | Callable[..., Any]
"""What can be called: by name, key, hash or identifier; as it was found; or a function that is offered here."""


class Rekuest:
    """Offers the functions of an app to others, and calls those of others.

    Parameters
    ----------
    agent : Agent
    calls : Calls
    desk : TaskDesk
    exchange : Exchange
    executors : mapping of str to Executor
    bridge : Bridge

    See Also
    --------
    arkitekt_di.register, arkitekt_di.call : The same as functions that find the governing app.
    """

    def __init__(
        self,
        agent: Agent,
        calls: Calls,
        desk: TaskDesk,
        *,
        exchange: Exchange,
        executors: Mapping[str, Executor],
        bridge: Bridge,
    ) -> None:
        self._agent = agent
        self._calls = calls
        self._desk = desk
        self._exchange = exchange
        self._executors = executors
        self._bridge = bridge
        self._registry = Registry()
        self._local = LocalCalls(exchange, executors)
        self._told = Told(exchange.knows)
        self._found: dict[str, tuple[float, ActionRecord]] = {}
        self._targets: dict[int, tuple[ActionRecord | ImplementationRecord, Target]] = {}

    async def start(self) -> None:
        """Open the places where bodies run; nothing is connected before it is needed."""
        for executor in self._executors.values():
            await executor.start()

    async def stop(self) -> None:
        """Follow no tasks any more, and close the places where bodies run."""
        await self._calls.stop()
        for executor in self._executors.values():
            await executor.stop()

    @property
    def bridge(self) -> Bridge:
        """The way to the app's loop."""
        return self._bridge

    @property
    def agent(self) -> Agent:
        """What serves the functions."""
        return self._agent

    # --- offering ---------------------------------------------------------------------------------

    @property
    def registry(self) -> Registry:
        """What this app offers beside the functions of modules."""
        return self._registry

    @overload
    def register(self, fn: F, /) -> F: ...
    @overload
    def register(self, **options: Unpack[OfferOptions]) -> Callable[[F], F]: ...
    def register(self, fn: Any = None, /, **options: Any) -> Any:  # type: ignore[misc]  # the overloads say it all
        """Offer a function by this app alone; see `arkitekt_di.register`."""
        namespace = calling_namespace(1)[1]

        def decorate(fn: F) -> F:
            self._registry.add(make_offer(fn, cast("OfferOptions", options), namespace=namespace))
            return fn

        return decorate if fn is None else decorate(fn)

    def run(self, *modules: ModuleType) -> None:
        """Serve functions until Ctrl-C.

        Parameters
        ----------
        *modules : module
            Whose functions are served, beside those of this app; by default the module in which this is called.

        Raises
        ------
        AppStateError
            Nothing is offered.
        AgentRefusedError
            The hub does not take this app as an agent.
        ConnectionLostError
            There was no connection to the hub for longer than the settings allow.
        """
        registry = self._offered(modules, calling_namespace(1)[0])
        try:
            self._bridge.call(self._agent.serve, registry)
        except KeyboardInterrupt:
            return

    def arun(self, *modules: ModuleType) -> Coroutine[Any, Any, None]:
        """Serve functions until cancelled: `run` for async code."""
        return self._agent.serve(self._offered(modules, calling_namespace(1)[0]))

    def serving(self, *modules: ModuleType) -> Serving:
        """Return a context, ``with`` or ``async with``, that serves functions while its block runs.

        Parameters
        ----------
        *modules : module
            As for `run`.

        Examples
        --------
        >>> with app, app.rekuest.serving():
        ...     call("double", 21)
        """
        return Serving(self._agent, self._offered(modules, calling_namespace(1)[0]), self._bridge)

    def _offered(self, modules: tuple[ModuleType, ...], namespace: Mapping[str, Any]) -> Registry:
        registries = [registry_of(module) for module in modules] if modules else [registry_of(namespace)]
        registry = self._registry.take(registries)
        if not len(registry):
            where = ", ".join(module.__name__ for module in modules) or str(namespace.get("__name__"))
            raise AppStateError(f"nothing is offered in {where}. Mark functions with @register there, or name a module")
        return registry

    # --- local calls ------------------------------------------------------------------------------

    def call_local(self, wanted: str | Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Run a function of this process through its ports, without a hub.

        Parameters
        ----------
        wanted : callable or str
            A function that is offered, or its name: in this app or in the module in which this is called.
        *args, **kwargs
            Its arguments; they cross as JSON, and structures by reference, as they would to another app.

        Returns
        -------
        object
            What it returns; the last value of a generator.

        Raises
        ------
        ActionNotFoundError
            It is not offered.
        ValueRefusedError
            A value does not fit its port.
        Exception
            What the function raised, itself.
        """
        offer = self._own_offer(wanted, calling_namespace(1)[0])
        return self._bridge.call(self._acall_local, offer, args, kwargs)

    def acall_local(self, wanted: str | Callable[..., Any], /, *args: Any, **kwargs: Any) -> Coroutine[Any, Any, Any]:
        """Run a function of this process through its ports: `call_local` for async code."""
        return self._acall_local(self._own_offer(wanted, calling_namespace(1)[0]), args, kwargs)

    def aiterate_local(
        self, wanted: str | Callable[..., Any], /, *args: Any, **kwargs: Any
    ) -> AsyncGenerator[Any, None]:
        """Yield the values of a generator of this process through its ports; see `call_local`."""
        return self._local.iterate(self._own_offer(wanted, calling_namespace(1)[0]), args, kwargs)

    async def _acall_local(self, offer: Offer, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        return await self._local.call(offer, args, kwargs)

    def _own_offer(self, wanted: object, namespace: Mapping[str, Any]) -> Offer:
        registries = [self._registry, registry_of(namespace)]
        if callable(wanted) and (module := inspect.getmodule(wanted)) is not None:
            registries.append(registry_of(module))
        for registry in registries:
            if (offer := registry.find(wanted)) is not None:
                return offer
        raise ActionNotFoundError(str(wanted), "it is not offered here; mark it with @register")

    # --- calling ----------------------------------------------------------------------------------

    async def afind(self, wanted: str) -> ActionRecord:
        """Return the action of a name, key, hash or identifier; raises `ActionNotFoundError`."""
        return await self._desk.action(wanted)

    async def asearch(self, text: str | None = None, *, limit: int = 50, offset: int = 0) -> list[ActionRecord]:
        """Find actions whose name contains *text*; all where it is left out."""
        return await self._desk.actions(text, limit=limit, offset=offset)

    async def aoffers(self, text: str | None = None, *, limit: int = 50, offset: int = 0) -> list[ImplementationRecord]:
        """Find who offers what, by names that contain *text*; all where it is left out."""
        return await self._desk.offers(text, limit=limit, offset=offset)

    async def atasks(self, *, limit: int = 50, offset: int = 0) -> list[TaskSummary]:
        """Return tasks of the organization, the newest first."""
        return await self._desk.tasks(limit=limit, offset=offset)

    async def atask(self, task_id: str) -> TaskSummary:
        """Return one task of the organization."""
        return await self._desk.task(task_id)

    def awatch_tasks(self) -> AsyncGenerator[TaskEvent | None, None]:
        """Yield what happens to the tasks of everybody in the organization; None when it has begun to listen.

        A hub that does not tell of others' tasks tells of this app's alone.  Close it (`contextlib.aclosing`) when no
        more is wanted.
        """
        return self._desk.watch_all()

    async def aevents(self, task_id: str) -> Sequence[TaskEvent]:
        """Return everything that has happened to a task, in order."""
        return await self._desk.events(task_id)

    async def asubmit(self, wanted: Wanted, /, *args: Any, **kwargs: Any) -> RemoteTask:
        """Ask for a task and return it at once; see `arkitekt_di.submit`."""
        target, options = await self._target(wanted, kwargs)
        return await self._calls.submit(target, args, kwargs, options)

    async def acall(self, wanted: Wanted, /, *args: Any, **kwargs: Any) -> Any:
        """Call a function and return its result; see `arkitekt_di.call`."""
        target, options = await self._target(wanted, kwargs)
        return await self._calls.call(target, args, kwargs, options)

    async def aiterate(self, wanted: Wanted, /, *args: Any, **kwargs: Any) -> AsyncGenerator[Any, None]:
        """Call a function and yield its results; see `arkitekt_di.iterate`."""
        target, options = await self._target(wanted, kwargs)
        async for value in self._calls.iterate(target, args, kwargs, options):
            yield value

    @dual
    async def call(self, wanted: Wanted, /, *args: Any, **kwargs: Any) -> Any:
        """Call a function and return its result; blocks in sync code, is awaited on a loop."""
        return await self.acall(wanted, *args, **kwargs)

    @dual
    async def submit(self, wanted: Wanted, /, *args: Any, **kwargs: Any) -> RemoteTask:
        """Ask for a task and return it at once; blocks in sync code, is awaited on a loop."""
        return await self.asubmit(wanted, *args, **kwargs)

    def iterate(self, wanted: Wanted, /, *args: Any, **kwargs: Any) -> Generator[Any, Any, None]:
        """Call a function and yield its results, in sync code."""
        bridge = cast("Any", self._bridge)
        return cast("Generator[Any, Any, None]", bridge.iterate(self.aiterate, wanted, *args, **kwargs))

    async def _target(self, wanted: Wanted, kwargs: dict[str, Any]) -> tuple[Target, CallOptions]:
        """Find what is called, and take the options out of *kwargs* that are no arguments of it."""
        record = await self._record(wanted)
        action = record.action if isinstance(record, ImplementationRecord) else record
        ports = {port.key for port in action.args}
        taken = {name: kwargs.pop(name) for name in ("reference", "timeout", "agent") if name in kwargs.keys() - ports}
        if (agent := taken.pop("agent", None)) is not None:
            record = await self._implementation(action, agent)
        return self._target_of(record), CallOptions(**taken)

    def _target_of(self, record: ActionRecord | ImplementationRecord) -> Target:
        """Return the target of a record; the same record has the same one, whose codecs are made once."""
        known = self._targets.get(id(record))
        if known is None or known[0] is not record:
            known = record, target_of(record, self._told)
            if len(self._targets) >= MOST_FOUND:
                self._targets.clear()
            self._targets[id(record)] = known
        return known[1]

    async def _record(self, wanted: Wanted) -> ActionRecord | ImplementationRecord:
        if isinstance(wanted, ActionRecord | ImplementationRecord):
            return wanted
        name = wanted if isinstance(wanted, str) else self._own_offer(wanted, {}).definition.hash
        found_at, record = self._found.get(name, (0.0, None))
        if record is None or time.monotonic() - found_at > FOUND_S:
            record = await self._desk.action(name)
            if len(self._found) >= MOST_FOUND:
                self._found.clear()
            self._found[name] = (time.monotonic(), record)
        return record

    async def _implementation(self, action: ActionRecord, agent: str) -> ImplementationRecord:
        found = [one for one in await self._desk.implementations(action.id) if agent in {one.agent.id, one.agent.name}]
        if len(found) != 1:
            reason = f"{len(found) or 'no'} agents of the name {agent!r} offer it"
            raise ActionNotFoundError(action.name, reason)
        return found[0]

    def __repr__(self) -> str:
        return f"<Rekuest offering {len(self._registry)} functions of its own>"
