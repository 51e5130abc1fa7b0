"""An OpenID Connect issuer that lives in the test; its person approves whatever a browser asks for."""

import base64
import hashlib
import secrets
import time
from collections import deque
from collections.abc import Mapping
from typing import Any, Self
from urllib.parse import parse_qsl, unquote_plus, urlencode

from aiohttp import web
from aiohttp.typedefs import Handler
from joserfc import jwt
from joserfc.jwk import ECKey

from arkitekt_di.messages.fakts import DEVICE_CODE_GRANT

CLIENT_ID = "an app & its id"
"""With characters that have to be escaped in every place where it is sent."""

CLIENT_SECRET = "the secret: 100% of it"  # noqa: S105  # good in tests only


class InMemoryIssuer:
    """Speaks OpenID Connect on a free port of this machine, strictly, and as an open book.

    Attributes
    ----------
    url : str
        The issuer, which has a path.
    document : dict
        Members put over those of the metadata; None takes a member out.
    redirect : dict
        Parameters put over those that the browser brings back; None takes one out.
    poll_answers : collections.deque of str
        OAuth errors that the next polls get; when it is empty, polls are approved.
    id_claims : dict or None
        Claims put over those of its ID tokens, None takes one out; without a dict it gives no ID tokens.
    id_header : dict
        Put over the header of its ID tokens.
    forms : list of dict
        Every form that the token and revocation endpoints got.
    addresses : list of str
        Path and query of every request, as they came.
    good_access, good_refresh, secrets_given : set of str
    """

    def __init__(self) -> None:
        self.url = ""
        self.document: dict[str, Any] = {}
        self.redirect: dict[str, str | None] = {}
        self.extra: dict[str, Any] = {}
        self.id_claims: dict[str, Any] | None = None
        self.id_header: dict[str, Any] = {}
        self.signing_key = ECKey.generate_key("P-256")
        self.keys: list[dict[str, Any]] | None = None
        self.poll_answers: deque[str] = deque()
        self.forms: list[dict[str, str]] = []
        self.addresses: list[str] = []
        self.good_access: set[str] = set()
        self.good_refresh: set[str] = set()
        self.secrets_given: set[str] = {CLIENT_SECRET}
        self._codes: dict[str, Mapping[str, str]] = {}
        self._devices: set[str] = set()
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application(middlewares=[self._note])
        app.router.add_get("/realm/.well-known/openid-configuration", self._metadata)
        app.router.add_get("/realm/authorize", self._authorize)
        app.router.add_post("/realm/device", self._device)
        app.router.add_post("/realm/token", self._token)
        app.router.add_post("/realm/revoke", self._revoke)
        app.router.add_get("/realm/keys", self._jwks)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/realm"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    @web.middleware
    async def _note(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.addresses.append(request.raw_path)
        return await handler(request)

    async def _metadata(self, _request: web.Request) -> web.Response:
        document = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize?theme=lab",
            "token_endpoint": f"{self.url}/token",
            "device_authorization_endpoint": f"{self.url}/device",
            "revocation_endpoint": f"{self.url}/revoke",
            "jwks_uri": f"{self.url}/keys",
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
            **self.document,
        }
        return web.json_response({name: value for name, value in document.items() if value is not None})

    async def _authorize(self, request: web.Request) -> web.Response:
        asked = dict(request.query)
        assert (asked["response_type"], asked["client_id"]) == ("code", CLIENT_ID)
        assert (asked["code_challenge_method"], asked["theme"]) == ("S256", "lab")
        code = self._new_secret()
        self._codes[code] = asked
        back = {"code": code, "state": asked["state"], "iss": self.url, **self.redirect}
        query = urlencode({name: value for name, value in back.items() if value is not None})
        return web.Response(status=302, headers={"Location": f"{asked['redirect_uri']}?{query}"})

    async def _device(self, request: web.Request) -> web.Response:
        form = dict(parse_qsl(await request.text()))
        if form.get("client_id") != CLIENT_ID:
            return _refused("invalid_client")
        code = self._new_secret()
        self._devices.add(code)
        link = f"{self.url}/activate"
        answer = {"device_code": code, "user_code": "WDJB-MJHT", "verification_uri": link, "expires_in": 300}
        return web.json_response(answer | self.extra)

    async def _token(self, request: web.Request) -> web.Response:
        form = dict(parse_qsl(await request.text(), keep_blank_values=True))
        self.forms.append(form)
        is_confidential = _is_proven(request.headers.get("Authorization"), form)
        if not is_confidential and form.get("client_id") != CLIENT_ID:
            return _refused("invalid_client", status=401)
        match form.get("grant_type"):
            case "authorization_code":
                return self._redeem(form)
            case "client_credentials" if is_confidential:
                return self._tokens(is_renewable=False)
            case "refresh_token":
                return self._refresh(form)
            case grant if grant == DEVICE_CODE_GRANT:
                return self._poll(form)
        return _refused("unauthorized_client")

    def _redeem(self, form: Mapping[str, str]) -> web.Response:
        asked = self._codes.pop(form["code"], None)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or asked["code_challenge"] != challenge or asked["redirect_uri"] != form["redirect_uri"]:
            return _refused("invalid_grant")
        return self._tokens(is_renewable=True, nonce=asked.get("nonce"))

    def _refresh(self, form: Mapping[str, str]) -> web.Response:
        if form["refresh_token"] not in self.good_refresh:
            return _refused("invalid_grant")
        self.good_refresh.discard(form["refresh_token"])
        return self._tokens(is_renewable=True)

    def _poll(self, form: Mapping[str, str]) -> web.Response:
        if self.poll_answers:
            return _refused(self.poll_answers.popleft())
        if form["device_code"] not in self._devices:
            return _refused("invalid_grant")
        self._devices.discard(form["device_code"])
        return self._tokens(is_renewable=True)

    def _tokens(self, *, is_renewable: bool, nonce: str | None = None) -> web.Response:
        content: dict[str, Any] = {"access_token": self._new_secret(), "token_type": "bearer", "expires_in": 600}
        self.good_access.add(content["access_token"])
        if is_renewable:
            content["refresh_token"] = self._new_secret()
            self.good_refresh.add(content["refresh_token"])
        if self.id_claims is not None:
            content["id_token"] = self.id_token({"nonce": nonce, **self.id_claims})
        return web.json_response(content | self.extra)

    def id_token(self, members: Mapping[str, Any]) -> str:
        """Return an ID token with *members* put over its claims; None takes one out."""
        now = int(time.time())
        claims = {"iss": self.url, "sub": "ada@lab", "aud": CLIENT_ID, "iat": now, "exp": now + 300, **members}
        token = jwt.encode(
            {"alg": "ES256", "kid": "the key", **self.id_header},
            {name: value for name, value in claims.items() if value is not None},
            self.signing_key,
        )
        self.secrets_given.add(token)
        return token

    async def _jwks(self, _request: web.Request) -> web.Response:
        own = {**self.signing_key.as_dict(private=False), "kid": "the key", "use": "sig", "alg": "ES256"}
        return web.json_response({"keys": [own] if self.keys is None else self.keys})

    async def _revoke(self, request: web.Request) -> web.Response:
        form = dict(parse_qsl(await request.text()))
        self.forms.append(form)
        self.good_refresh.discard(form["token"])
        self.good_access.discard(form["token"])
        return web.Response()

    def _new_secret(self) -> str:
        secret = secrets.token_urlsafe()
        self.secrets_given.add(secret)
        return secret


def _is_proven(header: str | None, form: Mapping[str, str]) -> bool:
    if header is None:
        return form.get("client_secret") == CLIENT_SECRET and form.get("client_id") == CLIENT_ID
    name, _, secret = base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")
    return (unquote_plus(name), unquote_plus(secret)) == (CLIENT_ID, CLIENT_SECRET)


def _refused(error: str, *, status: int = 400) -> web.Response:
    return web.json_response({"error": error}, status=status)
