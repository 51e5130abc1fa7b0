"""Ways to find a hub."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from pydantic import SecretStr

from arkitekt_di.errors import HubNotTrustedError, HubUnreachableError
from arkitekt_di.fakts.facts import Facts
from arkitekt_di.fakts.first_contact import ANSWER_S
from arkitekt_di.fakts.lan import Candidate, hear_nearby
from arkitekt_di.fakts.local_hub import LocalHub
from arkitekt_di.fakts.location import HubLocation
from arkitekt_di.fakts.pins import HubPins
from arkitekt_di.fakts.remembered import RememberedHubs
from arkitekt_di.protocols.person import Person
from arkitekt_di.settings.models import FaktsSettings

log = logging.getLogger(__name__)


class Discovery(Protocol):
    """Finds where the hub is; whether it is one is asked later."""

    async def find(self) -> HubLocation:
        """Return where the hub is.

        Raises
        ------
        DiscoveryError
            There is none.
        """
        ...


class StaticDiscovery:
    """Always the same hub.

    Parameters
    ----------
    url : str
    mandate_key : pydantic.SecretStr, optional
        Lets the app in without a person.
    is_hearsay : bool, optional
        Whether the hub has to prove its key, whoever vouches for it.
    """

    def __init__(self, url: str, mandate_key: SecretStr | None = None, *, is_hearsay: bool = False) -> None:
        self._location = HubLocation(url, mandate_key, is_hearsay=is_hearsay)

    async def find(self) -> HubLocation:
        """Return the one location."""
        return self._location


class LocalHubDiscovery:
    """The user's local hub, started where it does not run.

    Parameters
    ----------
    local_hub : LocalHub
    """

    def __init__(self, local_hub: LocalHub) -> None:
        self._local_hub = local_hub

    async def find(self) -> HubLocation:
        """Return where the local hub is; raises `HubStartError` where it does not come up."""
        record = await self._local_hub.ensure()
        return HubLocation(record.url, record.mandate_key)


class ConfiguredDiscovery:
    """The hub that the settings name, else what another discovery finds.

    Parameters
    ----------
    settings : FaktsSettings
    fallback : Discovery
        Asked where the settings name no hub.
    """

    def __init__(self, settings: FaktsSettings, fallback: Discovery) -> None:
        self._discovery = fallback if settings.url is None else StaticDiscovery(settings.url)

    async def find(self) -> HubLocation:
        """Return where the hub is."""
        return await self._discovery.find()


class FactsDiscovery:
    """The hub that a configuration of the user's names, else what another discovery finds.

    Parameters
    ----------
    facts : Facts
    fallback : Discovery
    """

    def __init__(self, facts: Facts, fallback: Discovery) -> None:
        self._facts = facts
        self._fallback = fallback

    async def find(self) -> HubLocation:
        """Return where the hub is; raises `ConfigurationError` where the configuration is none."""
        given = await asyncio.to_thread(self._facts.read)
        if given is None or given.self.alias is None:
            return await self._fallback.find()
        return HubLocation(given.self.alias.url())


class RememberedDiscovery:
    """The hub that the user chose with ``arkitekt-di auth``, else what another discovery finds.

    Parameters
    ----------
    remembered : RememberedHubs
    fallback : Discovery
    """

    def __init__(self, remembered: RememberedHubs, fallback: Discovery) -> None:
        self._remembered = remembered
        self._fallback = fallback

    async def find(self) -> HubLocation:
        """Return where the hub is."""
        current = (await asyncio.to_thread(self._remembered.load)).current
        return await self._fallback.find() if current is None else HubLocation(current)


class LanDiscovery:
    """A hub that announces itself on the local network, where the settings want that; else what another finds.

    One that was trusted before goes first.  Otherwise a person chooses, and is asked again whether its key is right.

    Parameters
    ----------
    settings : FaktsSettings
    pins : HubPins
    person : Person
    fallback : Discovery
        Asked where nothing is heard, or nothing is listened for.
    hear : callable, optional
        Listens and returns candidates.
    """

    def __init__(
        self,
        settings: FaktsSettings,
        pins: HubPins,
        person: Person,
        fallback: Discovery,
        hear: Callable[[], Awaitable[Sequence[Candidate]]] = hear_nearby,
    ) -> None:
        self._settings = settings
        self._pins = pins
        self._person = person
        self._fallback = fallback
        self._hear = hear

    async def find(self) -> HubLocation:
        """Return where the hub is; raises `HubNotTrustedError` where nobody can choose."""
        heard = await self._hear() if self._settings.lan else ()
        if not heard:
            return await self._fallback.find()
        trusted = [one for one in heard if await asyncio.to_thread(self._pins.load, one.url) is not None]
        chosen = trusted[0] if len(trusted) == 1 else await self._choose(trusted or heard)
        log.info("using the hub %r, which was heard on the local network", chosen.url)
        return HubLocation(chosen.url, is_hearsay=True)

    async def _choose(self, candidates: Sequence[Candidate]) -> Candidate:
        listed = [f"  {number}  {one.name} at {one.url}" for number, one in enumerate(candidates, 1)]
        question = "\n".join(("", "These hubs announce themselves on the local network:", "", *listed, "", "Which? "))
        answer = await self._person.ask(question, timeout_s=ANSWER_S)
        if answer is None or not answer.isdecimal() or not 1 <= int(answer) <= len(candidates):
            found = ", ".join(one.url for one in candidates)
            reason = f"it was only heard of on the local network, and nobody chose it. Heard: {found}"
            raise HubNotTrustedError(candidates[0].url, reason)
        return candidates[int(answer) - 1]


class NoDiscovery:
    """For apps that use no hub unless one is named."""

    async def find(self) -> HubLocation:
        """Raise `HubUnreachableError`."""
        raise HubUnreachableError("no address", "none is named or remembered")
