"""The address at which a browser on another machine ended, pasted by a person: for shells far away."""

import secrets
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from arkitekt_di.errors import LoginExpiredError, LoginRefusedError
from arkitekt_di.herre.authorization_answer import PATH, AuthorizationAnswer
from arkitekt_di.protocols.person import Person

TRIES = 5
PORTS = range(49152, 65536)
"""Ports that belong to no service (RFC 6335, section 6)."""

QUESTION = """After that your browser cannot open a page of your own machine: that is right so.
Copy the whole address of that page and paste it here: """
AGAIN = "This is not the address that this login ends at. Paste it again: "


class PastedAddress:
    """Stands in for a listener where the browser is on another machine, on which nobody listens.

    Parameters
    ----------
    answer : AuthorizationAnswer
        Recognises the address.
    person : Person
    """

    comes_back = False

    def __init__(self, answer: AuthorizationAnswer, person: Person) -> None:
        self._answer = answer
        self._person = person
        self.redirect_uri = f"http://127.0.0.1:{secrets.choice(PORTS)}{PATH}"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close nothing."""

    async def code(self, *, timeout_s: float) -> str:
        """Ask for the address and return the code in it.

        Raises
        ------
        LoginExpiredError
            Nobody answered within *timeout_s* seconds.
        LoginRefusedError
            The person, or the issuer, said no; or no address that was pasted was right.
        LoginError
            Somebody else than the issuer answered.
        """
        question = QUESTION
        for _ in range(TRIES):
            line = await self._person.ask(question, timeout_s=timeout_s)
            if line is None:
                raise LoginExpiredError(self._answer.issuer, f"no address was pasted within {timeout_s:g} s")
            answer = self._read(line)
            if answer is not None:
                return self._answer.code_in(answer)
            question = AGAIN
        raise LoginRefusedError(self._answer.issuer, "no address that was pasted belongs to this login")

    def _read(self, line: str) -> dict[str, str] | None:
        address, _, query = line.strip().partition("?")
        if address != self.redirect_uri:
            return None
        try:
            fields = parse_qsl(urlsplit(f"?{query}").query, keep_blank_values=True, max_num_fields=20)
        except ValueError:
            return None
        return self._answer.recognised(fields)
