"""fakts: which hub is in use, which services it offers, and at which addresses."""

import asyncio
import hashlib
import logging
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from arkitekt_di.errors import (
    AliasFailure,
    AppStateError,
    ArkitektError,
    LoginRequiredError,
    ServiceNotGrantedError,
    ServiceUnreachableError,
)
from arkitekt_di.fakts.alias_race import first_good
from arkitekt_di.fakts.cache import ClaimCache, ClaimKey
from arkitekt_di.fakts.card import Card
from arkitekt_di.fakts.challenge import failed_challenge
from arkitekt_di.fakts.discovery import Discovery
from arkitekt_di.fakts.facts import Facts
from arkitekt_di.fakts.first_contact import FirstContact
from arkitekt_di.fakts.grant import Grant
from arkitekt_di.fakts.known_hub import KnownHub, read_hub
from arkitekt_di.messages.fakts import ActiveFakts, Alias, Instance, WellKnown
from arkitekt_di.messages.manifest import Manifest
from arkitekt_di.messages.oauth import Token
from arkitekt_di.settings.models import FaktsSettings
from arkitekt_di.transport.http import HttpClient

log = logging.getLogger(__name__)

RECHECK_S = 60.0
"""An address that answered its challenge is used for this many seconds before it is asked again."""


@dataclass(frozen=True)
class _GoodAlias:
    alias: Alias
    found_at: float


class Fakts:
    """Finds the hub, is let in by it, and knows the services that it gave.

    It keeps no token: whoever asks for a claim gets it.

    Parameters
    ----------
    manifest : Manifest
        The app.
    discovery : Discovery
        Finds the hub.
    grant : Grant
        The way to be let in.
    http : HttpClient
    cache : ClaimCache
        Keeps configurations that a person's login gave.
    facts : Facts
        A configuration that the user gave; it holds whatever the hub says.
    first_contact : FirstContact
        Decides about a hub that nothing vouches for.
    settings : FaktsSettings
    clock : callable, optional
        Seconds that never run backwards.
    """

    def __init__(  # noqa: PLR0913  # its collaborators, each by name
        self,
        *,
        manifest: Manifest,
        discovery: Discovery,
        grant: Grant,
        http: HttpClient,
        cache: ClaimCache,
        facts: Facts,
        first_contact: FirstContact,
        settings: FaktsSettings,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._manifest = manifest
        self._discovery = discovery
        self._grant = grant
        self._http = http
        self._cache = cache
        self._facts = facts
        self._first_contact = first_contact
        self._are_given = False
        self._settings = settings
        self._clock = clock
        self._hub: KnownHub | None = None
        self._active: ActiveFakts | None = None
        self._may_be_stale = False
        self._renewal: Callable[[], Awaitable[object]] | None = None
        self._good: dict[str, _GoodAlias] = {}
        self._last_good: dict[str, str] = {}  # outlives a configuration: a hint, not a promise
        self._asking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def start(self) -> None:
        """Find the hub, and recall what it gave to this app in an earlier run.

        Raises
        ------
        DiscoveryError
            There is no hub, or it does not answer like one.
        InsecureTransportError
            The hub could only be reached where others can read along.
        ProtocolMismatchError
            The hub speaks another version of the protocol.
        ConfigurationError
            The user gave a configuration that is none.
        """
        location = await self._discovery.find()
        self._hub = await read_hub(
            self._http,
            location,
            timeout_s=self._settings.discovery_timeout_s,
            first_contact=self._first_contact,
        )
        log.info("using the hub %r at %s", self._hub.document.name, self._hub.url)
        self._active = await asyncio.to_thread(self._facts.read)
        self._are_given = self._active is not None
        if not self.is_silent and not self._are_given:
            self._active = await asyncio.to_thread(self._cache.load, self._key)
            self._may_be_stale = self._active is not None

    async def stop(self) -> None:
        """Forget the hub and its configuration."""
        self._hub = self._active = self._renewal = None
        self._good.clear()

    @property
    def url(self) -> str:
        """Address at which the hub was found."""
        return self._known.url

    @property
    def hub(self) -> WellKnown:
        """What the hub in use says about itself."""
        return self._known.document

    @property
    def fingerprint(self) -> str | None:
        """Fingerprint of the key that the hub was trusted by; None where the connection proves who answers."""
        return self._known.fingerprint

    @property
    def manifest(self) -> Manifest:
        """The app."""
        return self._manifest

    @property
    def is_silent(self) -> bool:
        """Whether `aclaim` works without a person, as often as it is called."""
        return self._grant.is_silent(self._known)

    @property
    def asks_person(self) -> bool:
        """Whether `aclaim` needs a person now."""
        return self._grant.asks_person(self._known)

    @property
    def digest(self) -> str:
        """What a login is good for: the manifest, and the credential that it grew from where one was given."""
        # A login goes to no other hub that comes to be trusted at the same address.
        digest, *others = filter(None, (self._manifest.digest(), self._grant.tag(), self._known.fingerprint))
        return hashlib.sha256("\n".join((digest, *others)).encode()).hexdigest() if others else digest

    @property
    def is_configured(self) -> bool:
        """Whether `active` is known."""
        return self._active is not None

    @property
    def active(self) -> ActiveFakts:
        """The configuration in use.

        Raises
        ------
        LoginRequiredError
            The hub has not let the app in yet.
        """
        if self._active is None:
            raise LoginRequiredError(self.url, "the hub has not given this app a configuration yet")
        return self._active

    def get(self, key: str) -> dict[str, Any]:
        """Look into the configuration in use.

        Parameters
        ----------
        key : str
            A service, such as ``mikro``, or ``self`` for what the hub says about itself and the user.

        Returns
        -------
        dict
            As the hub wrote it.

        Raises
        ------
        ServiceNotGrantedError
            There is no such service for this app.
        """
        found = self.active.self if key == "self" else self._instance(key)
        return found.model_dump(mode="json", exclude_none=True)

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
        ConnectionLostError
            The hub does not answer any more.
        """
        scopes = tuple(dict.fromkeys((*self._manifest.scopes, *more)))
        answer = await self._grant.claim(self._known, self._manifest.model_copy(update={"scopes": scopes}))
        await self.aadopt(answer)
        return Token.received(answer, issuer=self.url, now=time.time())

    async def aadopt(self, configuration: ActiveFakts) -> None:
        """Take a fresh *configuration*, and keep it where a person had to be asked for it.

        One that the user gave stays.
        """
        if self._are_given:
            return
        # An answer of the token endpoint is a configuration with tokens in it; they end here.
        self._active = ActiveFakts.model_validate(configuration.model_dump(include=set(ActiveFakts.model_fields)))
        self._may_be_stale = False
        self._good.clear()
        if not self.is_silent:
            await asyncio.to_thread(self._cache.save, self._key, self._active)

    def renew_with(self, renewal: Callable[[], Awaitable[object]] | None) -> None:
        """Name what brings a fresh configuration without a person; None takes it back."""
        self._renewal = renewal

    async def aget_alias(self, key: str) -> Alias:
        """Return an address of service *key* that answered its challenge within the last minute.

        After that the address is asked again, the last good one first: the machine may have moved to another network.
        A configuration from an earlier run in which no address answers is fetched again, once.

        Raises
        ------
        ServiceNotGrantedError
            The hub did not grant the service.
        ServiceUnreachableError
            No address answers; the error lists each with its reason.
        """
        async with self._asking[key]:
            good = self._good.get(key)
            if good is None or self._clock() - good.found_at > RECHECK_S:
                good = self._good[key] = _GoodAlias(await self._find_alias(key), self._clock())
            return good.alias

    async def _find_alias(self, key: str) -> Alias:
        try:
            return await self._race(key)
        except (ServiceUnreachableError, ServiceNotGrantedError) as failure:
            if not self._may_be_stale or self._renewal is None:
                raise
            await self._fetch_again(self._renewal, failure)
        return await self._race(key)

    async def _fetch_again(self, renewal: Callable[[], Awaitable[object]], failure: ArkitektError) -> None:
        self._may_be_stale = False
        known = self._active
        try:
            await renewal()
        except ArkitektError as error:
            raise failure from error
        if self._active is known:
            # Another program has renewed the login meanwhile, and has left its configuration in the cache.
            self._active = await asyncio.to_thread(self._cache.load, self._key) or known

    async def _race(self, key: str) -> Alias:
        instance = self._instance(key)

        async def failed(alias: Alias) -> AliasFailure | None:
            return await failed_challenge(self._http, alias, instance, timeout_s=self._settings.challenge_timeout_s)

        last = self._last_good.get(key)
        ordered = sorted(instance.aliases, key=lambda alias: alias.url() != last)  # stable: the others stay in order
        alias = await first_good(key, ordered, failed)
        self._last_good[key] = alias.url()
        return alias

    def _instance(self, key: str) -> Instance:
        instances = self.active.instances
        if key not in instances:
            raise ServiceNotGrantedError(key, sorted(instances))
        return instances[key]

    @property
    def _known(self) -> KnownHub:
        if self._hub is None:
            raise AppStateError("no hub has been looked for yet. Open the app first: `with app:`")
        return self._hub

    @property
    def _key(self) -> ClaimKey:
        return ClaimKey(self.url, self.digest)

    @property
    def _card(self) -> Card:
        if self._hub is None:
            return Card("no hub", "no address", None)
        return Card(self._hub.document.name, self._hub.url, self._active)

    def __repr__(self) -> str:
        return repr(self._card)

    def _repr_html_(self) -> str:
        return self._card.html()

    def __rich__(self) -> Any:
        return self._card.rich()
