"""What oauthlib asks about each token request, answered from the database in one transaction.

oauthlib keeps the order of the checks and the shape of the errors.  It never sees a credential: codes, keys and tokens
reach it as digests, and what it "generates" is a placeholder that the hub replaces.  So nothing that oauthlib logs, at
any level, opens anything.
"""

from dataclasses import dataclass
from typing import Any

from oauthlib.common import Request
from oauthlib.oauth2.rfc6749.errors import InvalidClientError, InvalidGrantError, InvalidScopeError
from oauthlib.oauth2.rfc8628.request_validator import RequestValidator
from sqlalchemy.orm import Session

from arkitekt_di.server.identity.logins import issue_refresh_token, login_behind, spend_refresh_token
from arkitekt_di.server.identity.redemption import redeem
from arkitekt_di.server.identity.standing import Standing, standing_in
from arkitekt_di.server.identity.tables import Client, Login


@dataclass(frozen=True)
class Granted:
    """What a token request came to; the refresh token is the only secret in it."""

    login: Login
    client: Client
    standing: Standing
    scopes: tuple[str, ...]
    refresh_token: str | None

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
    """

    def __init__(self, session: Session, *, now: float, refresh_token_s: int) -> None:
        super().__init__()
        self._session = session
        self._now = now
        self._refresh_token_s = refresh_token_s
        self._login: Login | None = None
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
        """Every client is public, so there is no secret to ask for."""
        return False

    def authenticate_client(self, request: Request, *_args: Any, **_kwargs: Any) -> bool:
        """No client has a secret."""
        return False

    def authenticate_client_id(self, client_id: str | None, request: Request, *_args: Any, **_kwargs: Any) -> bool:
        """Find the public client."""
        request.client = None if client_id is None else self._session.get(Client, client_id)
        return request.client is not None

    def validate_grant_type(
        self, client_id: str, grant_type: str, client: Any, request: Request, *_args: Any, **_kwargs: Any
    ) -> bool:
        """Every client may use every grant that the endpoint has."""
        return True

    # --- scopes ----------------------------------------------------------------------------------

    def get_default_scopes(self, client_id: str, request: Request, *_args: Any, **_kwargs: Any) -> list[str]:
        """Return what was granted: a token request never widens it."""
        return [] if self._login is None else self._login.scopes

    def get_original_scopes(self, refresh_token: str, request: Request, *_args: Any, **_kwargs: Any) -> list[str]:
        """Return what was granted when the person approved the app."""
        return [] if self._login is None else self._login.scopes

    def validate_scopes(
        self, client_id: str, scopes: list[str], client: Any, request: Request, *_args: Any, **_kwargs: Any
    ) -> bool:
        """Tell whether all of *scopes* were granted."""
        return self._login is not None and set(scopes) <= set(self._login.scopes)

    # --- grants ----------------------------------------------------------------------------------

    def validate_device_code(
        self, client_id: str, code: str, request: Request, *_args: Any, **_kwargs: Any
    ) -> str | None:
        """Answer a poll; an approved code is used up by it."""
        redemption = redeem(self._session, code, _client_of(request), self._now)
        if redemption.login is not None:
            self.admit(redemption.login, request)
        return redemption.status

    def validate_refresh_token(
        self, refresh_token: str, client: Any, request: Request, *_args: Any, **_kwargs: Any
    ) -> bool:
        """Use the refresh token up."""
        login = login_behind(self._session, refresh_token, client.client_id)
        if login is None:
            return False
        if not set((request.scope or "").split()) <= set(login.scopes):
            raise InvalidScopeError(request=request)  # before the token is used up: a wish too many costs no login
        if not spend_refresh_token(self._session, refresh_token, login, int(self._now)):
            return False
        self.admit(login, request)
        return True

    def admit(self, login: Login, request: Request) -> None:
        """Take note whom the token will stand for."""
        self._login = login
        request.user = login.user_id
        request.scopes = login.scopes

    def save_bearer_token(self, token: Any, request: Request, *_args: Any, **_kwargs: Any) -> None:
        """Record the grant; the refresh token is made here and not by oauthlib."""
        login = self._login
        standing = None if login is None else standing_in(self._session, login.user_id, login.organization_id)
        if login is None or standing is None:
            raise InvalidGrantError("the user is no longer a member", request=request)
        refresh_token = None
        if "refresh_token" in token:
            refresh_token = issue_refresh_token(
                self._session, login, lifetime_s=self._refresh_token_s, now=int(self._now)
            )
        self.granted = Granted(login, _client_of(request), standing, tuple(request.scopes or ()), refresh_token)


def _client_of(request: Request) -> Client:
    # oauthlib asks for the client first; anything else would be a change of its order that must not pass unseen.
    if not isinstance(request.client, Client):
        raise InvalidClientError(request=request)
    return request.client
