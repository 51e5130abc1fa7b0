"""Grants for the object store as they are answered: what those of arrays, files and tables have in common."""

from typing import Any, Self

import strawberry

from arkitekt_di.messages.images import StoreGrant


@strawberry.type
class Credentials:
    """Secrets and all: the answer is their way to the client."""

    access_key: str
    secret_key: str
    session_token: str
    bucket: str
    key: str
    path: str
    expires_in: int


@strawberry.type
class AccessGrant(Credentials):
    """Credentials to read."""

    @classmethod
    def of(cls, grant: StoreGrant) -> Self:
        """Show a grant."""
        return cls(**credentials(grant))


def credentials(grant: StoreGrant) -> dict[str, Any]:
    """Return the members that every grant has."""
    return {
        "access_key": grant.access_key,
        "secret_key": grant.secret_key.get_secret_value(),
        "session_token": grant.session_token.get_secret_value(),
        "bucket": grant.bucket,
        "key": grant.key,
        "path": grant.path,
        "expires_in": grant.expires_in,
    }
