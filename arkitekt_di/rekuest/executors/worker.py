"""The process of a body: reads its orders, runs one body at a time, and says how it went."""

import asyncio
import json
import os
import runpy
import signal
import sys
import threading
import types
from contextlib import AsyncExitStack, aclosing, suppress
from contextvars import copy_context
from importlib import import_module
from typing import Any, Final, cast

from pydantic import SecretStr

from arkitekt_di.errors import ActionNotFoundError, AppStateError, ArkitektError
from arkitekt_di.koil import Koil
from arkitekt_di.messages.tasks import LogLevel
from arkitekt_di.rekuest.control import Control
from arkitekt_di.rekuest.executors.loop import LoopExecutor
from arkitekt_di.rekuest.executors.thread import ThreadExecutor
from arkitekt_di.rekuest.executors.work import Desk, Work
from arkitekt_di.rekuest.hooks import Hooks
from arkitekt_di.rekuest.injection import Injector
from arkitekt_di.rekuest.offer import Offer
from arkitekt_di.rekuest.ports.exchange import Exchange
from arkitekt_di.rekuest.registry import Registry, registry_of
from arkitekt_di.rekuest.remote_errors import describe
from arkitekt_di.rekuest.task import Caller, Task, TaskFacts, running

_LIMIT: Final = 2**30
MAIN: Final = "__mp_main__"
"""Name of the main script here, as multiprocessing has it: what is guarded by ``__name__`` does not run again."""


class Parent:
    """The agent, as this process sees it.

    Parameters
    ----------
    output : int
        File descriptor that the agent reads.
    """

    def __init__(self, output: int) -> None:
        self._output = output
        self._lock = threading.Lock()
        self._asked: dict[int, asyncio.Future[Any]] = {}

    def say(self, word: str, **members: Any) -> None:
        """Tell the agent something; from any thread."""
        line = json.dumps({"say": word, **members}).encode() + b"\n"
        with self._lock, suppress(BrokenPipeError):  # an agent that is gone ends this process soon
            while line:
                line = line[os.write(self._output, line) :]

    def progress(self, percent: int, message: str | None) -> None:
        """Tell how far the body is."""
        self.say("progress", percent=percent, message=message)

    def log(self, message: str, level: LogLevel) -> None:
        """Tell a line."""
        self.say("log", message=message, level=level)

    def effect(self, key: str, value: Any) -> None:
        """Tell what a workflow recorded."""
        self.say("effect", key=key, value=value)

    async def ask(self, what: str, about: Any = None) -> Any:
        """Ask the agent for something of its app's; raises `ArkitektError` where it cannot be had."""
        number = len(self._asked) + 1
        answer = self._asked[number] = asyncio.get_running_loop().create_future()
        self.say("ask", number=number, what=what, about=about)
        return await answer

    def answered(self, order: dict[str, Any]) -> None:
        """Take the answer to a question."""
        answer = self._asked[order["to"]]
        if answer.done():
            return
        if "error" in order:
            answer.set_exception(ArkitektError(order["error"]))
        else:
            answer.set_result(order["value"])


class Process:
    """Follows the agent's orders.

    Parameters
    ----------
    parent : Parent
    """

    def __init__(self, parent: Parent) -> None:
        self._parent = parent
        self._opening: asyncio.Task[Desk] | None = None
        self._context = copy_context()
        self._body: asyncio.Task[None] | None = None
        self._control = Control()
        self._next = asyncio.Event()
        self._mains: dict[str, types.ModuleType] = {}
        self._started: set[int] = set()
        self._injector = Injector(lambda _: None)

    async def follow(self, orders: asyncio.StreamReader) -> None:
        """Follow orders until the agent is gone."""
        async with AsyncExitStack() as stack:
            while line := await orders.readline():
                order = json.loads(line)
                if order["do"] == "begin":
                    # Beside this loop: what it opens asks the agent, and the answers come in here.
                    self._opening = asyncio.create_task(self._open(order, stack))
                else:
                    self._take(order)
            if self._body is not None:
                self._body.cancel()

    async def _open(self, order: dict[str, Any], stack: AsyncExitStack) -> Desk:
        """Open what prepares bodies; it stays open until the agent is gone."""
        sys.path[:] = [*order["path"], *(path for path in sys.path if path not in order["path"])]
        if order["desk"] is None:
            await stack.enter_async_context(Koil())
            return Desk(Exchange(), self._injector)
        module, _, name = order["desk"].partition(":")
        opened = getattr(import_module(module), name)(order["facts"], self._parent.ask)
        desk, self._injector = await stack.enter_async_context(opened)
        # The app governs the context that it was entered in; bodies run in others.
        self._context = copy_context()
        return cast("Desk", desk)

    def _begun(self) -> asyncio.Task[Desk]:
        if self._opening is None:
            raise AppStateError("this process was not told which app it works for")
        return self._opening

    def _take(self, order: dict[str, Any]) -> None:
        match order["do"]:
            case "run":
                self._control, self._next = Control(), asyncio.Event()
                self._body = asyncio.create_task(self._run(order))
            case "next":
                self._next.set()
            case "cancel":
                self._control.cancel()
                if self._body is not None:
                    self._body.cancel()
            case "pause":
                self._control.pause()
            case "resume":
                self._control.resume()
            case "answer":
                self._parent.answered(order)

    async def _run(self, order: dict[str, Any]) -> None:
        try:
            desk = await asyncio.shield(self._begun())
            offer, registry = await asyncio.to_thread(self._find, order)
            running = asyncio.get_running_loop().create_task(
                self._run_offer(desk, offer, registry, order), context=self._context.copy()
            )
            await _joined(running)
        except asyncio.CancelledError:
            self._parent.say("cancelled")
        except BaseException as error:  # noqa: BLE001  # the rim: whatever a body raises is told to the agent
            self._parent.say("failed", error=describe(error))
        else:
            self._parent.say("done")

    async def _run_offer(self, desk: Desk, offer: Offer, registry: Registry, order: dict[str, Any]) -> None:
        await self._start_hooks(offer, registry)
        control = self._control
        control.on_paused = lambda: self._parent.say("paused")
        control.on_resumed = lambda: self._parent.say("resumed")
        task = Task(_facts(order["task"]), self._parent, control)
        work = Work(offer, order["args"], task, control)
        executor = LoopExecutor(desk) if offer.signature.is_async else ThreadExecutor(desk)
        with running(task):
            async with aclosing(executor.run(work)) as results:
                async for returns in results:
                    self._next.clear()
                    self._parent.say("yield", returns=returns)
                    await self._next.wait()

    def _find(self, order: dict[str, Any]) -> tuple[Offer, Registry]:
        """Return the offer of a function that this process has imported."""
        module = self._main(order["main"]) if order["main"] else import_module(order["module"])
        registry = registry_of(module)
        offer = registry.find(getattr(module, order["name"], None)) or registry.find(order["interface"])
        if offer is None:
            reason = f"{order['module']} offers it in one process and not in another"
            raise ActionNotFoundError(order["interface"], reason)
        return offer, registry

    def _main(self, path: str) -> types.ModuleType:
        if path not in self._mains:
            module = types.ModuleType(MAIN)
            sys.modules[MAIN] = sys.modules["__main__"] = module
            vars(module).update(runpy.run_path(path, run_name=MAIN))
            self._mains[path] = module
        return self._mains[path]

    async def _start_hooks(self, offer: Offer, registry: Registry) -> None:
        """Share in this process what functions of the module want shared: a model is loaded once in each."""
        if offer.signature.injected and id(registry) not in self._started:
            self._started.add(id(registry))
            await Hooks(registry, self._injector).start()


async def _joined(work: asyncio.Task[None]) -> None:
    """Wait for *work*, passing a cancellation on to it."""
    try:
        await asyncio.shield(work)
    except asyncio.CancelledError:
        work.cancel()
        await work
        raise


def _facts(plain: dict[str, Any]) -> TaskFacts:
    token = plain.pop("token")
    caller = Caller(**plain.pop("caller"))
    facts: dict[str, Any] = {**plain, "caller": caller, "token": None if token is None else SecretStr(token)}
    return TaskFacts(**facts)


def _end_with_parent() -> None:
    """Ask Linux to kill this process when its parent has died: a body that nobody waits for must not run on."""
    if sys.platform == "linux":
        import ctypes

        parent = os.getppid()
        # https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html: 1 is PR_SET_PDEATHSIG
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
        if os.getppid() != parent:
            sys.exit(1)


async def main(output: int) -> None:
    """Follow the orders that come in over the standard input."""
    loop = asyncio.get_running_loop()
    orders = asyncio.StreamReader(limit=_LIMIT)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    await Process(Parent(output)).follow(orders)


if __name__ == "__main__":
    _end_with_parent()
    # What bodies print goes where the agent's own errors go: the standard output is the agent's.
    channel = os.dup(1)
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the agent, which ends its processes itself
    with suppress(BrokenPipeError):
        asyncio.run(main(channel))
