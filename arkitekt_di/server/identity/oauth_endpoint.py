"""Where programs get tokens, and do away with them; people are sent to pages."""

import json
import logging
from collections.abc import Sequence

from aiohttp import web
from oauthlib.oauth2 import OAuth2Error
from pydantic import SecretStr

from arkitekt_di.messages.fakts import DeviceCode
from arkitekt_di.server.address import Address
from arkitekt_di.server.identity.answers import json_answer, refusal
from arkitekt_di.server.identity.app_request import AppRequest
from arkitekt_di.server.identity.client_proof import read_client_form
from arkitekt_di.server.identity.clock import MINUTE_S, Clock
from arkitekt_di.server.identity.device_authorization import FIELDS as DEVICE_FIELDS
from arkitekt_di.server.identity.device_codes import INTERVAL_S, DeviceCodes, IssuedCode
from arkitekt_di.server.identity.forms import read_json
from arkitekt_di.server.identity.introspection import FIELDS as INTROSPECTION_FIELDS
from arkitekt_di.server.identity.introspection import Introspection
from arkitekt_di.server.identity.rate_limit import RateLimit, network_of
from arkitekt_di.server.identity.revocation import FIELDS as REVOCATION_FIELDS
from arkitekt_di.server.identity.revocation import Revocation
from arkitekt_di.server.identity.sealing import Answer
from arkitekt_di.server.identity.standing import Standing
from arkitekt_di.server.identity.token_issuer import FIELDS as TOKEN_FIELDS
from arkitekt_di.server.identity.token_issuer import TokenIssuer

REQUESTS_A_MINUTE = 60
"""Apps that one sender may register in a minute; a test suite starts many."""

WRONG_KEYS_A_MINUTE = 30
"""Mandate keys that one sender may show in vain in a minute; those that are accepted do not count."""

CHALLENGE = 'Basic realm="arkitekt"'

log = logging.getLogger(__name__)


class OAuthEndpoint:
    """The endpoints of programs.

    Parameters
    ----------
    address : Address
    codes : DeviceCodes
    issuer : TokenIssuer
    revocation : Revocation
    introspection : Introspection
    clock : Clock
    """

    def __init__(
        self,
        address: Address,
        codes: DeviceCodes,
        issuer: TokenIssuer,
        revocation: Revocation,
        introspection: Introspection,
        clock: Clock,
    ) -> None:
        self._address = address
        self._codes = codes
        self._issuer = issuer
        self._revocation = revocation
        self._introspection = introspection
        self._limit = RateLimit(tries=REQUESTS_A_MINUTE, window_s=MINUTE_S, clock=clock)
        self._wrong_keys = RateLimit(tries=WRONG_KEYS_A_MINUTE, window_s=MINUTE_S, clock=clock)
        self._approver: Standing | None = None

    def approve_all_as(self, approver: Standing) -> None:
        """Approve every app from now on, without a person."""
        self._approver = approver

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """Return the routes."""
        return (
            web.post("/o/app-authorization/", self._register),
            web.post("/o/token/", self._token),
            web.post("/o/revoke/", self._revoke),
            web.post("/o/introspect/", self._introspect),
            web.post("/o/device-authorization/", self._authorize_device),
        )

    async def _register(self, request: web.Request) -> web.Response:
        remote = request.remote or "unknown"
        if not self._limit.take(network_of(remote)):
            return _too_many()
        try:
            asked = await read_json(request, AppRequest)
        except OAuth2Error as error:
            return _refused_app(error)
        issued = await self._codes.issue(asked, remote[:64], approver=self._approver)
        if issued is None:
            return _too_many()
        log.info("app %r %r asks to be let in from %s", asked.manifest.identifier, asked.manifest.version, remote)
        return self._device_code(request, issued)

    async def _authorize_device(self, request: web.Request) -> web.Response:
        remote = request.remote or "unknown"
        if not self._limit.take(network_of(remote)):
            return _too_many()
        try:
            fields = await read_client_form(request, DEVICE_FIELDS)
            issued = await self._codes.issue_for_client(fields, remote[:64], approver=self._approver)
        except OAuth2Error as error:
            return _refused(request, error)
        if issued is None:
            return _too_many()
        log.info("client %s asks to be let in from %s", issued.client_id, remote)
        return self._device_code(request, issued)

    def _device_code(self, request: web.Request, issued: IssuedCode) -> web.Response:
        url = self._address.url_for(request)
        message = DeviceCode(
            device_code=SecretStr(issued.device_code),
            user_code=issued.user_code,
            client_id=issued.client_id,
            token_endpoint=f"{url}/o/token/",
            verification_uri=f"{url}/device",
            verification_uri_complete=f"{url}/configure/{issued.user_code}",
            expires_in=issued.expires_in,
            interval=INTERVAL_S,
        )
        return json_answer(message.revealed())

    async def _token(self, request: web.Request) -> web.Response:
        sender = _sender(request)
        try:
            fields = await read_client_form(request, TOKEN_FIELDS)
            shows_key = not fields.keys().isdisjoint({"key", "redeem_token"})
            if shows_key and not self._wrong_keys.take(network_of(sender)):
                return _too_many()
            answer = await self._issuer.answer(fields, url=self._address.url_for(request), remote=sender)
        except OAuth2Error as error:
            return _refused(request, error)
        if shows_key and answer.status == web.HTTPOk.status_code:
            self._wrong_keys.give_back(network_of(sender))
        return _sent(request, answer)

    async def _revoke(self, request: web.Request) -> web.Response:
        try:
            fields = await read_client_form(request, REVOCATION_FIELDS)
            return _sent(request, await self._revocation.answer(fields, remote=_sender(request)))
        except OAuth2Error as error:
            return _refused(request, error)

    async def _introspect(self, request: web.Request) -> web.Response:
        try:
            fields = await read_client_form(request, INTROSPECTION_FIELDS)
            return _sent(request, await self._introspection.answer(fields))
        except OAuth2Error as error:
            return _refused(request, error)


def _sender(request: web.Request) -> str:
    return (request.remote or "unknown")[:64]


def _sent(request: web.Request, answer: Answer) -> web.Response:
    return _challenging(request, json_answer(answer.body, status=answer.status, headers=answer.headers))


def _refused(request: web.Request, error: OAuth2Error) -> web.Response:
    return _challenging(request, refusal(error))


def _challenging(request: web.Request, response: web.Response) -> web.Response:
    # RFC 6749, section 5.2: a client that used the header is told which scheme would do.
    if response.status == web.HTTPUnauthorized.status_code and "Authorization" in request.headers:
        response.headers["WWW-Authenticate"] = CHALLENGE
    return response


def _refused_app(error: OAuth2Error) -> web.Response:
    # Fakts' own member `status` beside the members of RFC 6749.
    body = {"status": "error", "error": error.error, "error_description": error.description}
    return json_answer(json.dumps(body).encode(), status=error.status_code)


def _too_many() -> web.Response:
    return json_answer(b'{"error": "slow_down"}', status=429, headers={"Retry-After": str(MINUTE_S)})
