"""Fetches the document of a hub, with what proves who has sent it."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from arkitekt_di.errors import CertificateError, ConnectionLostError, HubUnreachableError
from arkitekt_di.fakts.proof import is_signed
from arkitekt_di.messages.fakts import SIGNATURE_HEADER, ChallengeKey, WellKnown, document_message
from arkitekt_di.transport.answer import Answer
from arkitekt_di.transport.certificates import certificate_digest
from arkitekt_di.transport.http import HttpClient

WELL_KNOWN_PATH = "/.well-known/fakts"


@dataclass(frozen=True)
class Reading:
    """An answer with the document, and how it came.

    Attributes
    ----------
    answer : Answer
    nonce : str
        Which the hub was asked to sign.
    shown : tuple of str
        Certificates (PEM) one of which the connection had; none where an authority vouches for it, or without TLS.
    distrust : str or None
        Why the certificate is not trusted by itself.
    """

    answer: Answer
    nonce: str
    shown: tuple[str, ...] = ()
    distrust: str | None = None

    def key_of(self, document: WellKnown) -> ChallengeKey | None:
        """Return the key that the document names, if the document is signed with it for this very request."""
        key = document.challenge_key
        signature = self.answer.headers.get(SIGNATURE_HEADER)
        if key is None or not is_signed(document_message(self.nonce, self.answer.body), signature, key):
            return None
        return key

    def is_bound_by(self, document: WellKnown) -> bool:
        """Tell whether the document names the certificate of the connection, so that nobody else can pass it on."""
        listed = () if document.tls is None else document.tls.certificates
        return bool(_digests(self.shown) & _digests(listed))


async def read_document(http: HttpClient, url: str, *, timeout_s: float, pinned: tuple[str, ...]) -> Reading:
    """Ask the hub at *url* for its document; nothing secret goes there.

    Parameters
    ----------
    http : HttpClient
    url : str
    timeout_s : float
        Longest wait for one answer, in seconds.
    pinned : tuple of str
        Certificates (PEM) that are trusted there; without any, those that the system trusts.

    Raises
    ------
    HubUnreachableError
        Nothing answers.
    """
    nonce = secrets.token_urlsafe(24)
    address = f"{url}{WELL_KNOWN_PATH}?{urlencode({'nonce': nonce})}"
    try:
        if pinned:
            http.pin(url, pinned)
            try:
                return Reading(await http.get(address, timeout_s=timeout_s), nonce, shown=pinned)
            except CertificateError:
                http.unpin(url)  # it may have a new one, of its own or of an authority
        try:
            return Reading(await http.get(address, timeout_s=timeout_s), nonce)
        except CertificateError as error:
            answer, certificate = await http.get_unproven(address, timeout_s=timeout_s)
            return Reading(answer, nonce, shown=(certificate,), distrust=error.reason)
    except ConnectionLostError as error:
        raise HubUnreachableError(url, error.reason) from error


def _digests(certificates: Iterable[str]) -> set[bytes]:
    found = set()
    for pem in certificates:
        try:
            found.add(certificate_digest(pem))
        except ValueError:
            continue  # what is no certificate was not shown either
    return found
