"""What services may ask of herre."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable


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


@runtime_checkable
class WideningTokenSource(TokenSource, Protocol):
    """Gives tokens that may do more, where a service wants that and a person agrees."""

    async def awiden_token(self, scopes: Sequence[str]) -> str:
        """Return a token that has *scopes* too; asks a person for those that it lacks.

        Raises
        ------
        LoginError
            The person, or the hub, said no, or nobody can be asked here.
        """
        ...
