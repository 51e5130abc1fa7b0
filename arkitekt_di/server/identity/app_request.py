"""What an app sends when it asks to be let in."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from arkitekt_di.messages.manifest import Manifest
from arkitekt_di.messages.model import Message
from arkitekt_di.server.identity.redirect_uris import is_loopback


def _on_this_computer(uri: str) -> str:
    if not is_loopback(uri):
        message = "only addresses such as http://127.0.0.1/ can be registered without an administrator"
        raise ValueError(message)
    return uri


class AppRequest(Message):
    """Body of the device authorization endpoint of fakts.

    Attributes
    ----------
    manifest : Manifest
    expiration_time_seconds : int
        How long the app would wait; the hub may give less.
    requested_client_kind : {'development', 'desktop', 'mobile'}
        Kinds that work without a redirect; the hub registers no others.
    requested_client_role : {'interface', 'agent'}
    redirect_uris : tuple of str
        For apps that also use the authorization code; addresses on the person's own computer only, as nobody has
        looked at who asks (RFC 8252, section 7.3).
    """

    manifest: Manifest
    expiration_time_seconds: int = Field(default=300, ge=1)
    requested_client_kind: Literal["development", "desktop", "mobile"] = "development"
    requested_client_role: Literal["interface", "agent"] = "interface"
    redirect_uris: tuple[Annotated[str, AfterValidator(_on_this_computer)], ...] = Field(default=(), max_length=8)
