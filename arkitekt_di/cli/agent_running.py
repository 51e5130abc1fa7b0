"""Runs an agent until it is told to stop."""

import asyncio
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from arkitekt_di.cli.loading import LoadedApp
from arkitekt_di.cli.task_news import News, Voice
from arkitekt_di.cli.task_watch import TaskWatch
from arkitekt_di.rekuest import Rekuest

DRAIN_S = 10.0
"""Seconds that open tasks are given to end before a newer version takes over; their callers are told after that."""


class Orders:
    """What the agent is told from outside.

    Attributes
    ----------
    stop : asyncio.Event
        End now.
    go : asyncio.Event
        Serve.
    retire : asyncio.Event
        Let open tasks end, and end then.
    """

    def __init__(self) -> None:
        self.stop = asyncio.Event()
        self.go = asyncio.Event()
        self.retire = asyncio.Event()

    @contextmanager
    def from_signals(self) -> Iterator[None]:
        """Stop at Ctrl-C and at SIGTERM while the block runs."""
        loop = asyncio.get_running_loop()
        for kind in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(kind, self.stop.set)
        try:
            yield
        finally:
            for kind in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(kind)

    def from_stdin(self) -> None:
        """Go at the first byte of the standard input, retire at its end; the end comes too where the parent dies."""
        loop = asyncio.get_running_loop()

        def read() -> None:
            if os.read(0, 1):
                loop.call_soon_threadsafe(self.go.set)
                while os.read(0, 1024):
                    pass
            if not loop.is_closed():
                loop.call_soon_threadsafe(self.retire.set)

        # A daemon that reads the descriptor itself: neither it nor a lock of sys.stdin keeps the process from ending.
        threading.Thread(target=read, name="orders", daemon=True).start()


async def run_agent(loaded: LoadedApp, voice: Voice, *, is_standby: bool = False) -> None:
    """Serve an app until it is told to stop.

    Parameters
    ----------
    loaded : LoadedApp
    voice : Voice
    is_standby : bool
        Wait for a byte on the standard input before anything is opened, and retire at its end.

    Raises
    ------
    AppStateError
        Nothing is offered.
    AgentRefusedError, ConnectionLostError
        The hub does not take the agent, or was away for too long.
    """
    orders = Orders()
    with orders.from_signals():
        if is_standby:
            orders.from_stdin()
            voice.say(News("loaded", app=loaded.app.identifier, functions=loaded.functions))
            await _first(orders.go, orders.retire, orders.stop)
            if not orders.go.is_set():
                return
        async with loaded.app as app:
            await _serve(app.rekuest, loaded, voice, orders)


async def _serve(rekuest: Rekuest, loaded: LoadedApp, voice: Voice, orders: Orders) -> None:
    watch = TaskWatch(voice)
    rekuest.agent.listeners.append(watch.take)
    work = asyncio.ensure_future(rekuest.arun(*loaded.modules))
    try:
        await _first(rekuest.agent.ready, orders.stop, orders.retire, work=work)
        if rekuest.agent.ready.is_set():
            app = loaded.app
            voice.say(News("serving", app=app.identifier, hub=app.fakts.url, functions=loaded.functions))
        await _first(orders.stop, orders.retire, work=work)
        if orders.retire.is_set():
            await _first(orders.stop, watch.idle, work=work, seconds=DRAIN_S)
    finally:
        work.cancel()
        outcome = (await asyncio.gather(work, return_exceptions=True))[0]
    if isinstance(outcome, Exception):
        raise outcome
    voice.say(News("stopped", message="asked to" if orders.stop.is_set() else "another version takes over"))


async def _first(
    *events: asyncio.Event, work: "asyncio.Future[None] | None" = None, seconds: float | None = None
) -> None:
    """Wait until one of the events is set, the work is done, or the time is over."""
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        watched: set[asyncio.Future[Any]] = {*waits, *([work] if work else [])}
        await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED, timeout=seconds)
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
