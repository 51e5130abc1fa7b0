"""Tells when nobody has asked the hub for a while."""

import asyncio

from aiohttp import web
from aiohttp.typedefs import Handler


class Idleness:
    """Counts requests and waits for a time without any.

    Parameters
    ----------
    idle_s : float or None
        Seconds without a request after which the hub counts as idle; None never does.
    """

    def __init__(self, idle_s: float | None) -> None:
        self._idle_s = idle_s
        self._active = 0
        self._timer: asyncio.TimerHandle | None = None
        self._idle = asyncio.Event()

    async def start(self) -> None:
        """Begin to count; a hub that is never asked becomes idle too."""
        self._set_timer()

    async def stop(self) -> None:
        """Count no more."""
        self._cancel_timer()

    async def wait(self) -> None:
        """Return when the hub is idle."""
        await self._idle.wait()

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Take note of one request, from its head to the end of its answer."""
        self._active += 1
        self._cancel_timer()
        try:
            return await handler(request)
        finally:
            self._active -= 1
            if self._active == 0:
                self._set_timer()

    def _set_timer(self) -> None:
        if self._idle_s is not None:
            self._timer = asyncio.get_running_loop().call_later(self._idle_s, self._idle.set)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
