"""Tokens as they travel and as they are kept."""

from collections.abc import Mapping
from typing import Any, Never, Self

from pydantic import Field, SecretStr, SerializerFunctionWrapHandler, field_validator, model_serializer

from arkitekt_di.messages.fakts import ActiveFakts
from arkitekt_di.messages.model import Message

MAX_REASON = 200
"""The most characters of a peer's explanation that are shown."""


class OAuthRefusal(Message):
    """Error answer of an OAuth endpoint (RFC 6749, section 5.2, and RFC 8628, section 3.5)."""

    error: str
    error_description: str | None = None

    @property
    def reason(self) -> str:
        """What the peer said, fit for a terminal."""
        said = self.error if self.error_description is None else f"{self.error}: {self.error_description}"
        return "".join(character for character in said if character.isprintable())[:MAX_REASON]


class TokenResponse(ActiveFakts):
    """Successful answer of the token endpoint (RFC 6749, section 5.1) with fakts' configuration in it."""

    access_token: SecretStr
    refresh_token: SecretStr | None = None
    id_token: SecretStr | None = None
    token_type: str = "Bearer"  # noqa: S105  # a scheme, not a secret
    expires_in: int = 3600
    scope: str = ""
    client_id: str

    @model_serializer(mode="wrap")
    def _without_absent_members(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # RFC 6749, appendix A: a token is a string, so one that is not there is left out.
        return {name: value for name, value in serialize(self).items() if value is not None}

    def __reduce__(self) -> Never:
        message = "an answer with tokens is never pickled"
        raise TypeError(message)


class TokenAnswer(Message):
    """Successful answer of any token endpoint (RFC 6749, section 5.1); a hub may put its configuration in it."""

    access_token: SecretStr = Field(min_length=1)
    refresh_token: SecretStr | None = None
    id_token: SecretStr | None = None
    token_type: str
    expires_in: int = Field(default=3600, gt=0)
    scope: str = ""
    configuration: ActiveFakts | None = None

    @field_validator("token_type")
    @classmethod
    def _is_bearer(cls, kind: str) -> str:
        if kind.lower() != "bearer":  # RFC 6749, section 7.1: a type that is not understood is not used
            raise ValueError("not a bearer token")
        return kind

    @classmethod
    def of(cls, members: Mapping[str, Any]) -> Self:
        """Read the members of an answer; a configuration stands among them."""
        return cls.model_validate({**members, "configuration": members if "self" in members else None})

    def __reduce__(self) -> Never:
        message = "an answer with tokens is never pickled"
        raise TypeError(message)


class DeviceAuthorization(Message):
    """Answer of a standard device authorization endpoint (RFC 8628, section 3.2)."""

    device_code: SecretStr
    user_code: str
    verification_uri: str
    verification_uri_complete: str | None = None
    expires_in: int
    interval: int = 5


class EndUser(Message):
    """Who has logged in, as an issuer's ID token says.

    Attributes
    ----------
    sub : str
        Identifier, never given to anybody else by the same issuer.
    name, email : str or None
        Where the issuer tells them.
    """

    sub: str
    name: str | None = None
    email: str | None = None


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
    end_user : EndUser or None
        Who has logged in, where the issuer proved that by an ID token.
    """

    access_token: SecretStr
    refresh_token: SecretStr | None = None
    expires_at: float
    scopes: tuple[str, ...] = ()
    client_id: str
    issuer: str
    end_user: EndUser | None = None

    @classmethod
    def received(cls, answer: TokenResponse, *, issuer: str, now: float) -> "Token":
        """Return the token of an *answer* that *issuer* gave at the Unix time *now*."""
        return cls(
            access_token=answer.access_token,
            refresh_token=answer.refresh_token,
            expires_at=now + answer.expires_in,
            scopes=tuple(answer.scope.split()),
            client_id=answer.client_id,
            issuer=issuer,
        )

    @classmethod
    def issued(
        cls, answer: TokenAnswer, *, client_id: str, issuer: str, now: float, end_user: EndUser | None = None
    ) -> "Token":
        """Return the token of an *answer* that *issuer* gave to *client_id* at the Unix time *now*."""
        return cls(
            access_token=answer.access_token,
            refresh_token=answer.refresh_token,
            expires_at=now + answer.expires_in,
            scopes=tuple(answer.scope.split()),
            client_id=client_id,
            issuer=issuer,
            end_user=end_user,
        )

    def __reduce__(self) -> Never:
        message = "a token is never pickled"
        raise TypeError(message)
