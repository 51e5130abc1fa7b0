"""Tokens as they travel and as they are kept."""

from pydantic import SecretStr

from arkitekt_di.messages.fakts import ActiveFakts
from arkitekt_di.messages.model import Message


class TokenResponse(ActiveFakts):
    """Successful answer of the token endpoint (RFC 6749, section 5.1) with fakts' configuration in it."""

    access_token: SecretStr
    refresh_token: SecretStr | None = None
    token_type: str = "Bearer"  # noqa: S105  # a scheme, not a secret
    expires_in: int = 3600
    scope: str = ""
    client_id: str


class Token(Message):
    """An access token and what is needed to renew it.

    Attributes
    ----------
    access_token : pydantic.SecretStr
    refresh_token : pydantic.SecretStr or None
        None where the grant gives none, such as the mandate key.
    expires_at : float
        Unix time in seconds.
    scopes : tuple of str
        What was granted, which may be less than was asked.
    client_id : str
        The client that the token was issued to.
    issuer : str
        The hub that issued it; a token is never sent to another.
    """

    access_token: SecretStr
    refresh_token: SecretStr | None = None
    expires_at: float
    scopes: tuple[str, ...] = ()
    client_id: str
    issuer: str
