"""The hub's one web site: every surface on one port, and the rules that hold for all of them."""

import errno
import logging
from collections.abc import Iterable, Sequence
from typing import Protocol, runtime_checkable
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from arkitekt_di.errors import ObjectStoreLostError, PortTakenError, StorageFullError
from arkitekt_di.server.address import Address
from arkitekt_di.server.certificate import Certificate
from arkitekt_di.server.directory import CHALLENGE_PATH, Directory
from arkitekt_di.server.hub_key import is_nonce
from arkitekt_di.server.idleness import Idleness
from arkitekt_di.settings.models import ListenSettings
from arkitekt_di.transport.unreadable import ServerLog

log = logging.getLogger(__name__)

SHUTDOWN_TIMEOUT_S = 5.0
"""Longest wait, in seconds, for requests that are under way when the hub stops."""


NO_STORE = {"Cache-Control": "no-store"}


class Surface(Protocol):
    """A part of the hub that answers requests."""

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """Return the routes of this part; their paths are absolute."""
        ...


@runtime_checkable
class LastingSurface(Surface, Protocol):
    """A part of the hub with connections that do not end by themselves."""

    async def hang_up(self) -> None:
        """End every connection, because the hub stops."""
        ...


class Site:
    """Listens for requests and hands them to the surfaces.

    Parameters
    ----------
    settings : ListenSettings
    address : Address
        Told the port when it is known.
    idleness : Idleness
    surfaces : iterable of Surface
    directory : Directory, optional
        Knows where challenges are answered, and the key that signs the answers.
    certificate : Certificate, optional
        Started before; says whether the site speaks https.
    """

    def __init__(
        self,
        settings: ListenSettings,
        address: Address,
        idleness: Idleness,
        surfaces: Iterable[Surface],
        directory: Directory | None = None,
        certificate: Certificate | None = None,
    ) -> None:
        self._settings = settings
        self._directory = directory or Directory(())
        self._certificate = certificate
        self._address = address
        self._idleness = idleness
        self._surfaces = tuple(surfaces)
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Address of the hub."""
        return self._address.url

    async def start(self) -> None:
        """Listen; raises `PortTakenError` where another program does."""
        app = web.Application(middlewares=[*self._rules()])
        app.router.add_get(f"/{CHALLENGE_PATH}", _answer_challenge)
        for surface in self._surfaces:
            app.router.add_routes(surface.routes())
        app.on_shutdown.append(self._hang_up)
        runner = web.AppRunner(app, access_log=None, logger=ServerLog(), shutdown_timeout=SHUTDOWN_TIMEOUT_S)
        await runner.setup()
        try:
            tls = None if self._certificate is None else self._certificate.context
            await web.TCPSite(runner, self._settings.host, self._settings.port, ssl_context=tls).start()
        except OSError as error:
            await runner.cleanup()
            if error.errno == errno.EADDRINUSE:
                raise PortTakenError(self._settings.host, self._settings.port) from error
            raise
        self._runner = runner
        self._address.bind(runner.addresses[0][1])

    async def stop(self) -> None:
        """Answer what is under way, then listen no more."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _hang_up(self, _app: web.Application) -> None:
        for surface in self._surfaces:
            if isinstance(surface, LastingSurface):
                await surface.hang_up()

    def _rules(self) -> Iterable[Middleware]:
        yield self._idleness.middleware
        yield self._only_own_names
        yield self._only_own_pages
        yield self._only_https
        yield _translate_errors
        yield self._sign_challenges

    @web.middleware
    async def _only_own_names(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if not self._address.allows_host(request.host):
            # RFC 9110, section 15.5.20: this server does not answer for that name.
            text = "this hub is not reached by that name; whoever runs it can add the name to listen.hosts\n"
            return web.Response(status=421, text=text)
        return await handler(request)

    @web.middleware
    async def _only_own_pages(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Turn away WebSockets that a page of another site opens: nothing else keeps it from that (RFC 6455, 10.2)."""
        origin = request.headers.get("Origin")
        opens = request.headers.get("Upgrade", "").lower() == "websocket"
        if (
            opens
            and origin is not None
            and origin != f"{urlsplit(self._address.url_for(request)).scheme}://{request.host}"
        ):
            return web.Response(status=403, text="pages of other sites open no WebSocket here\n")
        return await handler(request)

    @web.middleware
    async def _only_https(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Tell browsers to come by https only; outside the handlers, so that failures say it too."""
        try:
            response = await handler(request)
        except web.HTTPException as answer:
            self._tell_https(request, answer)
            raise
        self._tell_https(request, response)
        return response

    def _tell_https(self, request: web.Request, response: web.StreamResponse) -> None:
        said = self._address.hsts(request.host)
        if said is not None and not response.prepared:
            response.headers["Strict-Transport-Security"] = said

    @web.middleware
    async def _sign_challenges(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Prove which hub answers, where a service is asked for it and is well."""
        response = await handler(request)
        key, nonce = self._directory.hub_key, request.query.get("nonce")
        if key is None or nonce is None or request.path not in self._directory.challenge_paths:
            return response
        if response.status != web.HTTPOk.status_code or not is_nonce(nonce):
            return response
        return web.json_response({"status": "ok", "signature": key.sign_challenge(nonce)}, headers=NO_STORE)


@web.middleware
async def _translate_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        response = await handler(request)
    except web.HTTPException as answer:
        answer.headers.setdefault("X-Content-Type-Options", "nosniff")
        raise
    except StorageFullError as error:
        return web.Response(status=507, text=f"{error}\n")
    except ObjectStoreLostError as error:
        log.error("%s %s failed: %s", request.method, _shown_path(request), error)  # noqa: TRY400  # no fault of the hub
        return web.Response(status=503, text=f"{error}\n")
    except Exception:
        log.exception("%s %s failed", request.method, _shown_path(request))
        return web.Response(status=500, text="the hub failed to answer; its log says why\n")
    if not response.prepared:
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
    return response


def _shown_path(request: web.Request) -> str:
    """Return the pattern of the path: the path itself may be a link, and its query may carry what is secret, too."""
    resource = request.match_info.route.resource
    return "an unknown path" if resource is None else resource.canonical


async def _answer_challenge(_request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})
