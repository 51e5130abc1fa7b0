"""Tokens that need no hub: for tests, and to try things out."""

from collections.abc import Sequence

from arkitekt_di.errors import AppStateError


class InMemoryHerre:
    """Makes up a token, and another one whenever a service has refused it; nobody takes them but what is in memory too.

    Attributes
    ----------
    scopes : tuple of str
        What was asked for beyond the beginning.
    """

    def __init__(self) -> None:
        self.scopes: tuple[str, ...] = ()
        self._number = 0

    async def start(self) -> None:
        """Log in, as nobody."""
        self._number += 1

    async def stop(self) -> None:
        """Forget the login."""
        self._number = 0
        self.scopes = ()

    async def aget_token(self) -> str:
        """Return the token; raises `AppStateError` where the app is not open."""
        if not self._number:
            raise AppStateError("nobody is logged in. Open the app first: `with app:`")
        return f"token {self._number} in memory"

    async def arefresh_token(self, stale: str) -> str:
        """Return a token other than *stale*."""
        if stale == await self.aget_token():
            self._number += 1
        return await self.aget_token()

    async def awiden_token(self, scopes: Sequence[str]) -> str:
        """Return a token that may do more; nobody is asked."""
        lacking = [scope for scope in scopes if scope not in self.scopes]
        if lacking:
            self.scopes = (*self.scopes, *lacking)
            return await self.arefresh_token(await self.aget_token())
        return await self.aget_token()
