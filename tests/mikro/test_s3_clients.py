"""Clients of an object store that outlive grants: each request is signed with the grant that it is under."""

import asyncio
import os
import subprocess
import sys
import threading
from contextlib import ExitStack
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import obstore
import pytest
from obstore.exceptions import GenericError
from pydantic import SecretStr

from arkitekt_di.errors import PermissionDeniedError
from arkitekt_di.messages.images import StoreGrant
from arkitekt_di.mikro.pixels.s3 import S3Prefix
from arkitekt_di.mikro.pixels.s3_clients import S3Clients
from tests.mikro.hub import serving

pytestmark = pytest.mark.anyio

NOWHERE = "http://127.0.0.1:9"


def grant(name: str, bucket: str = "zarr") -> StoreGrant:
    return StoreGrant(
        access_key=name,
        secret_key=SecretStr("secret"),
        session_token=SecretStr("token"),
        bucket=bucket,
        key=name,
        path=f"s3://{bucket}/{name}",
        expires_in=60,
    )


def test_grants_that_come_one_after_the_other_have_one_client() -> None:
    clients = S3Clients(NOWHERE)

    with clients.lease(grant("a")) as first:
        pass
    with clients.lease(grant("b")) as second:
        pass
    with clients.lease(grant("b", bucket="files")) as elsewhere:
        pass

    assert first is second
    assert elsewhere is not second


def test_grants_that_are_used_at_once_have_clients_of_their_own_and_requests_of_one_share_it() -> None:
    clients = S3Clients(NOWHERE)

    with ExitStack() as stack:
        one, again, other = (stack.enter_context(clients.lease(grant(name))) for name in "aab")

    assert one is again
    assert one is not other


@pytest.mark.parametrize(
    ("endpoint", "looks"),
    [("http://127.0.0.1:9", False), ("https://127.0.0.1:9", True), ("http://hub.example:9", True)],
)
def test_certificates_are_looked_at_everywhere_but_on_this_machine_without_tls(endpoint: str, looks: bool) -> None:
    """Where the system trusts nobody, a client that would have to trust somebody cannot be made."""
    make = f"from arkitekt_di.mikro.pixels.s3_clients import _Client; _Client({endpoint!r}, 'zarr', None)"
    nobody = {**os.environ, "SSL_CERT_FILE": os.devnull, "SSL_CERT_DIR": os.devnull}

    command = [sys.executable, "-c", make]
    made = subprocess.run(command, env=nobody, capture_output=True, text=True, timeout=120, check=False)

    assert ("No CA certificates were loaded" in made.stderr) == looks
    assert (made.returncode != 0) == looks


class Elsewhere(BaseHTTPRequestHandler):
    """Answers at a name of this machine, and sends whoever asks at another name there."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        host = self.headers["Host"]
        self.asked.append(host)
        away = host.startswith("127.0.0.1")
        self.send_response(307 if away else 200)
        if away:
            self.send_header("Location", f"http://{host.replace('127.0.0.1', 'localhost')}{self.path}")
        self.send_header("Content-Length", "0")
        self.send_header("ETag", '"e"')
        self.send_header("Last-Modified", formatdate(usegmt=True))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_a_store_of_this_machine_cannot_send_a_grant_elsewhere() -> None:
    """Its certificates are not looked at: whoever stood there would get the token."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        threading.Thread(target=server.serve_forever).start()
        clients = S3Clients(f"http://127.0.0.1:{server.server_port}")
        with clients.lease(grant("a")) as store, pytest.raises(GenericError):
            obstore.get(store, "x")
        server.shutdown()

    assert Elsewhere.asked
    assert {host.partition(":")[0] for host in Elsewhere.asked} == {"127.0.0.1"}


def test_a_client_with_a_request_that_was_given_up_is_not_used_again() -> None:
    clients = S3Clients(NOWHERE)

    with clients.lease(grant("a")) as busy:
        with pytest.raises(asyncio.CancelledError), clients.lease(grant("a")) as spoilt:
            raise asyncio.CancelledError
        with clients.lease(grant("a")) as fresh:
            pass
    with clients.lease(grant("b")) as next_one:
        pass

    assert busy is spoilt
    assert fresh is not spoilt
    assert next_one is fresh


async def test_a_client_signs_with_one_grant_after_the_other(tmp_path: Path) -> None:
    async with serving(tmp_path) as hub:
        clients = S3Clients(hub.url)
        grants = [await hub.records.request_upload() for _ in range(3)]

        for number, upload in enumerate(grants):
            await S3Prefix(clients, upload).put("c/0", bytes([number]))

        for number, upload in enumerate(grants):
            assert await asyncio.to_thread(S3Prefix(clients, upload).read, "c/0") == bytes([number])
        with clients.lease(grants[0]) as client, pytest.raises(obstore.exceptions.BaseError):
            await obstore.put_async(client, f"{grants[1].key}/c/0", b"x", use_multipart=False)


async def test_a_grant_that_is_refused_spoils_nothing_for_the_next(tmp_path: Path) -> None:
    async with serving(tmp_path) as hub:
        clients = S3Clients(hub.url)
        good = await hub.records.request_upload()

        with pytest.raises(PermissionDeniedError):
            await S3Prefix(clients, grant("made-up")).put("c/0", b"x")
        await S3Prefix(clients, good).put("c/0", b"x")

        assert await asyncio.to_thread(S3Prefix(clients, good).size, "c/0") == 1
