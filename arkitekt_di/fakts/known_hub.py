"""A hub that answered, and the reading of its well-known document."""

from dataclasses import dataclass

from pydantic import SecretStr, ValidationError

from arkitekt_di.errors import HubUnreachableError, NotAHubError, ProtocolMismatchError
from arkitekt_di.fakts.first_contact import FirstContact
from arkitekt_di.fakts.location import HubLocation
from arkitekt_di.fakts.well_known import WELL_KNOWN_PATH, Reading, read_document
from arkitekt_di.messages.fakts import PROTOCOL_VERSION, WellKnown
from arkitekt_di.transport.answer import Answer
from arkitekt_di.transport.http import HttpClient
from arkitekt_di.transport.origin import Origin

_CREDENTIAL_ENDPOINTS = ("token_endpoint", "device_authorization_endpoint", "revocation_endpoint")

HEARSAY = "nobody has vouched for this address"


@dataclass(frozen=True)
class KnownHub:
    """A hub whose document was read and checked.

    Attributes
    ----------
    url : str
        Where it was found.
    document : WellKnown
        What it says about itself; every endpoint for credentials is on the same origin as ``url``.
    token_endpoint : str
    mandate_key : pydantic.SecretStr or None
        Lets the app in without a person.
    fingerprint : str or None
        Of the key that it was trusted by; None where the connection itself proves who answers.
    """

    url: str
    document: WellKnown
    token_endpoint: str
    mandate_key: SecretStr | None = None
    fingerprint: str | None = None


async def read_hub(
    http: HttpClient, location: HubLocation, *, timeout_s: float, first_contact: FirstContact
) -> KnownHub:
    """Ask the hub at *location* what it is, and whether it is the one that the user means.

    Parameters
    ----------
    http : HttpClient
    location : HubLocation
    timeout_s : float
        Longest wait for one address, in seconds.
    first_contact : FirstContact
        Decides where nothing else vouches for the hub.

    Raises
    ------
    HubUnreachableError
        Nothing answers, or nobody that can be trusted.
    NotAHubError
        Something else answers.
    ProtocolMismatchError
        The hub speaks another version of the protocol.
    HubNotTrustedError
        A person would have to say yes to it.
    HubChangedError
        Another hub was trusted at this address.
    """
    candidates = location.candidates(http.permits)
    for url in candidates:
        known = await first_contact.recall(url)
        try:
            reading = await read_document(
                http, url, timeout_s=timeout_s, pinned=() if known is None else known.certificates
            )
        except HubUnreachableError as error:
            if url == candidates[-1]:
                raise HubUnreachableError(candidates[0], error.reason) from error
            continue
        document, token_endpoint = _checked(url, reading.answer)
        key, is_bound = reading.key_of(document), reading.is_bound_by(document)
        if reading.distrust is not None and not (key is not None and is_bound):
            raise HubUnreachableError(url, f"its certificate is not trusted: {reading.distrust}")
        fingerprint = await first_contact.admit(
            url, document, key, known=known, doubt=_doubt(reading, location), bound=is_bound
        )
        if is_bound and document.tls is not None:
            http.pin(url, document.tls.certificates)
        return KnownHub(url, document, token_endpoint, location.mandate_key, fingerprint)
    raise HubUnreachableError(location.url, "there is no address to try")


def _doubt(reading: Reading, location: HubLocation) -> str | None:
    if location.is_hearsay:
        return HEARSAY
    return None if reading.distrust is None else "no authority vouches for its certificate"


def _checked(url: str, answer: Answer) -> tuple[WellKnown, str]:
    document = _document(url, answer)
    if document.protocol_version != PROTOCOL_VERSION:
        raise ProtocolMismatchError(
            f"the hub at {url}",
            f"version {PROTOCOL_VERSION} of the fakts protocol",
            f"version {document.protocol_version}",
        )
    for name in _CREDENTIAL_ENDPOINTS:
        endpoint = getattr(document, name)
        if endpoint is not None and not _is_same_origin(endpoint, url):
            raise NotAHubError(url, f"its {name} is on another server, so no credentials are sent there")
    if document.token_endpoint is None:
        raise NotAHubError(url, "it names no token_endpoint")
    return document, document.token_endpoint


def _document(url: str, answer: Answer) -> WellKnown:
    if answer.is_redirect:
        raise NotAHubError(url, f"it sends you on to {answer.location}; if you trust that address, use it")
    members = answer.members()
    if answer.status != 200 or members is None:
        raise NotAHubError(url, f"there is no document at {WELL_KNOWN_PATH} (status {answer.status})")
    try:
        return WellKnown.model_validate(members)
    except ValidationError as error:
        raise NotAHubError(url, f"its document at {WELL_KNOWN_PATH} is incomplete") from error


def _is_same_origin(endpoint: str, url: str) -> bool:
    try:
        return Origin.of(endpoint) == Origin.of(url)
    except ValueError:
        return False
