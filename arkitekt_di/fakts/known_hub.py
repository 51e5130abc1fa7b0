"""A hub that answered, and the reading of its well-known document."""

from dataclasses import dataclass

from pydantic import SecretStr, ValidationError

from arkitekt_di.errors import (
    CertificateError,
    ConnectionLostError,
    HubUnreachableError,
    NotAHubError,
    ProtocolMismatchError,
)
from arkitekt_di.fakts.location import HubLocation
from arkitekt_di.messages.fakts import PROTOCOL_VERSION, WellKnown
from arkitekt_di.transport.answer import Answer
from arkitekt_di.transport.http import HttpClient
from arkitekt_di.transport.origin import Origin

WELL_KNOWN_PATH = "/.well-known/fakts"

_CREDENTIAL_ENDPOINTS = ("token_endpoint", "device_authorization_endpoint", "revocation_endpoint")


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
    """

    url: str
    document: WellKnown
    token_endpoint: str
    mandate_key: SecretStr | None = None


async def read_hub(http: HttpClient, location: HubLocation, *, timeout_s: float) -> KnownHub:
    """Ask the hub at *location* what it is.

    Parameters
    ----------
    http : HttpClient
    location : HubLocation
    timeout_s : float
        Longest wait for one address, in seconds.

    Raises
    ------
    HubUnreachableError
        Nothing answers, or nobody that can be trusted.
    NotAHubError
        Something else answers.
    ProtocolMismatchError
        The hub speaks another version of the protocol.
    """
    candidates = location.candidates()
    for url in candidates:
        try:
            answer = await http.get(url + WELL_KNOWN_PATH, timeout_s=timeout_s)
        except CertificateError as error:
            raise HubUnreachableError(url, f"its certificate is not trusted: {error.reason}") from error
        except ConnectionLostError as error:
            if url == candidates[-1]:
                raise HubUnreachableError(candidates[0], error.reason) from error
        else:
            return _checked(url, answer, location.mandate_key)
    raise HubUnreachableError(location.url, "there is no address to try")


def _checked(url: str, answer: Answer, mandate_key: SecretStr | None) -> KnownHub:
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
    return KnownHub(url, document, document.token_endpoint, mandate_key)


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
