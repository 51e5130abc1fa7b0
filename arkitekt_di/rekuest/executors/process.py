"""Bodies in processes of their own, which may crash, hold the interpreter's lock, and be killed."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Any, Final

from arkitekt_di.errors import RemoteError
from arkitekt_di.rekuest.executors.conversation import Ask, Conversation
from arkitekt_di.rekuest.executors.pipe import LIMIT, WORKER, ProcessPipe
from arkitekt_di.rekuest.executors.work import Work
from arkitekt_di.rekuest.offer import Offer
from arkitekt_di.settings.models import RekuestSettings

_GPUS: Final = "CUDA_VISIBLE_DEVICES"


class _Worker:
    """A process, and which GPU it sees."""

    def __init__(self, pipe: ProcessPipe, gpu: int | None) -> None:
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
            conversation = Conversation(worker.pipe, work, self._ask, self._settings.grace_s)
            is_sound = False
            try:
                async with aclosing(conversation.run()) as results:
                    async for returns in results:
                        yield returns
                is_sound = True
            except RemoteError:
                is_sound = True
                raise
            except (asyncio.CancelledError, GeneratorExit):
                is_sound = await conversation.stop()
                raise
            finally:
                work.control.listeners.clear()
                await self._release(worker, is_sound=is_sound)

    # --- processes --------------------------------------------------------------------------------

    async def _hire(self, offer: Offer) -> _Worker:
        gpu = self._free_gpu(offer)
        for worker in self._idle:
            if worker.gpu == gpu and worker.pipe.is_open:
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
            *WORKER,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=environment,
            limit=LIMIT,
        )
        worker = _Worker(ProcessPipe(process), gpu)
        self._all.add(worker)
        paths = [path for path in sys.path if path]
        worker.pipe.write({"do": "begin", "path": paths, "desk": self._desk, "facts": dict(self._facts())})
        return worker

    async def _release(self, worker: _Worker, *, is_sound: bool) -> None:
        if is_sound and worker in self._all and worker.pipe.is_open:
            self._idle.append(worker)
        else:
            await self._dismiss(worker)

    async def _dismiss(self, worker: _Worker) -> None:
        self._all.discard(worker)
        await worker.pipe.end()
