"""A hub that lives in the test: login, configuration and one service, without a database or a person."""

import asyncio
import base64
import json
import secrets
from collections import deque
from collections.abc import Mapping
from typing import Any, Self
from urllib.parse import parse_qsl

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from arkitekt_di.messages.fakts import (
    DEVICE_CODE_GRANT,
    MANDATE_KEY_GRANT,
    SIGNATURE_HEADER,
    challenge_message,
    document_message,
)

APPROVED = "approved"
"""As an answer to a poll: the person has approved."""


class InMemoryHub:
    """Speaks protocol 2 on a free port of this machine, as an open book: what it gave and got can be looked at.

    Refresh tokens are good once; a second use ends the login, as RFC 9700, section 4.14.2, wants it.

    Parameters
    ----------
    mandate_key : str, optional
        Key that lets apps in without a person.

    Attributes
    ----------
    poll_answers : collections.deque of str
        What the next polls get: an OAuth error, or `APPROVED`.  When it is empty, polls are approved.
    document : dict
        Members put over those of the well-known document; None takes a member out.
    answers : dict
        What a path answers instead: ``(status, JSON content, headers)``.
    scopes_of : dict of str to list of str
        What each access token may do.
    wanted_scope : str or None
        What a token needs for ``/mikro/graphql``.
    graphql : dict
        What ``/mikro/graphql`` answers to a good token.
    expires_in_s, interval_s : int
        Of device codes.
    access_token_s : int
        Lifetime of access tokens.
    signing_key : Ed25519PrivateKey or None
        Signs challenges of the service.
    identity_key : Ed25519PrivateKey or None
        Signs the well-known document.
    certificates : list of str
        Certificates (PEM) that the document and the service name.
    polls, claims, refreshes, revocations : int
        How often each happened.
    wanted_expiry_s : int or None
        How long the app that asked for a device code last wanted it to be good.
    requests : list of tuple
        Method, path and query of each request.
    was_asked, may_answer : asyncio.Event
        Set when a token was asked for, and cleared to keep the token endpoint waiting.
    secrets_given : set of str
        Every token and device code.
    """

    def __init__(self, *, mandate_key: str | None = None) -> None:
        self.mandate_key = mandate_key
        self.poll_answers: deque[str] = deque()
        self.document: dict[str, Any] = {}
        self.answers: dict[str, tuple[int, Any, Mapping[str, str]]] = {}
        self.graphql: dict[str, Any] = {"data": {"ok": True}}
        self.expires_in_s = 300
        self.interval_s = 5
        self.access_token_s = 3600
        self.service_path = "mikro"
        self.signing_key: Ed25519PrivateKey | None = None
        self.identity_key: Ed25519PrivateKey | None = None
        self.certificates: list[str] = []
        self.polls = self.claims = self.refreshes = self.revocations = 0
        self.wanted_expiry_s: int | None = None
        self.requests: list[tuple[str, str, str]] = []
        self.was_asked = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.secrets_given: set[str] = set()
        self.good_access: set[str] = set()
        self.scopes_of: dict[str, list[str]] = {}
        self.wanted_scope: str | None = None
        self._good_refresh: dict[str, str] = {}
        self._used_refresh: dict[str, str] = {}
        self._devices: dict[str, str] = {}
        self._scopes: dict[str | None, str] = {}
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def start(self, ssl_context: Any = None, *, port: int = 0) -> None:
        """Listen on 127.0.0.1."""
        app = web.Application(middlewares=[self._record])
        app.router.add_get("/.well-known/fakts", self._well_known)
        app.router.add_post("/o/app-authorization/", self._authorize_device)
        app.router.add_post("/o/token/", self._token)
        app.router.add_post("/o/revoke/", self._revoke)
        app.router.add_get("/mikro/ht", self._challenge)
        app.router.add_post("/mikro/graphql", self._graphql)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port, ssl_context=ssl_context)
        await site.start()
        scheme = "http" if ssl_context is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Listen no more."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @web.middleware
    async def _record(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.requests.append((request.method, request.path, request.query_string))
        if request.path in self.answers:
            status, content, headers = self.answers[request.path]
            return web.json_response(content, status=status, headers=headers)
        response: web.StreamResponse = await handler(request)
        return response

    async def _well_known(self, request: web.Request) -> web.Response:
        key = None if self.identity_key is None else public_key(self.identity_key)
        document = {
            "challenge_key": key,
            "tls": {"certificates": self.certificates} if self.certificates else None,
            "name": "hub in a test",
            "protocol_version": "2",
            "base_url": f"{self.url}/",
            "issuer": f"{self.url}/o",
            "token_endpoint": f"{self.url}/o/token/",
            "device_authorization_endpoint": f"{self.url}/o/app-authorization/",
            "revocation_endpoint": f"{self.url}/o/revoke/",
            **self.document,
        }
        body = json.dumps({name: value for name, value in document.items() if value is not None}).encode()
        headers = {"Content-Type": "application/json"}
        if self.identity_key is not None:
            signature = self.identity_key.sign(document_message(request.query.get("nonce", ""), body))
            headers[SIGNATURE_HEADER] = base64.b64encode(signature).decode()
        return web.Response(body=body, headers=headers)

    async def _authorize_device(self, request: web.Request) -> web.Response:
        asked = await request.json()
        manifest = asked["manifest"]
        self.wanted_expiry_s = asked["expiration_time_seconds"]
        device_code = self._new_secret()
        self._devices[device_code] = " ".join(manifest["scopes"])
        return web.json_response(
            {
                "status": "granted",
                "device_code": device_code,
                "user_code": "BCDF-GHJK",
                "client_id": f"client-of-{manifest['identifier']}",
                "verification_uri": f"{self.url}/configure/",
                "verification_uri_complete": f"{self.url}/configure/BCDF-GHJK",
                "expires_in": self.expires_in_s,
                "interval": self.interval_s,
            }
        )

    async def _token(self, request: web.Request) -> web.Response:
        form = dict(parse_qsl(await request.text()))
        self.was_asked.set()
        await self.may_answer.wait()
        match form.get("grant_type"):
            case grant if grant == DEVICE_CODE_GRANT:
                return self._poll(form)
            case grant if grant == MANDATE_KEY_GRANT:
                return self._redeem(form)
            case "refresh_token":
                return self._refresh(form)
        return _refused("unsupported_grant_type")

    def _poll(self, form: Mapping[str, str]) -> web.Response:
        self.polls += 1
        if form.get("device_code") not in self._devices:
            return _refused("invalid_grant")
        answer = self.poll_answers.popleft() if self.poll_answers else APPROVED
        if answer != APPROVED:
            return _refused(answer)
        family = secrets.token_hex(4)
        self._scopes[family] = self._devices.pop(form["device_code"])
        self.claims += 1
        return self._tokens(form["client_id"], family=family)

    def _redeem(self, form: Mapping[str, str]) -> web.Response:
        if self.mandate_key is None or form.get("key") != self.mandate_key:
            return _refused("invalid_grant")
        self.claims += 1
        return self._tokens(f"client-of-{json.loads(form['manifest'])['identifier']}", family=None)

    def _refresh(self, form: Mapping[str, str]) -> web.Response:
        token = form.get("refresh_token", "")
        if token in self._used_refresh:
            self.end_logins(self._used_refresh[token])
        family = self._good_refresh.pop(token, None)
        if family is None:
            return _refused("invalid_grant")
        self._used_refresh[token] = family
        self.refreshes += 1
        return self._tokens(form["client_id"], family=family)

    def end_logins(self, family: str | None = None) -> None:
        """Let no refresh token be good any more: of one family, or of all."""
        self._good_refresh = {
            token: other for token, other in self._good_refresh.items() if family is not None and other != family
        }

    def _tokens(self, client_id: str, *, family: str | None) -> web.Response:
        access = self._new_secret()
        self.good_access.add(access)
        self.scopes_of[access] = self._scopes.get(family, "openid").split()
        content: dict[str, Any] = {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": self.access_token_s,
            "scope": self._scopes.get(family, "openid"),
            "client_id": client_id,
            "self": {"deployment_name": "hub in a test", "sub": "ada", "organization": "lab"},
            "instances": {"mikro": self.instance()},
            "statuses": {"mikro": "granted", "s3": "unavailable"},
        }
        if family is not None:
            content["refresh_token"] = self._new_secret()
            self._good_refresh[content["refresh_token"]] = family
        return web.json_response(content, headers={"Cache-Control": "no-store"})

    def _new_secret(self) -> str:
        secret = secrets.token_urlsafe()
        self.secrets_given.add(secret)
        return secret

    def instance(self) -> dict[str, Any]:
        """Return what the configuration says about the service ``mikro``."""
        host, port = self.url.rpartition("/")[2].split(":")
        alias = {
            "id": "here",
            "host": host,
            "port": int(port),
            "ssl": self.url.startswith("https"),
            "path": self.service_path,
            "challenge": "ht",
        }
        instance: dict[str, Any] = {"service": "live.arkitekt.mikro", "identifier": "mikro", "aliases": [alias]}
        if self.signing_key is not None:
            instance["challenge_key"] = public_key(self.signing_key)
        if self.certificates:
            instance["tls"] = {"certificates": self.certificates}
        return instance

    async def _revoke(self, request: web.Request) -> web.Response:
        form = dict(parse_qsl(await request.text()))
        self.revocations += 1
        if (family := self._good_refresh.get(form["token"])) is not None:
            self.end_logins(family)
        self.good_access.discard(form["token"])
        return web.Response()

    async def _challenge(self, request: web.Request) -> web.Response:
        if self.signing_key is None:
            return web.json_response({"status": "ok"})
        signature = self.signing_key.sign(challenge_message(request.query["nonce"]))
        return web.json_response({"signature": base64.b64encode(signature).decode()})

    async def _graphql(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.good_access:
            return web.json_response({"error": "invalid_token"}, status=401)
        token = request.headers["Authorization"].removeprefix("Bearer ")
        if self.wanted_scope is not None and self.wanted_scope not in self.scopes_of.get(token, ()):
            said = f'Bearer realm="mikro", error="insufficient_scope", scope="{self.wanted_scope}"'
            return web.json_response({}, status=403, headers={"WWW-Authenticate": said})
        return web.json_response(self.graphql)


def public_key(private: Ed25519PrivateKey) -> dict[str, str]:
    """Return the public half of a key as it travels."""
    return {"kind": "ed25519", "key": base64.b64encode(private.public_key().public_bytes_raw()).decode()}


def _refused(error: str) -> web.Response:
    return web.json_response({"error": error}, status=400)
