"""What the agent and the process of a body say to each other, from the order to the end."""

import asyncio
import logging
import signal
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import asdict
from typing import Any

from arkitekt_di.errors import RemoteError, WorkerDiedError
from arkitekt_di.rekuest.executors.pipe import Pipe
from arkitekt_di.rekuest.executors.work import Work
from arkitekt_di.rekuest.remote_errors import parse

logger = logging.getLogger(__name__)

Ask = Callable[[str, Any], Awaitable[Any]]
"""Answers what a process asks of its parent: a token, an address."""


class Conversation:
    """One body in another process.

    Parameters
    ----------
    pipe : Pipe
    work : Work
    ask : callable
        Answers what the process asks.
    grace_s : float
        Longest wait, in seconds, for a body to stop that was asked to.
    """

    def __init__(self, pipe: Pipe, work: Work, ask: Ask, grace_s: float) -> None:
        self._pipe = pipe
        self._work = work
        self._ask = ask
        self._grace_s = grace_s

    async def run(self) -> AsyncGenerator[dict[str, Any], None]:
        """Give the order, and yield the results; raises as `Executor.run` does."""
        pipe, work = self._pipe, self._work
        work.control.listeners.append(lambda word: pipe.write({"do": word}))
        pipe.write({"do": "run", **_order(work)})
        while (message := await pipe.read()) is not None:
            match message["say"]:
                case "yield":
                    yield message["returns"]
                    pipe.write({"do": "next"})
                case "done":
                    return
                case "failed":
                    kind, text, traceback = parse(message["error"])
                    raise RemoteError(work.task.id, text, kind, traceback)
                case "cancelled":
                    raise asyncio.CancelledError
                case _:
                    await self._listen(message)
        raise WorkerDiedError(work.task.id, *_cause(await pipe.exit_code()))

    async def _listen(self, message: dict[str, Any]) -> None:
        work = self._work
        match message["say"]:
            case "progress":
                work.task.tell_progress(message["percent"], message["message"])
            case "log":
                work.task.log(message["message"], message["level"])
            case "paused":
                work.control.on_paused()
            case "resumed":
                work.control.on_resumed()
            case "ask":
                await self._answer(message)

    async def _answer(self, message: dict[str, Any]) -> None:
        try:
            answer = {"value": await self._ask(message["what"], message["about"])}
        except Exception as error:  # the process that asked has to hear of it
            logger.debug("a process asked for %s in vain", message["what"], exc_info=True)
            answer = {"error": str(error)}
        self._pipe.write({"do": "answer", "to": message["number"], **answer})

    async def stop(self) -> bool:
        """Ask the body to stop; tell whether it did, so that its process can be used again."""
        if self._work.control.is_interrupted:
            return False
        self._pipe.write({"do": "cancel"})
        try:
            async with asyncio.timeout(self._grace_s):
                while (message := await self._pipe.read()) is not None:
                    if message["say"] in {"done", "failed", "cancelled"}:
                        return True
                    if message["say"] == "yield":
                        self._pipe.write({"do": "next"})
        except TimeoutError:
            self._work.task.log(f"the body did not stop within {self._grace_s:g} s: its process is killed", "WARN")
        except asyncio.CancelledError:  # interrupted meanwhile
            return False
        return False


def _order(work: Work) -> dict[str, Any]:
    fn, facts = work.offer.fn, work.task.facts
    plain = asdict(facts) | {"token": None if facts.token is None else facts.token.get_secret_value()}
    return {
        "module": fn.__module__,
        "main": _main_path() if fn.__module__ == "__main__" else None,
        "name": fn.__name__,
        "interface": work.offer.interface,
        "args": dict(work.args),
        "task": plain,
    }


def _main_path() -> str | None:
    return getattr(sys.modules["__main__"], "__file__", None)


def _cause(exit_code: int) -> tuple[str, int]:
    """Return what an exit code means in words, and itself."""
    if exit_code >= 0:
        return f"it left with exit code {exit_code}", exit_code
    try:
        name = signal.Signals(-exit_code).name
    except ValueError:
        name = "an unknown one"
    return f"signal {-exit_code} ({name}) ended it", exit_code
