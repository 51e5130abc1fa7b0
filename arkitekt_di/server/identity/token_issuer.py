"""Turns token requests into answers: oauthlib decides, the hub mints."""

import asyncio
import json
from collections.abc import Mapping

from oauthlib.oauth2 import BearerToken, ClientCredentialsGrant, DeviceCodeGrant, RefreshTokenGrant, TokenEndpoint
from oauthlib.oauth2.rfc6749.errors import InvalidRequestError, OAuth2Error, UnsupportedGrantTypeError
from oauthlib.oauth2.rfc6749.grant_types.base import GrantTypeBase
from pydantic import SecretStr
from sqlalchemy.orm import Session

from arkitekt_di.messages.fakts import DEVICE_CODE_GRANT, MANDATE_KEY_GRANT, REDEEM_GRANT, SelfFakts
from arkitekt_di.messages.manifest import Manifest
from arkitekt_di.messages.oauth import TokenResponse
from arkitekt_di.server.database import Database
from arkitekt_di.server.directory import Directory, alias_at
from arkitekt_di.server.identity.access_tokens import AccessTokens
from arkitekt_di.server.identity.app_request import AppRequest
from arkitekt_di.server.identity.audit import AuditLog
from arkitekt_di.server.identity.authorization_request import HubCodeGrant
from arkitekt_di.server.identity.client_rights import CLIENT_CREDENTIALS_GRANT, CODE_GRANT, REFRESH_GRANT
from arkitekt_di.server.identity.clock import Clock
from arkitekt_di.server.identity.forms import encode_form, parse_json
from arkitekt_di.server.identity.id_tokens import IdTokens
from arkitekt_di.server.identity.mandate import MandateKeyGrant
from arkitekt_di.server.identity.scopes import OPENID
from arkitekt_di.server.identity.sealing import CREDENTIALS, Answer, seal
from arkitekt_di.server.identity.trail import Trail
from arkitekt_di.server.identity.validator import Granted, HubValidator

FIELDS = frozenset(
    {
        "grant_type",
        "client_id",
        "scope",
        "redirect_uri",
        "code_verifier",
        "manifest",
        "requested_client_kind",
        "requested_client_role",
        *CREDENTIALS,
    }
)
"""Every field of a token request that means anything here."""

GRANT_TYPES = (CODE_GRANT, DEVICE_CODE_GRANT, REFRESH_GRANT, CLIENT_CREDENTIALS_GRANT, MANDATE_KEY_GRANT)
"""The grants that a hub has."""

PLACEHOLDER = "made by the hub"


class TokenIssuer:
    """Answers the token endpoint.

    Parameters
    ----------
    database : Database
    access_tokens : AccessTokens
    id_tokens : IdTokens
    directory : Directory
    refresh_token_s : int
        Lifetime of a refresh token, in seconds.
    hub_name : str
    audit : AuditLog
    clock : Clock
    """

    def __init__(  # noqa: PLR0913  # everything that stands in an answer
        self,
        database: Database,
        access_tokens: AccessTokens,
        id_tokens: IdTokens,
        directory: Directory,
        *,
        refresh_token_s: int,
        hub_name: str,
        audit: AuditLog,
        clock: Clock,
    ) -> None:
        self._database = database
        self._access_tokens = access_tokens
        self._id_tokens = id_tokens
        self._directory = directory
        self._refresh_token_s = refresh_token_s
        self._hub_name = hub_name
        self._clock = clock
        self._audit = audit
        self._mandate_login = asyncio.Lock()

    async def answer(self, fields: Mapping[str, str], *, url: str, remote: str) -> Answer:
        """Answer a token request of *remote* that reached the hub at *url*.

        Raises ``OAuth2Error`` where the request makes no sense.
        """
        fields = renamed(fields)
        grant_type = fields.get("grant_type")
        if grant_type is None:
            raise InvalidRequestError("grant_type is missing")
        if grant_type not in GRANT_TYPES:
            raise UnsupportedGrantTypeError
        if grant_type != MANDATE_KEY_GRANT:
            return await self._decide(fields, url, Trail(self._audit, remote), None)
        asked = read_mandate_request(fields)
        async with self._mandate_login:  # two first logins of one app at once must not both register it
            return await self._decide(fields, url, Trail(self._audit, remote), asked)

    async def _decide(self, fields: Mapping[str, str], url: str, trail: Trail, asked: AppRequest | None) -> Answer:
        sealed = seal(fields)
        async with self._database.transaction() as session:
            return await session.run_sync(self._decide_in, sealed, url, trail, asked)

    def _decide_in(
        self, session: Session, fields: Mapping[str, str], url: str, trail: Trail, asked: AppRequest | None
    ) -> Answer:
        validator = HubValidator(session, now=self._clock(), refresh_token_s=self._refresh_token_s, trail=trail)
        try:
            headers, body, status = self._endpoint(validator, asked).create_token_response(
                "/o/token/", "POST", encode_form(fields)
            )
        except OAuth2Error as error:  # refused after the grant's own checks
            headers, body, status = error.headers, error.json, error.status_code
        if validator.granted is None or status != 200:
            return Answer(status or 400, (body or "").encode(), headers)
        return Answer(status, self._response(validator.granted, url).revealed(), headers)

    def _endpoint(self, validator: HubValidator, asked: AppRequest | None) -> TokenEndpoint:
        grants: dict[str, GrantTypeBase] = {
            CODE_GRANT: HubCodeGrant(validator),
            DEVICE_CODE_GRANT: DeviceCodeGrant(validator),
            CLIENT_CREDENTIALS_GRANT: ClientCredentialsGrant(validator),
            REFRESH_GRANT: RefreshTokenGrant(validator),
        }
        if asked is not None:
            grants[MANDATE_KEY_GRANT] = MandateKeyGrant(validator, asked)
        bearer = BearerToken(
            validator,
            token_generator=_placeholder,
            refresh_token_generator=_placeholder,
            expires_in=self._access_tokens.lifetime_s,
        )
        return TokenEndpoint(DEVICE_CODE_GRANT, bearer, grants)  # type: ignore[arg-type]  # the stub says str

    def _response(self, granted: Granted, url: str) -> TokenResponse:
        instances, statuses = self._directory.instances(granted.client.manifest.requirements, url)
        audience = sorted({name for instance in instances.values() for name in (instance.service, instance.identifier)})
        access_token = self._access_tokens.mint(
            granted.login, granted.client, granted.standing, scopes=granted.scopes, audience=audience
        )
        id_token = None
        if granted.authentication is not None and OPENID in granted.scopes:
            id_token = self._id_tokens.mint(
                granted.client.client_id, granted.standing, granted.authentication, access_token
            )
        return TokenResponse(
            access_token=SecretStr(access_token),
            id_token=None if id_token is None else SecretStr(id_token),
            refresh_token=None if granted.refresh_token is None else SecretStr(granted.refresh_token),
            expires_in=self._access_tokens.lifetime_s,
            scope=" ".join(granted.scopes),
            client_id=granted.client.client_id,
            self=SelfFakts(
                deployment_name=self._hub_name,
                alias=alias_at(url, identifier="self", path=""),
                sub=granted.standing.user_id,
                organization=granted.standing.organization_slug,
            ),
            instances=instances,
            statuses=statuses,
        )


def renamed(fields: Mapping[str, str]) -> Mapping[str, str]:
    """Return a token request as today's clients write it: those before fakts 6 call a mandate key a redeem token."""
    if fields.get("grant_type") != REDEEM_GRANT:
        return fields
    rest = {name: value for name, value in fields.items() if name not in {"grant_type", "redeem_token", "key"}}
    return {**rest, "grant_type": MANDATE_KEY_GRANT, "key": fields.get("redeem_token", "")}


def read_mandate_request(fields: Mapping[str, str]) -> AppRequest:
    """Return what an app with a mandate key asks for; its manifest comes as JSON in a field of the form."""
    if "manifest" not in fields:
        raise InvalidRequestError("manifest is missing")
    asked = {name: value for name, value in fields.items() if name.startswith("requested_client_")}
    manifest = parse_json(fields["manifest"], Manifest)
    return parse_json(json.dumps({**asked, "manifest": manifest.model_dump()}), AppRequest)


def _placeholder(_request: object, *_: object, **__: object) -> str:
    return PLACEHOLDER
