"""Lets the person in front of a desktop program choose the hub, and remembers it once it has let the app in."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from arkitekt_di.errors import HubUnreachableError
from arkitekt_di.fakts.desktop.cards import Choice, ChoiceCard
from arkitekt_di.fakts.desktop.front import Front
from arkitekt_di.fakts.discovery import LocalHubDiscovery
from arkitekt_di.fakts.lan import Candidate, hear_nearby
from arkitekt_di.fakts.local_hub import LocalHub
from arkitekt_di.fakts.location import HubLocation
from arkitekt_di.fakts.remembered import RememberedHubs
from arkitekt_di.protocols.fakts import ClaimSource
from arkitekt_di.protocols.herre import TokenSource
from arkitekt_di.settings.models import FaktsSettings

OWN = "A hub of my own, on this computer"


class HubChoice:
    """The hub that a person chooses.

    Parameters
    ----------
    settings : FaktsSettings
    front : Front
    remembered : RememberedHubs
    local_hub : LocalHub
    hear : callable, optional
        Listens for hubs on the local network, where the settings want that.

    Attributes
    ----------
    chosen : Choice or None
        What was chosen.
    """

    def __init__(
        self,
        settings: FaktsSettings,
        front: Front,
        remembered: RememberedHubs,
        local_hub: LocalHub,
        hear: Callable[[], Awaitable[Sequence[Candidate]]] = hear_nearby,
    ) -> None:
        self._settings = settings
        self._front = front
        self._remembered = remembered
        self._own = LocalHubDiscovery(local_hub)
        self._hear = hear
        self.chosen: Choice | None = None

    async def find(self) -> HubLocation:
        """Return where the chosen hub is; raises `HubUnreachableError` where none is chosen."""
        card = ChoiceCard(await self._choices())
        with self._front.showing(card):
            try:
                self.chosen = await asyncio.wrap_future(card.answer)
            except asyncio.CancelledError as error:
                task = asyncio.current_task()
                if task is not None and task.cancelling():
                    raise
                raise HubUnreachableError("no address", "no hub was chosen") from error
        return await self._own.find() if self.chosen.location is None else self.chosen.location

    async def _choices(self) -> tuple[Choice, ...]:
        known = (await asyncio.to_thread(self._remembered.load)).known
        heard = await self._hear() if self._settings.lan else ()
        return (
            *(Choice(url, HubLocation(url)) for url in known),
            *(
                Choice(f"{one.name} at {one.url}, heard on the local network", HubLocation(one.url, is_hearsay=True))
                for one in heard
                if one.url not in known
            ),
            Choice(OWN, None),
        )


class ChosenHubKept:
    """Remembers a hub that was chosen, once it has let the app in; one that was mistyped is asked for again.

    Parameters
    ----------
    choice : HubChoice
    remembered : RememberedHubs
    claims : ClaimSource
    tokens : TokenSource
        Has logged in when this starts.
    """

    def __init__(self, choice: HubChoice, remembered: RememberedHubs, claims: ClaimSource, tokens: TokenSource) -> None:
        self._choice = choice
        self._remembered = remembered
        self._claims = claims
        self._tokens = tokens

    async def start(self) -> None:
        """Remember the hub; one's own on this computer moves from port to port and is chosen anew."""
        chosen = self._choice.chosen
        if chosen is not None and chosen.location is not None:
            await asyncio.to_thread(self._remembered.choose, self._claims.url)

    async def stop(self) -> None:
        """Do nothing: nothing was opened."""


def typed(address: str) -> Choice:
    """Return the choice of an address that somebody typed."""
    return Choice(address, HubLocation(address.strip()))
