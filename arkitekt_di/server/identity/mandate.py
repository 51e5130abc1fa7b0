"""The mandate key grant: a program that nobody sits in front of logs in with a key."""

import hashlib
import hmac
import json
from typing import Any

from oauthlib.common import Request
from oauthlib.oauth2.rfc6749.errors import InvalidGrantError, OAuth2Error
from oauthlib.oauth2.rfc6749.grant_types.base import GrantTypeBase
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from arkitekt_di.server.identity.app_request import AppRequest
from arkitekt_di.server.identity.audit import Action
from arkitekt_di.server.identity.logins import lasting_login
from arkitekt_di.server.identity.scopes import grantable
from arkitekt_di.server.identity.standing import Standing, standing_in
from arkitekt_di.server.identity.tables import Client, Login, Mandate, MandatedClient, User
from arkitekt_di.server.identity.validator import HubValidator


class MandateKeyGrant(GrantTypeBase):
    """Exchanges a mandate key for an access token; there is no refresh token, as the key does not wear out.

    Parameters
    ----------
    validator : HubValidator
    asked : AppRequest
        The app that shows the key.
    """

    def __init__(self, validator: HubValidator, asked: AppRequest) -> None:
        super().__init__(validator)
        self._validator = validator
        self._asked = asked

    def create_token_response(self, request: Request, token_handler: Any) -> tuple[dict[str, str], str, int]:
        """Answer a token request in the way of oauthlib's grants."""
        session, now = self._validator.session, int(self._validator.now)
        try:
            mandate = find_mandate(session, getattr(request, "key", None) or "", request)
            holder = holder_of(session, mandate, self._asked, now, request)
        except OAuth2Error as error:
            return error.headers, error.json, error.status_code
        mandate.used_at = now
        request.client = registered(session, mandate, self._asked, now)
        self._validator.admit(self._login(session, mandate, request.client, holder), request)
        token = token_handler.create_token(request, refresh_token=False)
        self._validator.save_token(token, request)
        return {}, json.dumps(token), 200

    def _login(self, session: Session, mandate: Mandate, client: Client, holder: Standing) -> Login:
        scopes = grantable(client.manifest.scopes)
        login = lasting_login(session, client, holder, scopes, int(self._validator.now))
        if mandate.expires_at is not None:
            login.expires_at = min(login.expires_at, mandate.expires_at)  # its tokens end with the key, to the second
        if login.used_at is None:
            self._validator.note(Action.MANDATE_USED, login)
        return login


def find_mandate(session: Session, key_digest: str, request: Request) -> Mandate:
    """Return the mandate whose key was shown; raises ``InvalidGrantError`` where there is none (any more)."""
    # Looked up by its digest, so how long that takes tells nothing about the key itself.
    mandate = session.scalars(select(Mandate).where(Mandate.key_digest == key_digest)).one_or_none()
    if mandate is None or not hmac.compare_digest(mandate.key_digest, key_digest):
        raise InvalidGrantError("this hub has no such mandate key, or it was removed", request=request)
    return mandate


def holder_of(session: Session, mandate: Mandate, asked: AppRequest, now: int, request: Request) -> Standing:
    """Return whom the app acts as; raises ``InvalidGrantError`` where the mandate does not cover it."""
    if mandate.expires_at is not None and mandate.expires_at <= now:
        raise InvalidGrantError("the mandate key has expired", request=request)
    if mandate.app is not None and mandate.app != asked.manifest.identifier:
        raise InvalidGrantError("the mandate key is for another app", request=request)
    holder = standing_in(session, mandate.user_id, mandate.organization_id)
    if holder is None:
        raise InvalidGrantError("the user of the mandate key is no longer a member", request=request)
    return holder


def registered(session: Session, mandate: Mandate, asked: AppRequest, now: int) -> Client:
    """Return the client of the app, the same one at every login: the key is shown again every hour."""
    manifest_json = asked.manifest.model_dump_json()
    identity = "\n".join((mandate.id, asked.requested_client_kind, asked.requested_client_role, manifest_json))
    client_id = f"mandate-{hashlib.sha256(identity.encode()).hexdigest()[:32]}"
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
        session.add(MandatedClient(client_id=client_id, mandate_id=mandate.id))
        session.flush()
    return client


def end_mandates(
    session: Session, user_id: str, *, organization_id: str | None = None, mandate_id: str | None = None
) -> None:
    """Remove the keys of a user, in one organization or in all, or one of them; every login by them ends."""
    whose = select(Mandate.id).where(Mandate.user_id == user_id)
    if organization_id is not None:
        whose = whose.where(Mandate.organization_id == organization_id)
    if mandate_id is not None:
        whose = whose.where(Mandate.id == mandate_id)
    ids = session.scalars(whose).all()
    made_for_it = session.scalars(select(Mandate.user_id).where(Mandate.id.in_(ids), Mandate.is_service)).all()
    clients = select(MandatedClient.client_id).where(MandatedClient.mandate_id.in_(ids))
    session.execute(delete(Client).where(Client.client_id.in_(clients)))  # with its logins and their tokens
    session.execute(delete(Mandate).where(Mandate.id.in_(ids)))
    session.execute(delete(User).where(User.id.in_(made_for_it)))
