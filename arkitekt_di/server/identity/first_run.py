"""The first person of a hub: whoever holds the one-time link becomes its administrator."""

import asyncio
import hmac

from pydantic import SecretStr

from arkitekt_di.server.identity.opaque import digest, new_secret
from arkitekt_di.server.identity.standing import Role, Standing
from arkitekt_di.server.identity.users import Users


class FirstRun:
    """Opens the hub once, for one person.

    The token of the link lives in memory only: a restart makes another, and nothing is left once it is used.

    Parameters
    ----------
    users : Users
    """

    def __init__(self, users: Users) -> None:
        self._users = users
        self._token = new_secret()
        self._lock = asyncio.Lock()

    async def token(self) -> str | None:
        """Return the token of the link, or None once there are people."""
        return None if await self._users.has_people() else self._token

    async def accepts(self, token: str) -> bool:
        """Tell whether *token* opens the hub: it is the right one, and nobody came before."""
        return hmac.compare_digest(digest(token), digest(self._token)) and not await self._users.has_people()

    async def complete(self, token: str, name: str, password: SecretStr, organization: str) -> Standing | None:
        """Create the administrator; None where the token does not open the hub (any more).

        Raises `AccountRefusedError` where a name or the password will not do; the token stays good.
        """
        async with self._lock:  # two people with the link at once: one of them is first
            if not await self.accepts(token):
                return None
            return await self._users.create(name, password, organization, role=Role.ADMIN)
