"""What a client asks for at the authorization endpoint, checked by oauthlib against the database."""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from oauthlib.common import Request
from oauthlib.oauth2 import AuthorizationCodeGrant, AuthorizationEndpoint
from oauthlib.oauth2.rfc6749.errors import CustomOAuth2Error, InvalidRequestError
from sqlalchemy.orm import Session

from arkitekt_di.server.identity.forms import encode_form
from arkitekt_di.server.identity.scopes import grantable
from arkitekt_di.server.identity.tables import Client
from arkitekt_di.server.identity.validator import HubValidator

FIELDS = frozenset(
    {
        "client_id",
        "response_type",
        "response_mode",
        "redirect_uri",
        "scope",
        "state",
        "nonce",
        "code_challenge",
        "code_challenge_method",
        "prompt",
        "max_age",
    }
)
"""Every parameter that means anything here."""

REFUSED = ("request", "request_uri")
"""Ways to send the parameters that the hub does not have (OpenID Connect Core 1.0, section 6)."""

CHALLENGE_METHOD = "S256"
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
MAX_TEXT = 1024
"""Characters of ``state`` and ``nonce``; a nonce is kept and signed."""

MAX_AGE = re.compile(r"[0-9]{1,9}")
PROMPTS = frozenset({"none", "login", "consent", "select_account"})


class HubCodeGrant(AuthorizationCodeGrant):
    """The authorization code grant with the one challenge method that protects it (RFC 9700, section 2.1.1).

    The verifier reaches this class as the challenge that it makes, so the two are compared as they are.
    """

    _code_challenge_methods = MappingProxyType({CHALLENGE_METHOD: hmac.compare_digest})


@dataclass(frozen=True)
class AuthorizationRequest:
    """A request that is in order: the person may be asked."""

    client: Client
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str | None
    nonce: str | None
    code_challenge: str
    prompts: frozenset[str]
    max_age: int | None


def check_request(session: Session, fields: Mapping[str, str], *, now: float) -> AuthorizationRequest:
    """Return what *fields* ask for.

    Raises
    ------
    oauthlib.oauth2.rfc6749.errors.FatalClientError
        Client or redirect URI are wrong, so the browser must not be sent there.
    oauthlib.oauth2.rfc6749.errors.OAuth2Error
        Something else is wrong; the error knows the redirect URI and the state, for the client to be told.
    """
    validator = HubValidator(session, now=now, refresh_token_s=0)
    grant = HubCodeGrant(validator, post_auth=[_check_more, _Refusals(fields)])
    endpoint = AuthorizationEndpoint("code", "Bearer", {"code": grant})
    plain = {name: value for name, value in fields.items() if name in FIELDS}
    _, info = endpoint.validate_authorization_request(f"/o/authorize/?{encode_form(plain)}")
    request = info["request"]
    return AuthorizationRequest(
        client=request.client,
        redirect_uri=request.redirect_uri,
        scopes=tuple(grantable((request.scope or "").split())),
        state=request.state,
        nonce=request.nonce,
        code_challenge=request.code_challenge,
        prompts=frozenset((request.prompt or "").split()),
        max_age=None if request.max_age is None else int(request.max_age),
    )


class _Refusals:
    def __init__(self, fields: Mapping[str, str]) -> None:
        self._fields = fields

    def __call__(self, request: Request) -> dict[str, str]:
        for name in REFUSED:
            if name in self._fields:
                raise CustomOAuth2Error(f"{name}_not_supported", request=request)
        return {}


def _check_more(request: Request) -> dict[str, str]:
    prompts = frozenset((request.prompt or "").split())
    rules = {
        "response_mode must be query": request.response_mode in {None, "query"},
        "code_challenge must be a SHA-256 in base64url": CHALLENGE.fullmatch(request.code_challenge or ""),
        "state or nonce is too long": max(len(request.state or ""), len(request.nonce or "")) <= MAX_TEXT,
        "max_age must be a number of seconds": request.max_age is None or MAX_AGE.fullmatch(request.max_age),
        "prompt makes no sense": prompts <= PROMPTS and ("none" not in prompts or len(prompts) == 1),
    }
    for description, holds in rules.items():
        if not holds:
            raise InvalidRequestError(description, request=request)
    return {}
