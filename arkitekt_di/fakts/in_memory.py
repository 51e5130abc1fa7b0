"""A configuration that needs no hub: for tests, and to try things out."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType

from pydantic import SecretStr

from arkitekt_di.errors import LoginRequiredError, ServiceNotGrantedError
from arkitekt_di.messages.fakts import ActiveFakts, Alias, Instance, SelfFakts, WellKnown
from arkitekt_di.messages.manifest import Manifest
from arkitekt_di.messages.oauth import Token

URL = "http://in-memory.invalid"
"""Address of the hub that there is not (RFC 6761, section 6.4)."""

LIFETIME_S = 3600.0
NOWHERE: Mapping[str, Alias] = MappingProxyType({})


class InMemoryFakts:
    """Lets the app in at once, and knows the addresses that it was given.

    Parameters
    ----------
    manifest : Manifest
        The app.
    addresses : mapping of str to Alias, optional
        Address of each service; any other was not granted.
    """

    def __init__(self, manifest: Manifest, addresses: Mapping[str, Alias] = NOWHERE) -> None:
        self._manifest = manifest
        self._addresses = addresses
        self._active: ActiveFakts | None = None
        self._claims = 0

    async def start(self) -> None:
        """Do nothing: there is no hub to be found."""

    async def stop(self) -> None:
        """Forget the configuration."""
        self._active = None

    @property
    def url(self) -> str:
        """Address of a hub that nobody reaches."""
        return URL

    @property
    def hub(self) -> WellKnown:
        """What a hub would say about itself."""
        return WellKnown(name="No hub: in memory", protocol_version="2", base_url=URL, issuer=URL)

    @property
    def manifest(self) -> Manifest:
        """The app."""
        return self._manifest

    @property
    def is_silent(self) -> bool:
        """Whether nobody is asked: always."""
        return True

    @property
    def asks_person(self) -> bool:
        """Whether somebody is asked: never."""
        return False

    @property
    def digest(self) -> str:
        """What a login is good for: the manifest."""
        return self._manifest.digest()

    @property
    def is_configured(self) -> bool:
        """Whether the app was let in."""
        return self._active is not None

    @property
    def active(self) -> ActiveFakts:
        """The configuration; raises `LoginRequiredError` before the app was let in."""
        if self._active is None:
            raise LoginRequiredError(URL, "the app has not been let in yet")
        return self._active

    async def aclaim(self, more: Sequence[str] = ()) -> Token:
        """Let the app in, as often as it asks; it gets every scope that it wants."""
        self._claims += 1
        instances = {
            key: Instance(service=key, identifier=key, aliases=(alias,)) for key, alias in self._addresses.items()
        }
        about = SelfFakts(deployment_name=self.hub.name, sub="nobody", organization="memory")
        self._active = ActiveFakts(self=about, instances=instances, statuses=dict.fromkeys(instances, "granted"))
        return Token(
            access_token=SecretStr(f"in memory, number {self._claims}"),
            expires_at=time.time() + LIFETIME_S,
            scopes=tuple(dict.fromkeys((*self._manifest.scopes, *more))),
            client_id=self._manifest.identifier,
            issuer=URL,
        )

    async def aadopt(self, configuration: ActiveFakts) -> None:
        """Take another configuration."""
        self._active = configuration

    def renew_with(self, renewal: Callable[[], Awaitable[object]] | None) -> None:
        """Do nothing: what is here never grows old."""

    async def aget_alias(self, key: str) -> Alias:
        """Return the address of a service; raises `ServiceNotGrantedError` where none was given."""
        instances = self.active.instances
        if key not in instances:
            raise ServiceNotGrantedError(key, sorted(instances))
        return instances[key].aliases[0]
