"""The endpoint in a real server on loopback, in a thread of its own, and clients for it."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

import boto3
from aiohttp import web
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from obstore.store import S3Store

from arkitekt_di.server.objects import Access, ObjectEndpoint, ObjectGrants, Objects, StoreCredentials
from arkitekt_di.settings.models import ObjectSettings

BUCKET = "zarr"
REGION = "us-east-1"


@dataclass
class Answer:
    """Status, or 0 where the connection was just closed, and body."""

    status: int
    body: bytes


@dataclass
class SettableClock:
    """A clock that a test moves."""

    offset: float = 0.0

    def __call__(self) -> float:
        return time.time() + self.offset


@dataclass
class LiveEndpoint:
    """An endpoint that is served."""

    objects: Objects
    settings: ObjectSettings = field(default_factory=ObjectSettings)
    clock: SettableClock = field(default_factory=SettableClock)
    secret: bytes = b"S" * 32
    new_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop

    def __enter__(self) -> Self:
        self.grants = ObjectGrants(self.secret, clock=self.clock)
        self.loop = self.new_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        try:
            self.do(self._start())
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        self.do(self._stop())
        self._end()

    def do(self, work: Any) -> Any:
        """Await *work* on the server's loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def credentials(
        self, key: str = "a/b", *, access: Access = Access.WRITE, ttl_s: int = 600, max_bytes: int = 2**30
    ) -> StoreCredentials:
        return self.grants.issue(bucket=BUCKET, key=key, access=access, ttl_s=ttl_s, max_bytes=max_bytes)

    async def _start(self) -> None:
        endpoint = ObjectEndpoint(self.objects, self.grants, self.settings)
        await self.objects.start()
        await endpoint.start()
        app = web.Application()
        app.add_routes(endpoint.routes())
        self.runner = web.AppRunner(app)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        self.port = self.runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self.port}"

    async def _stop(self) -> None:
        await self.runner.cleanup()
        await self.objects.stop()

    def _end(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


def boto_client(live: LiveEndpoint, credentials: StoreCredentials, **changes: Any) -> Any:
    """Return a boto3 client that does not repeat requests."""
    keys = {
        "aws_access_key_id": credentials.access_key,
        "aws_secret_access_key": credentials.secret_key.get_secret_value(),
        "aws_session_token": credentials.session_token.get_secret_value(),
    }
    config = Config(s3={"addressing_style": "path"}, retries={"max_attempts": 0}, signature_version="s3v4")
    return boto3.client("s3", endpoint_url=live.url, region_name=REGION, config=config, **(keys | changes))


def obstore_client(live: LiveEndpoint, credentials: StoreCredentials, prefix: str = "a/b", **config: Any) -> S3Store:
    """Return an obstore client as mikro makes it."""
    return S3Store(
        BUCKET,
        prefix=prefix,
        endpoint=live.url,
        access_key_id=credentials.access_key,
        secret_access_key=credentials.secret_key.get_secret_value(),
        session_token=credentials.session_token.get_secret_value(),
        region=REGION,
        virtual_hosted_style_request=False,
        client_options={"allow_http": True},
        **config,
    )


def signed_headers(
    live: LiveEndpoint,
    credentials: StoreCredentials,
    method: str,
    address: str,
    *,
    payload: str = "UNSIGNED-PAYLOAD",
    headers: dict[str, str] | None = None,
) -> dict[str, str]:
    """Return headers that botocore signs for a request to *address*, a path with its query."""
    request = AWSRequest(method, live.url + address, headers={"X-Amz-Content-SHA256": payload, **(headers or {})})
    # The signer sets the hash itself unless it is told that the payload is not signed.
    request.context["payload_signing_enabled"] = False
    keys = Credentials(
        credentials.access_key, credentials.secret_key.get_secret_value(), credentials.session_token.get_secret_value()
    )
    _SignerOfAnyPayload(keys, "s3", REGION).add_auth(request)
    return {name: str(value) for name, value in request.headers.items()}


class _SignerOfAnyPayload(S3SigV4Auth):  # type: ignore[misc]  # botocore has no types
    """Signs the hash, or the word in its place, that the test has put into the headers."""

    def payload(self, request: AWSRequest) -> str:
        return str(request.headers["X-Amz-Content-SHA256"])

    def _modify_request_before_signing(self, request: AWSRequest) -> None:
        payload = request.headers["X-Amz-Content-SHA256"]
        super()._modify_request_before_signing(request)
        del request.headers["X-Amz-Content-SHA256"]
        request.headers["X-Amz-Content-SHA256"] = payload


def exchange(
    live: LiveEndpoint, method: str, address: str, headers: dict[str, str], body: bytes = b"", *, hang_up: bool = False
) -> Answer:
    """Send one request just as it is given, and return the answer; hanging up ends a body that is too short."""
    lines = [f"{method} {address} HTTP/1.1", f"Host: 127.0.0.1:{live.port}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body and "Content-Length" not in headers:
        lines.append(f"Content-Length: {len(body)}")
    return exchange_bytes(live, "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogatepass") + body, hang_up=hang_up)


def exchange_bytes(live: LiveEndpoint, sent: bytes, *, hang_up: bool = False) -> Answer:
    """Send bytes, and return the answer to them."""
    with socket.create_connection(("127.0.0.1", live.port), timeout=20) as connection:
        connection.sendall(sent)
        if hang_up:
            connection.shutdown(socket.SHUT_WR)
        received = b"".join(iter(lambda: connection.recv(2**16), b""))
    head, _, body = received.partition(b"\r\n\r\n")
    return Answer(int(head.split(b" ")[1]) if head else 0, body)
