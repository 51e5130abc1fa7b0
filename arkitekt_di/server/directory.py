"""The services that the hub offers to apps."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from arkitekt_di.messages.fakts import Alias, ChallengeKey, Instance, TlsClaim
from arkitekt_di.messages.manifest import Requirement
from arkitekt_di.server.certificate import Certificate
from arkitekt_di.server.hub_key import HubKey

CHALLENGE_PATH = "ht"
"""Below each service's address; answers 200 when the service is well."""


@dataclass(frozen=True)
class Offer:
    """One service of the hub.

    Attributes
    ----------
    service : str
        Reverse-domain name, such as ``live.arkitekt.mikro``.
    identifier : str
        Names this instance of the service.
    path : str
        Path below the hub's address; empty for the root.
    """

    service: str
    identifier: str
    path: str


HUB = Offer(service="self", identifier="self", path="")
"""The hub itself, at the root of its address."""


class Directory:
    """Answers which of the services that an app wants are here, and how the app knows them.

    Parameters
    ----------
    offers : iterable of Offer
    hub_key : HubKey or None
        Signs challenges; None, as in tests of one part, has nothing signed.
    certificate : Certificate or None
        What the hub shows on https.
    """

    def __init__(
        self, offers: Iterable[Offer], hub_key: HubKey | None = None, certificate: Certificate | None = None
    ) -> None:
        self._offers = {offer.service: offer for offer in offers}
        self._certificate = certificate
        self.hub_key = hub_key

    @property
    def challenge_key(self) -> ChallengeKey | None:
        """The key behind every signature of this hub."""
        return None if self.hub_key is None else self.hub_key.public

    @property
    def tls(self) -> TlsClaim | None:
        """The certificate to pin, where no authority vouches for it."""
        return None if self._certificate is None else self._certificate.claim

    @property
    def challenge_paths(self) -> frozenset[str]:
        """The paths at which the hub and its services answer challenges."""
        return frozenset(
            "/".join(("", *filter(None, (offer.path, CHALLENGE_PATH)))) for offer in (*self._offers.values(), HUB)
        )

    def instances(self, requirements: Iterable[Requirement], url: str) -> tuple[dict[str, Instance], dict[str, str]]:
        """Return an instance and a status for each requirement, by its key.

        Parameters
        ----------
        requirements : iterable of Requirement
        url : str
            Address under which the app reaches the hub.

        Returns
        -------
        instances : dict of str to Instance
            Only what is here.
        statuses : dict of str to str
            ``granted`` or ``unavailable`` for each requirement.
        """
        instances: dict[str, Instance] = {}
        statuses: dict[str, str] = {}
        for requirement in requirements:
            offer = self._offers.get(requirement.service)
            statuses[requirement.key] = "unavailable" if offer is None else "granted"
            if offer is not None:
                instances[requirement.key] = self._instance(offer, url)
        return instances, statuses

    def _instance(self, offer: Offer, url: str) -> Instance:
        alias = alias_at(url, identifier=offer.identifier, path=offer.path)
        return Instance(
            service=offer.service,
            identifier=offer.identifier,
            aliases=(alias,),
            challenge_key=self.challenge_key,
            tls=self.tls if alias.ssl else None,
        )


def alias_at(url: str, *, identifier: str, path: str) -> Alias:
    """Return an alias for *path* below the address *url*."""
    parts = urlsplit(url)
    joined = "/".join(segment for segment in (parts.path.strip("/"), path) if segment)
    return Alias(
        id=f"{identifier}-hub",
        host=parts.hostname or "",
        port=parts.port,
        ssl=parts.scheme == "https",
        path=joined or None,
        challenge=CHALLENGE_PATH,
        public=False,  # the clients of Arkitekt insist on a truth value
        kind="absolute",
    )
