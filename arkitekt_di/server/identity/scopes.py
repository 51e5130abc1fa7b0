"""What an app may ask for, and how that reads to a person."""

from collections.abc import Iterable

from arkitekt_di.messages.manifest import MIKRO_SERVICE, S3_SERVICE

OPENID = "openid"
OFFLINE = "offline_access"
"""OpenID Connect Core 1.0, section 11.  Every login can be renewed here; msal asks for it, also when it renews one."""

SCOPES = {
    OPENID: "Know who you are on this hub: your name and your organization",
    "profile": "Read your profile on this hub",
    OFFLINE: "Stay logged in when you are away, until you end that under “My apps”",
}
"""Every scope that the hub grants, in plain words."""

SERVICES = {
    MIKRO_SERVICE: "Your images: see, add, rename and delete them",
    S3_SERVICE: "The pixels of your images: read and write them",
}
"""Every service that has plain words; another is shown by its own name."""


def grantable(asked: Iterable[str]) -> list[str]:
    """Return the scopes that are granted of those *asked* for; never none, as every app learns who approved it."""
    known = [scope for scope in dict.fromkeys(asked) if scope in SCOPES]
    return known or [OPENID]
