"""What services may ask of herre."""

from typing import Protocol


class TokenSource(Protocol):
    """Gives access tokens that are worth sending."""

    async def aget_token(self) -> str:
        """Return an access token that is not about to expire; renews it where needed.

        Raises
        ------
        LoginRequiredError
            It cannot be renewed without a person.
        """
        ...

    async def arefresh_token(self, stale: str) -> str:
        """Return a token other than *stale*, which a service has just refused; one renewal for many callers."""
        ...
