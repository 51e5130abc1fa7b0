"""Where programs get tokens: ``/o/app-authorization/``, ``/o/token/`` and ``/o/revoke/``."""

import json
import logging
from collections.abc import Sequence

from aiohttp import web
from oauthlib.oauth2 import InvalidClientError, OAuth2Error
from pydantic import SecretStr

from arkitekt_di.messages.fakts import DeviceCode
from arkitekt_di.server.address import Address
from arkitekt_di.server.identity.answers import json_answer, refusal
from arkitekt_di.server.identity.app_request import AppRequest
from arkitekt_di.server.identity.clock import MINUTE_S, Clock
from arkitekt_di.server.identity.device_codes import INTERVAL_S, DeviceCodes
from arkitekt_di.server.identity.forms import read_form, read_json
from arkitekt_di.server.identity.rate_limit import RateLimit, network_of
from arkitekt_di.server.identity.revocation import FIELDS as REVOCATION_FIELDS
from arkitekt_di.server.identity.revocation import Revocation
from arkitekt_di.server.identity.standing import Standing
from arkitekt_di.server.identity.token_issuer import FIELDS as TOKEN_FIELDS
from arkitekt_di.server.identity.token_issuer import Answer, TokenIssuer

REQUESTS_A_MINUTE = 60
"""Apps that one sender may register in a minute; a test suite starts many."""

log = logging.getLogger(__name__)


class OAuthEndpoint:
    """The endpoints of programs.

    Parameters
    ----------
    address : Address
    codes : DeviceCodes
    issuer : TokenIssuer
    revocation : Revocation
    clock : Clock
    """

    def __init__(
        self, address: Address, codes: DeviceCodes, issuer: TokenIssuer, revocation: Revocation, clock: Clock
    ) -> None:
        self._address = address
        self._codes = codes
        self._issuer = issuer
        self._revocation = revocation
        self._limit = RateLimit(tries=REQUESTS_A_MINUTE, window_s=MINUTE_S, clock=clock)
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
        try:
            _refuse_secrets(request)
            fields = await read_form(request, TOKEN_FIELDS)
            return _sent(await self._issuer.answer(fields, url=self._address.url_for(request)))
        except OAuth2Error as error:
            return refusal(error)

    async def _revoke(self, request: web.Request) -> web.Response:
        try:
            _refuse_secrets(request)
            return _sent(await self._revocation.answer(await read_form(request, REVOCATION_FIELDS)))
        except OAuth2Error as error:
            return refusal(error)


def _refuse_secrets(request: web.Request) -> None:
    # Every client is public; one that authenticates takes this hub for another (RFC 6749, section 5.2).
    if "Authorization" in request.headers:
        raise InvalidClientError("this hub has public clients only", status_code=401)


def _sent(answer: Answer) -> web.Response:
    return json_answer(answer.body, status=answer.status, headers=answer.headers)


def _refused_app(error: OAuth2Error) -> web.Response:
    # Fakts' own member `status` beside the members of RFC 6749.
    body = {"status": "error", "error": error.error, "error_description": error.description}
    return json_answer(json.dumps(body).encode(), status=error.status_code)


def _too_many() -> web.Response:
    return json_answer(b'{"error": "slow_down"}', status=429, headers={"Retry-After": str(MINUTE_S)})
