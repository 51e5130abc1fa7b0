"""What services may ask of fakts."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from arkitekt_di.messages.fakts import ActiveFakts, Alias, WellKnown
from arkitekt_di.messages.manifest import Manifest
from arkitekt_di.messages.oauth import Token


class AliasSource(Protocol):
    """Finds an address at which a service answers."""

    async def aget_alias(self, key: str) -> Alias:
        """Return an address of service *key* that answered its challenge.

        Raises
        ------
        ServiceNotGrantedError
            The hub did not grant the service.
        ServiceUnreachableError
            No address answers; the error lists each with its reason.
        """
        ...


class ClaimSource(Protocol):
    """Lets the app in, once or anew."""

    @property
    def url(self) -> str:
        """Address at which the hub was found; tokens are bound to it, not to a name that the hub gives itself."""
        ...

    @property
    def hub(self) -> WellKnown:
        """The hub in use."""
        ...

    @property
    def manifest(self) -> Manifest:
        """The app that is let in."""
        ...

    @property
    def is_silent(self) -> bool:
        """Whether `aclaim` works without a person, as often as it is called."""
        ...

    @property
    def asks_person(self) -> bool:
        """Whether `aclaim` needs a person now; a login that was made elsewhere needs none, but only once."""
        ...

    @property
    def digest(self) -> str:
        """What a login is good for: the manifest, and the credential that it grew from where one was given."""
        ...

    @property
    def is_configured(self) -> bool:
        """Whether `active` is known, from a claim or from an earlier run."""
        ...

    @property
    def active(self) -> ActiveFakts:
        """The configuration in use."""
        ...

    async def aclaim(self, more: Sequence[str] = ()) -> Token:
        """Ask the hub to let the app in, with a person's help where that is needed.

        Parameters
        ----------
        more : sequence of str, optional
            Scopes to ask for beside those of the manifest.

        Raises
        ------
        LoginError
            The hub or a person refused, or nobody answered in time.
        """
        ...

    async def aadopt(self, configuration: ActiveFakts) -> None:
        """Take the configuration that came with a renewed token."""
        ...

    def renew_with(self, renewal: Callable[[], Awaitable[object]] | None) -> None:
        """Name what renews the token, and thereby the configuration, without a person; None takes it back."""
        ...
