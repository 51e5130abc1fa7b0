"""What services may ask of fakts."""

from typing import Protocol

from arkitekt_di.messages.fakts import ActiveFakts, Alias, WellKnown
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
    def hub(self) -> WellKnown:
        """The hub in use."""
        ...

    @property
    def active(self) -> ActiveFakts:
        """The configuration in use."""
        ...

    async def aclaim(self) -> Token:
        """Ask the hub to let the app in, with a person's help where that is needed.

        Raises
        ------
        LoginError
            The hub or a person refused, or nobody answered in time.
        """
        ...
