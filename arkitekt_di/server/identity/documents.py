"""The documents in which the hub describes itself to programs; every address in them is absolute."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from arkitekt_di import __version__
from arkitekt_di.messages.fakts import PROTOCOL_VERSION, SIGNATURE_HEADER, WellKnown
from arkitekt_di.server.address import Address
from arkitekt_di.server.directory import Directory
from arkitekt_di.server.hub_key import is_nonce
from arkitekt_di.server.identity.answers import json_answer
from arkitekt_di.server.identity.authorization_request import CHALLENGE_METHOD
from arkitekt_di.server.identity.client_proof import METHODS
from arkitekt_di.server.identity.id_tokens import CLAIMS
from arkitekt_di.server.identity.keys import ALGORITHM, SigningKeys
from arkitekt_di.server.identity.scopes import SCOPES
from arkitekt_di.server.identity.token_issuer import GRANT_TYPES


class Documents:
    """Serves discovery and keys.

    The device authorization endpoint of RFC 8628 is for clients that the hub knows; the one in the document of fakts
    takes a manifest and registers the app that sends it.

    Parameters
    ----------
    address : Address
    keys : SigningKeys
    directory : Directory
        Knows the hub's own key and certificate.
    hub_name : str
    """

    def __init__(self, address: Address, keys: SigningKeys, directory: Directory, hub_name: str) -> None:
        self._address = address
        self._keys = keys
        self._directory = directory
        self._hub_name = hub_name

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """Return the routes."""
        return (
            web.get("/.well-known/fakts", self._fakts),
            web.get("/.well-known/oauth-authorization-server/o", self._metadata),
            web.get("/o/.well-known/openid-configuration", self._openid),
            web.get("/o/.well-known/jwks.json", self._jwks),
        )

    async def _fakts(self, request: web.Request) -> web.Response:
        url = self._address.url_for(request)
        known = WellKnown(
            name=self._hub_name,
            protocol_version=PROTOCOL_VERSION,
            description=f"{self._hub_name}, served by arkitekt-di",
            version=__version__,
            base_url=f"{url}/",
            configure=f"{url}/configure/{{code}}",
            issuer=self._address.issuer,
            token_endpoint=f"{url}/o/token/",
            device_authorization_endpoint=f"{url}/o/app-authorization/",
            revocation_endpoint=f"{url}/o/revoke/",
            jwks_uri=f"{url}/o/.well-known/jwks.json",
            grant_types_supported=GRANT_TYPES,
            token_endpoint_auth_methods_supported=("none",),
            challenge_key=self._directory.challenge_key,
            tls=self._directory.tls,
        )
        document = known.revealed()
        return json_answer(document, headers=self._signature(request, document))

    def _signature(self, request: web.Request, document: bytes) -> dict[str, str]:
        """Return the header that vouches for the document, where the request has a nonce to sign with it."""
        key, nonce = self._directory.hub_key, request.query.get("nonce", "")
        return {SIGNATURE_HEADER: key.sign_document(nonce, document)} if key is not None and is_nonce(nonce) else {}

    async def _metadata(self, request: web.Request) -> web.Response:
        return _document(self._server_metadata(request))

    async def _openid(self, request: web.Request) -> web.Response:
        openid = {
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "claims_supported": list(CLAIMS),
            "claims_parameter_supported": False,
            "request_parameter_supported": False,
            "request_uri_parameter_supported": False,  # left out, it would mean true
        }
        return _document({**self._server_metadata(request), **openid})

    async def _jwks(self, _request: web.Request) -> web.Response:
        return _document(self._keys.public())

    def _server_metadata(self, request: web.Request) -> dict[str, Any]:
        url = self._address.url_for(request)
        return {
            "issuer": self._address.issuer,
            "authorization_endpoint": f"{url}/o/authorize/",
            "token_endpoint": f"{url}/o/token/",
            "device_authorization_endpoint": f"{url}/o/device-authorization/",
            "revocation_endpoint": f"{url}/o/revoke/",
            "introspection_endpoint": f"{url}/o/introspect/",
            "userinfo_endpoint": f"{url}/o/userinfo/",
            "jwks_uri": f"{url}/o/.well-known/jwks.json",
            "scopes_supported": list(SCOPES),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "code_challenge_methods_supported": [CHALLENGE_METHOD],
            "authorization_response_iss_parameter_supported": True,
            "grant_types_supported": list(GRANT_TYPES),
            "token_endpoint_auth_methods_supported": list(METHODS),
            "revocation_endpoint_auth_methods_supported": list(METHODS),
            "introspection_endpoint_auth_methods_supported": [method for method in METHODS if method != "none"],
        }


def _document(content: Mapping[str, Any]) -> web.Response:
    return json_answer(json.dumps(content).encode())
