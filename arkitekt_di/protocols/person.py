"""How a person is asked something while a program waits."""

from typing import Protocol


class Person(Protocol):
    """Whoever sits at the terminal, if anybody does."""

    async def ask(self, question: str, *, timeout_s: float) -> str | None:
        """Show *question* and return the line that is typed, without its end.

        None where nobody can be asked, or nobody answers within *timeout_s* seconds.
        """
        ...
