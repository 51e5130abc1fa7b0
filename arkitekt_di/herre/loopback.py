"""The page of this machine at which a browser comes back from a login (RFC 8252, section 7.3)."""

import asyncio
from types import TracebackType
from typing import Any, Self

from arkitekt_di.errors import AppStateError, LoginError, LoginExpiredError, LoginWayClosedError
from arkitekt_di.herre.authorization_answer import PATH, AuthorizationAnswer

HOST = "127.0.0.1"
"""Not ``localhost``, which may lead to an interface that others reach (RFC 8252, section 8.3)."""

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Arkitekt</title></head>
<body><main><h1>You can close this page</h1><p>The program that opened it goes on by itself.</p></main></body></html>
"""
"""The same whatever was decided: the program tells how the login ended, and nothing of the address is repeated here."""

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Connection": "close",
}


class LoopbackListener:
    """Listens on a free port of this machine for the one answer to a login.

    A request that does not know the ``state`` is told nothing and changes nothing: other programs, and web pages that
    are open in the browser, reach this port too.

    Parameters
    ----------
    answer : AuthorizationAnswer
        Recognises it.
    """

    comes_back = True

    def __init__(self, answer: AuthorizationAnswer) -> None:
        self._awaited = answer
        self._outcome: asyncio.Future[str] | None = None
        self._runner: Any = None
        self._port = 0

    @property
    def redirect_uri(self) -> str:
        """Where the browser has to be sent to."""
        return f"http://{HOST}:{self._port}{PATH}"

    async def __aenter__(self) -> Self:
        from aiohttp import web

        from arkitekt_di.transport.unreadable import ServerLog

        self._outcome = asyncio.get_running_loop().create_future()
        # No access log: the address of the request holds the code.
        self._runner = web.ServerRunner(
            web.Server(self._answer, access_log=None, logger=ServerLog()), shutdown_timeout=1
        )
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, HOST, 0).start()
        except OSError as error:
            await self._runner.cleanup()
            reason = f"no port of this machine can be listened on ({error.strerror})"
            raise LoginWayClosedError(self._awaited.issuer, reason) from error
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._outcome is not None and not self._outcome.cancel() and not self._outcome.cancelled():
            self._outcome.exception()  # nobody may have waited for it; asyncio would complain
        await self._runner.cleanup()

    async def code(self, *, timeout_s: float) -> str:
        """Wait for the browser and return the code that it brings.

        Raises
        ------
        LoginExpiredError
            It did not come within *timeout_s* seconds.
        LoginRefusedError
            The person, or the issuer, said no.
        LoginError
            Somebody else than the issuer answered.
        """
        if self._outcome is None:
            raise AppStateError("the listener is not open. Enter it first: `async with listener:`")
        try:
            async with asyncio.timeout(timeout_s):
                return await self._outcome
        except TimeoutError as error:
            raise LoginExpiredError(
                self._awaited.issuer, f"the browser did not come back within {timeout_s:g} s"
            ) from error

    async def _answer(self, request: Any) -> Any:
        from aiohttp import web

        status = self._status_of(request)
        return web.Response(status=status, text=PAGE, content_type="text/html", charset="utf-8", headers=HEADERS)

    def _status_of(self, request: Any) -> int:
        if request.headers.getall("Host", []) != [f"{HOST}:{self._port}"]:
            return 421  # a page of another site, under a name that leads here (DNS rebinding)
        if request.rel_url.raw_path != PATH:
            return 404
        if request.method != "GET":
            return 405
        answer = self._awaited.recognised(request.rel_url.query.items())
        return 400 if answer is None else self._settle(answer)

    def _settle(self, answer: dict[str, str]) -> int:
        if self._outcome is None or self._outcome.done():
            return 410
        try:
            self._outcome.set_result(self._awaited.code_in(answer))
        except LoginError as error:
            self._outcome.set_exception(error)
        return 200
