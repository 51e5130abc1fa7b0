"""What an app sends when it asks to be let in."""

from typing import Literal

from pydantic import Field

from arkitekt_di.messages.manifest import Manifest
from arkitekt_di.messages.model import Message


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
    """

    manifest: Manifest
    expiration_time_seconds: int = Field(default=300, ge=1)
    requested_client_kind: Literal["development", "desktop", "mobile"] = "development"
    requested_client_role: Literal["interface", "agent"] = "interface"
