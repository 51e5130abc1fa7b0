"""Decides whether a hub that answers is the one that the user means."""

import asyncio

from arkitekt_di.errors import HubChangedError, HubNotTrustedError
from arkitekt_di.fakts.pins import HubPins, Pin
from arkitekt_di.messages.fakts import ChallengeKey, WellKnown
from arkitekt_di.protocols.person import Person
from arkitekt_di.settings.models import FaktsSettings
from arkitekt_di.transport.origin import Origin

ANSWER_S = 300.0
"""How long a person may take to compare fingerprints, in seconds."""

YES = "yes"
FINGERPRINT_BEGINS = "SHA256:"


class FirstContact:
    """Asks a person about a hub that nothing vouches for, and knows it again by its key (trust on first use).

    Parameters
    ----------
    pins : HubPins
    person : Person
    settings : FaktsSettings
        May name the fingerprint of the one hub to use.
    """

    def __init__(self, pins: HubPins, person: Person, settings: FaktsSettings) -> None:
        self._pins = pins
        self._person = person
        self._fingerprint = settings.fingerprint

    async def recall(self, url: str) -> Pin | None:
        """Return what is known of the hub at *url*."""
        return await asyncio.to_thread(self._pins.load, url)

    async def admit(
        self,
        url: str,
        document: WellKnown,
        key: ChallengeKey | None,
        *,
        known: Pin | None,
        doubt: str | None,
        bound: bool,
    ) -> str | None:
        """Let the hub at *url* be used, or raise.

        Parameters
        ----------
        url : str
        document : WellKnown
            What the hub says about itself.
        key : ChallengeKey or None
            The key with which it signed the document for us.
        known : Pin or None
            What is known of it.
        doubt : str or None
            Why a person has to be asked about a hub that is new; None where the connection proves who answers.
        bound : bool
            Whether the signature covers the very certificate of the connection, so that it cannot be passed on.

        Returns
        -------
        str or None
            Fingerprint of the key that was trusted; None where trust does not come from a key.

        Raises
        ------
        HubChangedError
            The key is not the one that was trusted here.
        HubNotTrustedError
            Nobody said yes.
        """
        fingerprint = None if key is None else key.fingerprint
        expected = self._fingerprint or (None if known is None else known.fingerprint)
        if expected is not None and fingerprint != expected:
            raise HubChangedError(url, expected, fingerprint)
        if expected is None and doubt is None:
            return None
        if key is None:
            raise HubNotTrustedError(url, f"{doubt}, and it has no key to know it by")
        if expected is None and not (bound and await self._is_known_elsewhere(key)):
            await self._ask(url, document, key.fingerprint, str(doubt))
        certificates = () if document.tls is None or not bound else document.tls.certificates
        pin = Pin(origin=str(Origin.of(url)), name=printable(document.name), key=key, certificates=certificates)
        if pin != known and (known is not None or self._fingerprint is None):
            await asyncio.to_thread(self._pins.save, pin)
        return fingerprint

    async def _is_known_elsewhere(self, key: ChallengeKey) -> bool:
        return any(pin.key == key for pin in await asyncio.to_thread(self._pins.all))

    async def _ask(self, url: str, document: WellKnown, fingerprint: str, doubt: str) -> None:
        question = (
            f"\nThe hub {printable(document.name)!r} at {url} is new here: {doubt}. Its key:\n\n    {fingerprint}\n\n"
            f"If the hub shows the same on its console, type {YES} to trust it from now on: "
        )
        answer = await self._person.ask(question, timeout_s=ANSWER_S)
        if answer is None:
            raise HubNotTrustedError(url, f"{doubt}, and nobody can be asked here", fingerprint)
        if answer.startswith(FINGERPRINT_BEGINS) and answer != fingerprint:
            raise HubChangedError(url, printable(answer), fingerprint)
        if answer not in {YES, fingerprint}:
            raise HubNotTrustedError(url, "you did not say yes", fingerprint)


def printable(text: str, most: int = 100) -> str:
    """Return *text* without what could steer a terminal."""
    return "".join(filter(str.isprintable, text))[:most]
