"""Who gives tokens: its endpoints, and the reading of the document that names them."""

from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from pydantic import ValidationError

from arkitekt_di.errors import InsecureTransportError, LoginError
from arkitekt_di.messages.model import Message
from arkitekt_di.transport.answer import Answer
from arkitekt_di.transport.http import HttpClient
from arkitekt_di.transport.origin import Origin

BASIC = "client_secret_basic"
POST = "client_secret_post"


@dataclass(frozen=True)
class Provider:
    """Somebody who gives tokens.

    Attributes
    ----------
    issuer : str
        Its name, which it has to give itself in its document and in the answers of its authorization endpoint.
    token_endpoint : str
    authorization_endpoint, device_authorization_endpoint, revocation_endpoint : str or None
    sends_issuer : bool
        Whether its authorization endpoint always names the issuer (RFC 9207).
    auth_methods : tuple of str
        How clients show their secret.
    jwks_uri : str or None
        Where its public keys are.
    """

    issuer: str
    token_endpoint: str
    authorization_endpoint: str | None = None
    device_authorization_endpoint: str | None = None
    revocation_endpoint: str | None = None
    sends_issuer: bool = False
    auth_methods: tuple[str, ...] = (BASIC,)
    jwks_uri: str | None = None


class _Metadata(Message):
    """Metadata of an authorization server (RFC 8414, section 2)."""

    issuer: str
    token_endpoint: str
    authorization_endpoint: str | None = None
    device_authorization_endpoint: str | None = None
    revocation_endpoint: str | None = None
    jwks_uri: str | None = None
    authorization_response_iss_parameter_supported: bool = False
    token_endpoint_auth_methods_supported: tuple[str, ...] = (BASIC,)
    code_challenge_methods_supported: tuple[str, ...] | None = None


async def read_provider(http: HttpClient, issuer: str) -> Provider:
    """Ask *issuer* for its endpoints (OpenID Connect Discovery 1.0, section 4, and RFC 8414, section 3).

    Raises
    ------
    LoginError
        It is no issuer, or says that it is another one.
    InsecureTransportError
        It, or one of its endpoints, is plain http on another machine.
    ConnectionLostError
        It does not answer.
    """
    for address in _addresses(http, issuer):
        answer = await http.get(address)
        if answer.status == 200:
            return _checked(http, issuer, _read(issuer, answer))
    raise LoginError(issuer, "there is no document about this issuer. Check the setting herre.issuer")


def _addresses(http: HttpClient, issuer: str) -> tuple[str, str]:
    try:
        parts = urlsplit(issuer)
        origin = Origin.of(issuer)
    except ValueError as error:
        raise LoginError(issuer.rpartition("@")[2], "the issuer is not an http address") from error
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise LoginError(str(origin), "an issuer has no user name, query or fragment")  # RFC 8414, section 2
    if not http.permits(issuer):
        raise InsecureTransportError(issuer, "plain http to another machine can be read on the way")
    path = parts.path.rstrip("/")
    inserted = urlunsplit((parts.scheme, parts.netloc, f"/.well-known/oauth-authorization-server{path}", "", ""))
    return f"{issuer.rstrip('/')}/.well-known/openid-configuration", inserted


def _read(issuer: str, answer: Answer) -> _Metadata:
    members = answer.members()
    try:
        return _Metadata.model_validate(members)
    except ValidationError as error:
        raise LoginError(issuer, "its document is incomplete") from error


def _checked(http: HttpClient, issuer: str, found: _Metadata) -> Provider:
    if found.issuer != issuer:  # RFC 8414, section 3.3: else one issuer could pass for another
        said = "".join(character for character in found.issuer if character.isprintable())[:200]
        raise LoginError(issuer, f"it says that it is {said!r}; an issuer is named exactly as it names itself")
    if found.code_challenge_methods_supported is not None and "S256" not in found.code_challenge_methods_supported:
        raise LoginError(issuer, "it does not support PKCE with S256, without which a code can be stolen")
    provider = Provider(
        issuer=issuer,
        token_endpoint=found.token_endpoint,
        authorization_endpoint=found.authorization_endpoint,
        device_authorization_endpoint=found.device_authorization_endpoint,
        revocation_endpoint=found.revocation_endpoint,
        sends_issuer=found.authorization_response_iss_parameter_supported,
        auth_methods=found.token_endpoint_auth_methods_supported,
        jwks_uri=found.jwks_uri,
    )
    for endpoint in (
        provider.token_endpoint,
        provider.authorization_endpoint,
        provider.device_authorization_endpoint,
        provider.revocation_endpoint,
        provider.jwks_uri,
    ):
        if endpoint is not None and not _permits(http, endpoint):
            raise InsecureTransportError(issuer, "one of its endpoints is plain http on another machine")
    return provider


def _permits(http: HttpClient, endpoint: str) -> bool:
    try:
        return http.permits(endpoint)
    except ValueError:
        return False
