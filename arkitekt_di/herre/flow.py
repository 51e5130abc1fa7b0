"""What a way of logging in has to offer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from arkitekt_di.herre.store import TokenKey
from arkitekt_di.messages.fakts import ActiveFakts
from arkitekt_di.messages.oauth import OAuthRefusal, Token


@dataclass(frozen=True)
class Login:
    """What a login or its renewal gave.

    Attributes
    ----------
    token : Token
    configuration : ActiveFakts or None
        What the hub gave along with it, where fakts does not have it yet.
    """

    token: Token
    configuration: ActiveFakts | None = None


class LoginFlow(Protocol):
    """A way of logging in, and of keeping that login alive."""

    @property
    def key(self) -> TokenKey:
        """Under which the login is kept; its issuer is who gives the tokens."""
        ...

    @property
    def is_repeatable(self) -> bool:
        """Whether `login` needs no person, now and later; then nothing is kept."""
        ...

    @property
    def asks_person(self) -> bool:
        """Whether `login` needs a person now."""
        ...

    async def login(self, more: Sequence[str] = ()) -> Login:
        """Log in.

        Parameters
        ----------
        more : sequence of str, optional
            Scopes to ask for beside those of the manifest.

        Raises
        ------
        LoginError
            Somebody refused, nobody answered in time, or nobody can be asked here.
        ConnectionLostError
            Whoever gives the tokens does not answer.
        """
        ...

    async def renew(self, token: Token) -> Login | OAuthRefusal | None:
        """Exchange the refresh token of *token*; None where it has none.  Raises as `login` does."""
        ...

    async def revoke(self, token: Token) -> None:
        """Tell whoever gave *token* that it is not needed any more (RFC 7009), where they want to know."""
        ...
