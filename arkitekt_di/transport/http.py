"""The one HTTP client of an app."""

import asyncio
import json
import os
import ssl
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

import aiohttp

from arkitekt_di.errors import AppStateError, CertificateError, ConnectionLostError, InsecureTransportError
from arkitekt_di.settings.models import TransportSettings
from arkitekt_di.transport.answer import Answer
from arkitekt_di.transport.certificates import PinnedCertificates, SeenCertificate
from arkitekt_di.transport.origin import Origin

MAX_ANSWER_BYTES = 16 * 1024 * 1024
"""The largest answer that is read: far above any list of records, far below what would hurt."""

FORM = "application/x-www-form-urlencoded"


class HttpClient:
    """Asks over HTTP and reads the answer whole, within bounds of time and size.

    It follows no redirect, keeps no cookies, and sends bodies and tokens only where nobody can read along.  It logs
    nothing.

    Parameters
    ----------
    settings : TransportSettings
    tls : ssl.SSLContext, optional
        Which certificates are trusted; by default those that the system trusts.
    """

    def __init__(self, settings: TransportSettings, tls: ssl.SSLContext | None = None) -> None:
        self._settings = settings
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None
        self._pinned: dict[Origin, PinnedCertificates] = {}

    async def start(self) -> None:
        """Open the pool of connections, on the running loop."""
        self._session = aiohttp.ClientSession(
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def stop(self) -> None:
        """Close every connection."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def permits(self, url: str) -> bool:
        """Tell whether bodies and tokens may go to *url*, which is an http address.

        They may where nobody on the way can read along, and, where the user said so for this call, anywhere.
        """
        return self._settings.insecure or Origin.of(url).is_private

    def pin(self, url: str, certificates: Iterable[str]) -> None:
        """Trust only these *certificates* (PEM) at the origin of *url* from now on, whoever has signed them.

        Raises
        ------
        ValueError
            One of them is no certificate, or there is none.
        """
        self._pinned[Origin.of(url)] = PinnedCertificates(certificates)

    def pinned(self, url: str) -> str | None:
        """Return the certificates (PEM) that alone are trusted at *url*; None where those of the system are."""
        known = self._pinned.get(Origin.of(url))
        return None if known is None else known.pem

    def certificates(self, url: str) -> tuple[str, ...]:
        """Return the certificates (PEM, one each) that alone are trusted at *url*; empty where the system decides."""
        known = self._pinned.get(Origin.of(url))
        return () if known is None else known.certificates

    def unpin(self, url: str) -> None:
        """Trust at the origin of *url* what the system trusts."""
        self._pinned.pop(Origin.of(url), None)

    async def get_unproven(self, url: str, *, timeout_s: float | None = None) -> tuple[Answer, str]:
        """Ask for *url* whoever it is that answers, and return the certificate (PEM) that was shown along with it.

        Nothing secret goes there, and the answer is worth only what proves it in another way.  Raises as `get` does.
        """
        seen = SeenCertificate()
        answer = await self._ask("GET", url, timeout_s=timeout_s, proof=seen)
        return answer, seen.pem

    async def get(self, url: str, *, timeout_s: float | None = None) -> Answer:
        """Ask for *url*, without credentials.

        Parameters
        ----------
        url : str
        timeout_s : float, optional
            Longest wait for the whole answer, in seconds; by default that of the settings.

        Raises
        ------
        ConnectionLostError
            No whole answer came; `CertificateError` where the server is not who it says.
        """
        return await self._ask("GET", url, timeout_s=timeout_s)

    async def post_json(
        self,
        url: str,
        content: Mapping[str, Any],
        *,
        bearer: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send *content* as JSON, with an access token and more headers where they are given.

        Raises
        ------
        ConnectionLostError
            No whole answer came.
        InsecureTransportError
            Others could read along, or the answer is a redirect.
        """
        sent = {"Content-Type": "application/json", **(headers or {})}
        if bearer is not None:
            sent["Authorization"] = f"Bearer {bearer}"
        return await self._send(url, json.dumps(content), sent)

    async def post_form(self, url: str, form: str, *, authorization: str | None = None) -> Answer:
        """Send an encoded form, with a header ``Authorization`` where one is given; raises as `post_json` does."""
        headers = {"Content-Type": FORM}
        if authorization is not None:
            headers["Authorization"] = authorization
        return await self._send(url, form, headers)

    @property
    def give_up_s(self) -> float:
        """Seconds without a connection after which a subscription ends."""
        return self._settings.give_up_s

    async def connect(
        self, url: str, *, protocols: Sequence[str] = (), heartbeat_s: float | None = None
    ) -> aiohttp.ClientWebSocketResponse:
        """Open a WebSocket at *url* (``http`` or ``https``), without credentials; whoever gets it closes it.

        Parameters
        ----------
        url : str
        protocols : sequence of str, optional
            Subprotocols that are offered.  Where there are any, the messages may hold a token, so nobody may be able
            to read along.
        heartbeat_s : float, optional
            Seconds between two pings; a peer that answers none is gone.

        Raises
        ------
        ConnectionLostError
            Nothing answers, or not with a WebSocket.
        InsecureTransportError
            Others could read along.
        """
        if protocols and not self.permits(url):
            raise InsecureTransportError(url, "plain http to another machine can be read on the way")
        timeout = aiohttp.ClientWSTimeout(ws_close=self._settings.connect_timeout_s)  # pyright: ignore[reportCallIssue]  # attrs
        try:
            async with asyncio.timeout(self._settings.connect_timeout_s):
                return await self._opened.ws_connect(
                    url, timeout=timeout, ssl=self._proof_of(url), protocols=protocols, heartbeat=heartbeat_s
                )
        except (aiohttp.ClientError, OSError) as error:
            raise _translated(error, url, self._settings.connect_timeout_s) from error

    async def _send(self, url: str, body: str, headers: Mapping[str, str]) -> Answer:
        if not self.permits(url):
            raise InsecureTransportError(url, "plain http to another machine can be read on the way")
        answer = await self._ask("POST", url, body=body.encode(), headers=headers)
        if answer.is_redirect:
            raise InsecureTransportError(url, f"it sends them on to {_without_query(answer.location)}")
        return answer

    @property
    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise AppStateError("the connection to the hub is not open. Make the call inside `with app:`")
        return self._session

    async def _ask(
        self,
        method: str,
        url: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
        proof: aiohttp.Fingerprint | None = None,
    ) -> Answer:
        bound = self._settings.request_timeout_s if timeout_s is None else timeout_s
        timeout = aiohttp.ClientTimeout(total=bound, sock_connect=self._settings.connect_timeout_s)
        try:
            async with self._opened.request(
                method,
                url,
                data=body,
                headers=headers,
                timeout=timeout,
                allow_redirects=False,
                ssl=proof or self._proof_of(url),
            ) as response:
                content = await _read_bounded(response)
        except (aiohttp.ClientError, OSError) as error:
            raise _translated(error, url, bound) from error
        if content is None:
            raise ConnectionLostError(url, f"its answer is larger than {MAX_ANSWER_BYTES} bytes")
        return Answer(url, response.status, response.headers, content)

    def _proof_of(self, url: str) -> aiohttp.Fingerprint | ssl.SSLContext | bool:
        known = self._pinned.get(Origin.of(url)) if self._pinned else None
        return known or (True if self._tls is None else self._tls)


async def _read_bounded(response: aiohttp.ClientResponse) -> bytes | None:
    parts = bytearray()
    async for part in response.content.iter_any():
        parts += part
        if len(parts) > MAX_ANSWER_BYTES:
            response.close()
            return None
    return bytes(parts)


def _translated(error: Exception, url: str, bound_s: float) -> ConnectionLostError:
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return CertificateError(url, _certificate_reason(error.certificate_error))
        case aiohttp.ServerFingerprintMismatch():
            return CertificateError(url, "it is another one than the one that is trusted there")
        case aiohttp.ClientConnectorSSLError():
            reason = "it does not answer in TLS"
        case aiohttp.ClientConnectorDNSError():
            reason = f"no machine is known by the name {error.host}"
        case aiohttp.ClientConnectorError():
            reason = _system_reason(error.os_error)
        case TimeoutError():
            reason = f"no answer within {bound_s:g} s"
        case _:
            reason = "the connection broke off"
    return ConnectionLostError(url, reason)


def _certificate_reason(error: Exception) -> str:
    return error.verify_message if isinstance(error, ssl.SSLCertVerificationError) else "it does not fit the address"


def _system_reason(error: OSError) -> str:
    # asyncio words its errors anew, with the address in them; the number still tells the reason.
    return os.strerror(error.errno).lower() if error.errno else "no connection"


def _without_query(location: str | None) -> str:
    return "nowhere" if location is None else location.partition("?")[0]
