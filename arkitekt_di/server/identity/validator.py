"""What oauthlib asks about each token request, answered from the database in one transaction.

oauthlib keeps the order of the checks and the shape of the errors.  It never sees a credential: codes, keys and tokens
reach it as digests, and what it "generates" is a placeholder that the hub replaces.  So nothing that oauthlib logs, at
any level, opens anything.
"""

import hmac
from dataclasses import dataclass
from typing import Any

from oauthlib.common import Request
from oauthlib.oauth2.rfc6749.errors import InvalidClientError, InvalidGrantError, InvalidScopeError
from oauthlib.oauth2.rfc8628.request_validator import RequestValidator
from sqlalchemy.orm import Session

from arkitekt_di.server.identity.audit import Action
from arkitekt_di.server.identity.client_rights import CLIENT_CREDENTIALS_GRANT, CODE_GRANT, CONFIDENTIAL, GRANTS
from arkitekt_di.server.identity.code_redemption import RedeemedCode, ReusedCode, redeem_code
from arkitekt_di.server.identity.id_tokens import Authentication
from arkitekt_di.server.identity.logins import (
    Spending,
    issue_refresh_token,
    lasting_login,
    login_behind,
    revoke,
    spend_refresh_token,
)
from arkitekt_di.server.identity.redemption import redeem
from arkitekt_di.server.identity.redirect_uris import is_registered
from arkitekt_di.server.identity.scopes import SCOPES
from arkitekt_di.server.identity.standing import Standing, standing_in
from arkitekt_di.server.identity.tables import Client, Login, Registration
from arkitekt_di.server.identity.trail import Trail


@dataclass(frozen=True)
class Granted:
    """What a token request came to; the refresh token is the only secret in it.

    ``authentication`` is there where a person has just let the app in on the consent page.
    """

    login: Login
    client: Client
    standing: Standing
    scopes: tuple[str, ...]
    refresh_token: str | None
    authentication: Authentication | None = None

    def __repr__(self) -> str:
        return f"Granted(login={self.login.id!r})"


class HubValidator(RequestValidator):
    """Answers oauthlib for one request.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        The transaction of the request.
    now : float
    refresh_token_s : int
        Lifetime of a refresh token, in seconds.
    trail : Trail, optional
        Where it is written down that a login has ended; not needed where no credential is redeemed.
    """

    def __init__(self, session: Session, *, now: float, refresh_token_s: int, trail: Trail | None = None) -> None:
        super().__init__()
        self._session = session
        self._now = now
        self._refresh_token_s = refresh_token_s
        self._trail = trail
        self._login: Login | None = None
        self._code: RedeemedCode | None = None
        self.granted: Granted | None = None

    @property
    def session(self) -> Session:
        """The transaction of the request."""
        return self._session

    @property
    def now(self) -> float:
        """When the request came, the same for every check of it."""
        return self._now

    # --- clients ---------------------------------------------------------------------------------

    def client_authentication_required(self, request: Request, *_args: Any, **_kwargs: Any) -> bool:
        """Tell whether the client has a secret, or claims to."""
        client = self._find(request.client_id)
        return request.client_secret is not None or (client is not None and client.kind in CONFIDENTIAL)

    def authenticate_client(self, request: Request, *_args: Any, **_kwargs: Any) -> bool:
        """Find the confidential client and compare its secret, both as digests."""
        client = self._find(request.client_id)
        registration = None if client is None else self._session.get(Registration, client.client_id)
        secret = None if registration is None else registration.secret_digest
        request.client = client
        return secret is not None and hmac.compare_digest(secret, request.client_secret or "")

    def authenticate_client_id(self, client_id: str | None, request: Request, *_args: Any, **_kwargs: Any) -> bool:
        """Find the public client."""
        request.client = self._find(client_id)
        return request.client is not None and request.client.kind not in CONFIDENTIAL

    def validate_client_id(self, client_id: str, request: Request, *_args: Any, **_kwargs: Any) -> bool:
        """Find the client that sends a person's browser."""
        request.client = self._find(client_id)
        return request.client is not None

    def validate_grant_type(
        self, client_id: str, grant_type: str, client: Any, request: Request, *_args: Any, **_kwargs: Any
    ) -> bool:
        """Tell whether clients of this kind may use the grant."""
        return grant_type in GRANTS[client.kind]

    # --- the authorization endpoint --------------------------------------------------------------

    def validate_response_type(
        self, client_id: str, response_type: str, client: Any, request: Request, *_args: Any, **_kwargs: Any
    ) -> bool:
        """Tell whether the client may ask for a code; there is no other response type."""
        return response_type == "code" and CODE_GRANT in GRANTS[client.kind]

    def validate_redirect_uri(
        self, client_id: str, redirect_uri: str, request: Request, *_args: Any, **_kwargs: Any
    ) -> bool:
        """Tell whether the client registered the address."""
        return is_registered(redirect_uri, client_of(request).redirect_uris.split())

    def get_default_redirect_uri(self, client_id: str, request: Request, *_args: Any, **_kwargs: Any) -> str:
        """Return nothing: a client names the address each time."""
        return ""

    def is_pkce_required(self, client_id: str, request: Request) -> bool:
        """Every client proves that the code is its own (RFC 9700, section 2.1.1)."""
        return True

    # --- scopes ----------------------------------------------------------------------------------

    def get_default_scopes(self, client_id: str, request: Request, *_args: Any, **_kwargs: Any) -> list[str]:
        """Return what was granted, which a token request never widens; else what the client was registered for."""
        if self._login is not None:
            return self._login.scopes
        return list(client_of(request).manifest.scopes)

    def get_original_scopes(self, refresh_token: str, request: Request, *_args: Any, **_kwargs: Any) -> list[str]:
        """Return what was granted when the person approved the app."""
        return [] if self._login is None else self._login.scopes

    def validate_scopes(
        self, client_id: str, scopes: list[str], client: Any, request: Request, *_args: Any, **_kwargs: Any
    ) -> bool:
        """Tell whether all of *scopes* were granted, or may be where nothing is yet.

        At the authorization endpoint any wish will do: the person is shown what the hub knows of them, and the answer
        says what was granted (RFC 6749, section 3.3).
        """
        if request.grant_type == CLIENT_CREDENTIALS_GRANT:
            return set(scopes) <= set(client.manifest.scopes) & set(SCOPES)
        if request.grant_type is None:
            return True
        return self._login is not None and set(scopes) <= set(self._login.scopes)

    # --- grants ----------------------------------------------------------------------------------

    def validate_device_code(
        self, client_id: str, code: str, request: Request, *_args: Any, **_kwargs: Any
    ) -> str | None:
        """Answer a poll; an approved code is used up by it."""
        redemption = redeem(self._session, code, client_of(request), self._now)
        self._end_reused(redemption.reused_login_id)
        if redemption.login is not None:
            self.admit(redemption.login, request)
        return redemption.status

    def validate_code(
        self, client_id: str, code: str, client: Any, request: Request, *_args: Any, **_kwargs: Any
    ) -> bool:
        """Use the authorization code up, before anything else about it is looked at."""
        redeemed = redeem_code(self._session, code, client.client_id, int(self._now))
        if isinstance(redeemed, ReusedCode):
            self._end_reused(redeemed.login_id)
        if not isinstance(redeemed, RedeemedCode):
            return False
        self._code = redeemed
        request.user = self._code.code.user_id
        request.scopes = self._code.scopes
        return True

    def get_code_challenge(self, code: str, request: Request) -> str:
        """Return what the verifier must make."""
        return self._redeemed(request).code.code_challenge

    def get_code_challenge_method(self, code: str, request: Request) -> str:
        """Return the one method."""
        return "S256"

    def confirm_redirect_uri(
        self, client_id: str, code: str, redirect_uri: str, client: Any, request: Request, *_args: Any, **_kwargs: Any
    ) -> bool:
        """Tell whether the code was sent to that address; oauthlib would call the difference an invalid request."""
        if redirect_uri != self._redeemed(request).code.redirect_uri:
            raise InvalidGrantError("the code was sent to another redirect_uri", request=request)
        return True

    def invalidate_authorization_code(
        self, client_id: str, code: str, request: Request, *_args: Any, **_kwargs: Any
    ) -> None:
        """Do nothing: the code is used up since it was first looked at."""

    def validate_refresh_token(
        self, refresh_token: str, client: Any, request: Request, *_args: Any, **_kwargs: Any
    ) -> bool:
        """Use the refresh token up."""
        login = login_behind(self._session, refresh_token, client.client_id)
        if login is None:
            return False
        if not set((request.scope or "").split()) <= set(login.scopes):
            raise InvalidScopeError(request=request)  # before the token is used up: a wish too many costs no login
        spending = spend_refresh_token(self._session, refresh_token, login, int(self._now))
        if spending is Spending.REUSED:
            self._end_reused(login.id)
        if spending is not Spending.SPENT:
            return False
        self.admit(login, request)
        return True

    def admit(self, login: Login, request: Request) -> None:
        """Take note whom the token will stand for."""
        self._login = login
        request.user = login.user_id
        request.scopes = login.scopes

    def end(self, login_id: str, action: Action) -> None:
        """End a login, and write it down where it was open until now."""
        if revoke(self._session, login_id, int(self._now)):
            self.note(action, self._session.get_one(Login, login_id))

    def note(self, action: Action, login: Login) -> None:
        """Write down what has happened to a login."""
        if self._trail is not None:
            self._trail.note(self._session, action, login)

    def _end_reused(self, login_id: str | None) -> None:
        """End what the first use of a credential has opened (RFC 6749, section 4.1.2; RFC 9700, section 4.14.2)."""
        if login_id is not None:
            self.end(login_id, Action.CREDENTIAL_REUSED)

    def save_bearer_token(self, token: Any, request: Request, *_args: Any, **_kwargs: Any) -> None:
        """Record the grant; the refresh token is made here and not by oauthlib."""
        login = self._login = self._login or self._open(request)
        standing = None if login is None else standing_in(self._session, login.user_id, login.organization_id)
        if login is None or standing is None:
            raise InvalidGrantError("the user is no longer a member", request=request)
        login.used_at = int(self._now)
        refresh_token = None
        if "refresh_token" in token:
            refresh_token = issue_refresh_token(
                self._session, login, lifetime_s=self._refresh_token_s, now=int(self._now)
            )
        authentication = None if self._code is None else self._code.authentication
        scopes = tuple(request.scopes or ())
        self.granted = Granted(login, client_of(request), standing, scopes, refresh_token, authentication)

    def _open(self, request: Request) -> Login | None:
        """Return the login that begins with this request, where one does."""
        client, now = client_of(request), int(self._now)
        if self._code is not None:
            return self._code.open(self._session, client, now)
        registration = self._session.get(Registration, client.client_id)
        if request.grant_type != CLIENT_CREDENTIALS_GRANT or registration is None or registration.user_id is None:
            return None
        holder = standing_in(self._session, registration.user_id, registration.organization_id)
        return None if holder is None else lasting_login(self._session, client, holder, client.manifest.scopes, now)

    def _redeemed(self, request: Request) -> RedeemedCode:
        if self._code is None:
            raise InvalidGrantError(request=request)
        return self._code

    def _find(self, client_id: str | None) -> Client | None:
        return None if client_id is None else self._session.get(Client, client_id)


def client_of(request: Request) -> Client:
    """Return the client that oauthlib has found."""
    # oauthlib asks for the client first; anything else would be a change of its order that must not pass unseen.
    if not isinstance(request.client, Client):
        raise InvalidClientError(request=request)
    return request.client
