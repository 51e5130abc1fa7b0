"""Proof that an address leads to the service it is said to lead to."""

import secrets
from urllib.parse import urlencode

from arkitekt_di.errors import AliasFailure, CertificateError, ConnectionLostError
from arkitekt_di.fakts.proof import is_signed
from arkitekt_di.messages.fakts import Alias, Instance, challenge_message
from arkitekt_di.transport.http import HttpClient
from arkitekt_di.transport.origin import Origin

HINT_TLS = "the hub needs https: `arkitekt-di serve --tls-self-signed`"
HINT_CERTIFICATE = "log in again, so that the hub tells its certificate anew"
HINT_LOOPBACK = (
    "this address is on your own machine: start the service here, or have the hub name one that others reach"
)
HINT_NETWORK = "check that the service runs, and whether you need a VPN"
HINT_SERVICE = "ask who runs the hub how the service is"
HINT_PROOF = "somebody else may answer there; use another network, or ask who runs the hub"


async def failed_challenge(
    http: HttpClient, alias: Alias, instance: Instance, *, timeout_s: float
) -> AliasFailure | None:
    """Return why *alias* cannot be used; None where it passed.

    Parameters
    ----------
    http : HttpClient
    alias : Alias
        One of the addresses of *instance*.
    instance : Instance
        With a key, the service signs a nonce (Ed25519); without one, it answers with status 200.  With certificates,
        only https counts, and only with one of these.
    timeout_s : float
        Longest wait, in seconds.
    """
    url = alias.url()
    refusal = _refusal(http, alias, instance)
    if refusal is not None:
        return refusal
    nonce = secrets.token_urlsafe(24)
    query = "" if instance.challenge_key is None else f"?{urlencode({'nonce': nonce})}"
    try:
        answer = await http.get(alias.url(alias.challenge) + query, timeout_s=timeout_s)
    except CertificateError as error:
        return AliasFailure(url, f"its certificate is not trusted: {error.reason}", HINT_CERTIFICATE)
    except ConnectionLostError as error:
        return AliasFailure(url, error.reason, HINT_LOOPBACK if Origin.of(url).is_loopback else HINT_NETWORK)
    if answer.status != 200:
        return AliasFailure(url, f"it answered with status {answer.status}", HINT_SERVICE)
    signature = (answer.members() or {}).get("signature")
    if instance.challenge_key is not None and not is_signed(
        challenge_message(nonce), signature, instance.challenge_key
    ):
        return AliasFailure(url, "it cannot prove to be the service", HINT_PROOF)
    return None


def _refusal(http: HttpClient, alias: Alias, instance: Instance) -> AliasFailure | None:
    """Return why nothing is asked at *alias* at all."""
    url = alias.url()
    if not http.permits(url):
        reason = "plain http to another machine can be read on the way, so no login is sent there"
        return AliasFailure(url, reason, HINT_TLS)
    certificates = () if instance.tls is None else instance.tls.certificates
    if not certificates:
        return None
    if not alias.ssl:
        return AliasFailure(url, "the hub names a certificate for this service, so only https counts", HINT_TLS)
    try:
        http.pin(url, certificates)
    except ValueError:
        return AliasFailure(url, "the certificate that the hub names for it is none", HINT_SERVICE)
    return None
