"""Clients of an S3 endpoint that outlive the grants they sign with."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from obstore.store import S3Store

from arkitekt_di.messages.images import StoreGrant
from arkitekt_di.transport.origin import Origin

_TIMEOUT: Final = timedelta(minutes=5)
"""For one object: a shard of 16 MiB passes a line of 0.5 Mbit/s."""

_CONNECT_TIMEOUT: Final = timedelta(seconds=5)
_RETRIES: Final = 2
"""Each object is tried three times at most; the upload itself is gone on with where that did not help."""

_RETRY_TIMEOUT: Final = timedelta(seconds=30)

_KEPT: Final = 8
"""Clients of one bucket that wait for the next grant: as many images as are usually read or written at once."""

_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""When credentials run out, as an S3 client is told: so it asks for them before each request."""


class S3Clients:
    """The clients of one object store.

    A client of obstore reads every certificate that the system trusts when it is made, 12 ms of CPU, unless it is to
    look at none, as on this machine without TLS; and its connections are its own.  A grant is good for one array.  So
    a client is made for no grant: it signs for one at a time, and for the next one when nothing is under way any more.

    Parameters
    ----------
    endpoint : str
        Address of the object store.
    certificate : str, optional
        Trusted there (PEM) beside those that the system trusts.
    """

    def __init__(self, endpoint: str, certificate: str | None = None) -> None:
        self.endpoint = endpoint.rstrip("/")
        self._certificate = certificate
        self._lock = threading.Lock()
        self._idle: dict[str, list[_Client]] = {}
        self._busy: dict[str, _Client] = {}

    @contextmanager
    def lease(self, grant: StoreGrant) -> Iterator[S3Store]:
        """Give a client that signs with *grant* while the block runs; threads may share it."""
        client = self._taken(grant)
        try:
            yield client.store
        except BaseException as error:
            # A request that was given up may ask for credentials yet, and must not get those of another grant.
            self._give_back(client, grant, is_spoilt=not isinstance(error, Exception))
            raise
        self._give_back(client, grant)

    def _taken(self, grant: StoreGrant) -> "_Client":
        with self._lock:
            client = self._busy.get(grant.access_key)
            if client is None:
                idle = self._idle.get(grant.bucket)
                client = idle.pop() if idle else _Client(self.endpoint, grant.bucket, self._certificate)
                client.signer.grant = grant
                self._busy[grant.access_key] = client
            client.requests += 1
            return client

    def _give_back(self, client: "_Client", grant: StoreGrant, *, is_spoilt: bool = False) -> None:
        with self._lock:
            client.requests -= 1
            client.is_spoilt |= is_spoilt
            if client.is_spoilt and self._busy.get(grant.access_key) is client:
                del self._busy[grant.access_key]
            if client.requests or client.is_spoilt:
                return
            del self._busy[grant.access_key]
            idle = self._idle.setdefault(grant.bucket, [])
            if len(idle) < _KEPT:
                idle.append(client)


class _Signer:
    """Tells a client the credentials of the grant that it works under; holds no client, which would never be freed."""

    def __init__(self) -> None:
        self.grant: StoreGrant | None = None

    def __call__(self) -> Any:
        """Return what obstore calls an ``S3Credential``."""
        grant = self.grant
        if grant is None:
            message = "a client was used without a grant"
            raise RuntimeError(message)
        return {
            "access_key_id": grant.access_key,
            "secret_access_key": grant.secret_key.get_secret_value(),
            "token": grant.session_token.get_secret_value(),
            "expires_at": _LONG_AGO,
        }


class _Client:
    """One client of obstore, and what it signs with."""

    def __init__(self, endpoint: str, bucket: str, certificate: str | None) -> None:
        self.signer = _Signer()
        self.requests = 0
        self.is_spoilt = False
        options: Any = {  # the type that obstore has for it cannot be imported
            "allow_http": True,
            "timeout": _TIMEOUT,
            "connect_timeout": _CONNECT_TIMEOUT,
            # A proxy named in the environment cannot reach a hub on this machine, and the app's HTTP client goes
            # straight to the hub, too; only a proxy of one's own keeps object_store from taking that one.
            "proxy_url": "http://proxy.invalid",
            "proxy_excludes": "*,0.0.0.0/0,::/0",  # every name, and every address
        }
        origin = Origin.of(endpoint)
        if certificate is not None:
            options["root_certificate"] = certificate
        elif origin.is_loopback and origin.scheme == "http":
            options["allow_invalid_certificates"] = True  # there are none: so those of the system are not read either
            # object_store follows redirects, and takes the token along: to nowhere else, where there may be some.
            options["proxy_excludes"] = origin.host
        self.store = S3Store(
            bucket,
            endpoint=endpoint,
            credential_provider=self.signer,
            region="us-east-1",
            virtual_hosted_style_request=False,
            # On this machine nobody on the way can change a byte, and every inner chunk carries a checksum: hashing
            # the payload twice more would only cost (3.4 times slower puts, see benchmarks/objects.py).
            unsigned_payload=origin.is_loopback,
            client_options=options,
            retry_config={"max_retries": _RETRIES, "retry_timeout": _RETRY_TIMEOUT},
        )
