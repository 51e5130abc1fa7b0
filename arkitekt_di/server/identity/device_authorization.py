"""Device authorization requests of clients that the hub knows (RFC 8628, section 3.1)."""

from collections.abc import Mapping

from oauthlib.common import Request
from oauthlib.oauth2 import DeviceCodeGrant, InvalidClientError
from oauthlib.oauth2.rfc6749.errors import FatalClientError, UnauthorizedClientError
from sqlalchemy.orm import Session

from arkitekt_di.messages.fakts import DEVICE_CODE_GRANT
from arkitekt_di.server.identity.client_rights import GRANTS
from arkitekt_di.server.identity.forms import FORM_TYPE, encode_form
from arkitekt_di.server.identity.sealing import seal
from arkitekt_di.server.identity.tables import Client
from arkitekt_di.server.identity.validator import HubValidator, client_of

FIELDS = frozenset({"scope"})
"""Every field of a device authorization request, besides those of the client."""


def check_device_request(session: Session, fields: Mapping[str, str], *, now: float) -> Client:
    """Return the client that asks for a device code; raises ``OAuth2Error`` where it may not."""
    request = Request(
        "/o/device-authorization/", "POST", encode_form(seal(fields)), headers={"Content-Type": FORM_TYPE}
    )
    validator = HubValidator(session, now=now, refresh_token_s=0)
    try:
        grant = DeviceCodeGrant(validator)
        grant.validate_device_authorization_request(request)  # type: ignore[attr-defined]  # missing in the stub
    except FatalClientError as error:  # oauthlib has names of its own for a client that nobody knows
        raise InvalidClientError(request=request) from error
    client = client_of(request)
    if DEVICE_CODE_GRANT not in GRANTS[client.kind]:
        raise UnauthorizedClientError(request=request)
    return client
