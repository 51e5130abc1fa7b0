"""The mandate key: programs of the user who runs a local hub log in with it, without a person."""

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

from oauthlib.common import Request
from oauthlib.oauth2.rfc6749.errors import InvalidGrantError, OAuth2Error
from oauthlib.oauth2.rfc6749.grant_types.base import GrantTypeBase
from sqlalchemy.orm import Session

from arkitekt_di.server.identity.app_request import AppRequest
from arkitekt_di.server.identity.logins import lasting_login
from arkitekt_di.server.identity.scopes import grantable
from arkitekt_di.server.identity.standing import Standing
from arkitekt_di.server.identity.tables import Client
from arkitekt_di.server.identity.validator import HubValidator


@dataclass(frozen=True)
class Mandate:
    """Who is logged in by the mandate key.

    Attributes
    ----------
    key_digest : str
        Digest of the key; the key itself is not kept.
    holder : Standing
    """

    key_digest: str
    holder: Standing


class MandateKeyGrant(GrantTypeBase):
    """Exchanges the mandate key for an access token; there is no refresh token, as the key does not wear out.

    Parameters
    ----------
    validator : HubValidator
    mandate : Mandate
    asked : AppRequest
        The app that presents the key.
    """

    def __init__(self, validator: HubValidator, mandate: Mandate, asked: AppRequest) -> None:
        super().__init__(validator)
        self._validator = validator
        self._mandate = mandate
        self._asked = asked

    def create_token_response(self, request: Request, token_handler: Any) -> tuple[dict[str, str], str, int]:
        """Answer a token request in the way of oauthlib's grants."""
        try:
            if not hmac.compare_digest(self._mandate.key_digest, getattr(request, "key", None) or ""):
                raise InvalidGrantError("the mandate key is not the one of this hub", request=request)
        except OAuth2Error as error:
            return error.headers, error.json, error.status_code
        session, now = self._validator.session, int(self._validator.now)
        request.client = registered(session, self._asked, now)
        scopes = grantable(request.client.manifest.scopes)
        self._validator.admit(lasting_login(session, request.client, self._mandate.holder, scopes, now), request)
        token = token_handler.create_token(request, refresh_token=False)
        self._validator.save_token(token, request)
        return {}, json.dumps(token), 200


def registered(session: Session, asked: AppRequest, now: int) -> Client:
    """Return the client of the app, the same one at every login: the key is presented again every hour."""
    manifest_json = asked.manifest.model_dump_json()
    identity = "\n".join((asked.requested_client_kind, asked.requested_client_role, manifest_json))
    client_id = f"local-{hashlib.sha256(identity.encode()).hexdigest()[:32]}"
    client = session.get(Client, client_id)
    if client is None:
        client = Client(
            client_id=client_id,
            manifest_json=manifest_json,
            kind=asked.requested_client_kind,
            role=asked.requested_client_role,
            created_at=now,
        )
        session.add(client)
        session.flush()
    return client
