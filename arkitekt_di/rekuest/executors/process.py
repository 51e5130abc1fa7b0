"""Bodies in processes of their own, which may crash, hold the interpreter's lock, and be killed."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import asdict
from typing import Any, Final

from arkitekt_di.errors import RemoteError, WorkerDiedError
from arkitekt_di.rekuest.executors.pipe import LIMIT, Pipe
from arkitekt_di.rekuest.executors.work import Work
from arkitekt_di.rekuest.offer import Offer
from arkitekt_di.rekuest.remote_errors import parse
from arkitekt_di.settings.models import RekuestSettings

logger = logging.getLogger(__name__)

Ask = Callable[[str, Any], Awaitable[Any]]
"""Answers what a process asks of its parent: a token, an address."""

_WORKER: Final = ("-m", "arkitekt_di.rekuest.executors.worker")
_GPUS: Final = "CUDA_VISIBLE_DEVICES"


class _Worker:
    """A process, and which GPU it sees."""

    def __init__(self, pipe: Pipe, gpu: int | None) -> None:
        self.pipe = pipe
        self.gpu = gpu


class ProcessExecutor:
    """Runs bodies in spawned processes, one body at a time in each; a process is used again.

    Values cross as JSON, structures are looked up by the process itself: no pickle, and no pixels through the agent.

    Parameters
    ----------
    settings : RekuestSettings
    ask : callable
        Answers what the processes ask.
    desk : str or None
        Where a process gets what prepares its bodies, as ``module:function``; None has no services of an app.
    facts : callable
        Returns what that function is given, as JSON can hold it.
    """

    def __init__(
        self,
        settings: RekuestSettings,
        ask: Ask,
        *,
        desk: str | None = None,
        facts: Callable[[], Mapping[str, Any]] = dict,
    ) -> None:
        self._settings = settings
        self._ask = ask
        self._desk = desk
        self._facts = facts
        self._idle: list[_Worker] = []
        self._all: set[_Worker] = set()
        self._places = asyncio.Semaphore(settings.processes)

    async def start(self) -> None:
        """Do nothing: processes are started when they are needed."""

    async def stop(self) -> None:
        """Kill every process."""
        workers, self._all, self._idle = list(self._all), set(), []
        await asyncio.gather(*(worker.pipe.end() for worker in workers))

    async def run(self, work: Work) -> AsyncGenerator[dict[str, Any], None]:
        """Run the body; a process that does not stop within the grace of the settings is killed."""
        async with self._places:
            worker = await self._hire(work.offer)
            is_sound = False
            try:
                async with aclosing(self._converse(worker, work)) as results:
                    async for returns in results:
                        yield returns
                is_sound = True
            except RemoteError:
                is_sound = True
                raise
            except (asyncio.CancelledError, GeneratorExit):
                is_sound = await self._stopped(worker, work)
                raise
            finally:
                work.control.listeners.clear()
                await self._release(worker, is_sound=is_sound)

    # --- processes --------------------------------------------------------------------------------

    async def _hire(self, offer: Offer) -> _Worker:
        gpu = self._free_gpu(offer)
        for worker in self._idle:
            if worker.gpu == gpu and worker.pipe.process.returncode is None:
                self._idle.remove(worker)
                return worker
        if len(self._all) >= self._settings.processes and self._idle:
            await self._dismiss(self._idle.pop(0))  # it sees another GPU
        return await self._spawn(gpu)

    def _free_gpu(self, offer: Offer) -> int | None:
        if not offer.gpus:
            return None
        busy = {worker.gpu for worker in self._all if worker not in self._idle}
        return next((gpu for gpu in offer.gpus if gpu not in busy), offer.gpus[0])

    async def _spawn(self, gpu: int | None) -> _Worker:
        environment = dict(os.environ) | ({_GPUS: str(gpu)} if gpu is not None else {})
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *_WORKER,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=environment,
            limit=LIMIT,
        )
        worker = _Worker(Pipe(process), gpu)
        self._all.add(worker)
        paths = [path for path in sys.path if path]
        worker.pipe.write({"do": "begin", "path": paths, "desk": self._desk, "facts": dict(self._facts())})
        return worker

    async def _release(self, worker: _Worker, *, is_sound: bool) -> None:
        if is_sound and worker in self._all and worker.pipe.process.returncode is None:
            self._idle.append(worker)
        else:
            await self._dismiss(worker)

    async def _dismiss(self, worker: _Worker) -> None:
        self._all.discard(worker)
        await worker.pipe.end()

    # --- bodies -----------------------------------------------------------------------------------

    async def _converse(self, worker: _Worker, work: Work) -> AsyncGenerator[dict[str, Any], None]:
        pipe = worker.pipe
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
                    await self._listen(pipe, work, message)
        raise WorkerDiedError(work.task.id, *_cause(await pipe.process.wait()))

    async def _listen(self, pipe: Pipe, work: Work, message: dict[str, Any]) -> None:
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
                try:
                    answer = {"value": await self._ask(message["what"], message["about"])}
                except Exception as error:  # the process that asked has to hear of it
                    logger.debug("a process asked for %s in vain", message["what"], exc_info=True)
                    answer = {"error": str(error)}
                pipe.write({"do": "answer", "to": message["number"], **answer})

    async def _stopped(self, worker: _Worker, work: Work) -> bool:
        """Ask the body to stop; tell whether it did, so that its process can be used again."""
        if work.control.is_interrupted:
            return False
        worker.pipe.write({"do": "cancel"})
        try:
            async with asyncio.timeout(self._settings.grace_s):
                while (message := await worker.pipe.read()) is not None:
                    if message["say"] in {"done", "failed", "cancelled"}:
                        return True
                    if message["say"] == "yield":
                        worker.pipe.write({"do": "next"})
        except TimeoutError:
            work.task.log(f"the body did not stop within {self._settings.grace_s:g} s: its process is killed", "WARN")
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
