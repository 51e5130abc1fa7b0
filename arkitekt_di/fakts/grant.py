"""Ways to be let in by a hub."""

from collections.abc import Iterable
from typing import Any, Protocol

from arkitekt_di.errors import LoginRequiredError
from arkitekt_di.fakts.known_hub import KnownHub
from arkitekt_di.messages.manifest import Manifest
from arkitekt_di.messages.oauth import TokenResponse

REQUESTED_CLIENT = {"requested_client_kind": "development", "requested_client_role": "interface"}
"""What an app says it is: run by a person from source, and not an agent that others call."""


class Grant(Protocol):
    """Lets an app in."""

    def suits(self, hub: KnownHub) -> bool:
        """Tell whether this way is open at *hub*."""
        ...

    def is_silent(self, hub: KnownHub) -> bool:
        """Tell whether no person is needed, as often as the hub is asked."""
        ...

    def asks_person(self, hub: KnownHub) -> bool:
        """Tell whether a person is needed now."""
        ...

    def tag(self) -> str:
        """Return what sets its logins apart from those that other credentials gave; empty where nothing does."""
        ...

    async def claim(self, hub: KnownHub, manifest: Manifest) -> TokenResponse:
        """Ask *hub* for tokens and configuration.

        Raises
        ------
        LoginError
            The hub or a person refused, or nobody answered in time.
        ConnectionLostError
            The hub does not answer any more.
        """
        ...


class FirstGrant:
    """The first of several ways that is open.

    Parameters
    ----------
    grants : iterable of Grant
        In the order of preference.
    """

    def __init__(self, grants: Iterable[Grant]) -> None:
        self._grants = tuple(grants)

    def suits(self, hub: KnownHub) -> bool:
        """Tell whether any way is open at *hub*."""
        return any(grant.suits(hub) for grant in self._grants)

    def is_silent(self, hub: KnownHub) -> bool:
        """Tell whether the way that is taken needs no person."""
        return self._first(hub).is_silent(hub)

    def asks_person(self, hub: KnownHub) -> bool:
        """Tell whether the way that is taken needs a person now."""
        return self._first(hub).asks_person(hub)

    def tag(self) -> str:
        """Return the tags of all ways: a credential that is added or taken away makes other logins."""
        return "".join(grant.tag() for grant in self._grants)

    async def claim(self, hub: KnownHub, manifest: Manifest) -> TokenResponse:
        """Ask by the first way that is open; the others are not tried after it."""
        return await self._first(hub).claim(hub, manifest)

    def _first(self, hub: KnownHub) -> Grant:
        for grant in self._grants:
            if grant.suits(hub):
                return grant
        raise LoginRequiredError(hub.url, "the hub offers no way of logging in that this app knows")


def wire_form(manifest: Manifest) -> dict[str, Any]:
    """Return the manifest as the hub wants it."""
    return manifest.model_dump(mode="json", by_alias=True)
