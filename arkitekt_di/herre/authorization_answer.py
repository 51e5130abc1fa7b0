"""What comes back from an authorization endpoint (RFC 6749, section 4.1.2), and whether it is meant for us."""

import hmac
import secrets
from collections.abc import Iterable

from arkitekt_di.errors import LoginError, LoginRefusedError
from arkitekt_di.messages.oauth import OAuthRefusal

PATH = "/callback"
"""Path of the address that an issuer sends browsers back to."""


class AuthorizationAnswer:
    """Recognises the one answer to a login and takes the code out of it.

    Parameters
    ----------
    issuer : str
        Who was asked.
    sends_issuer : bool
        Whether the issuer always says who it is (RFC 9207); then an answer that does not is refused.

    Attributes
    ----------
    issuer : str
    state : str
        Unguessable; goes to the issuer and has to come back.
    """

    def __init__(self, issuer: str, *, sends_issuer: bool) -> None:
        self.issuer = issuer
        self._sends_issuer = sends_issuer
        self.state = secrets.token_urlsafe(32)

    def recognised(self, fields: Iterable[tuple[str, str]]) -> dict[str, str] | None:
        """Return the fields as an answer; None where they do not know the state, or have a name twice."""
        listed = list(fields)
        answer = dict(listed)
        if len(answer) != len(listed):  # RFC 6749, section 3.1: no parameter more than once
            return None
        known = hmac.compare_digest(answer.get("state", "").encode(errors="replace"), self.state.encode())
        return answer if known else None

    def code_in(self, answer: dict[str, str]) -> str:
        """Return the code of an answer that was recognised.

        Raises
        ------
        LoginRefusedError
            The person, or the issuer, said no.
        LoginError
            Somebody else than the issuer answered, or without a code.
        """
        named = answer.get("iss")
        if named != self.issuer and (named is not None or self._sends_issuer):
            raise LoginError(self.issuer, "the answer came from another issuer, so the code is not used")  # RFC 9207
        if "error" in answer:
            refusal = OAuthRefusal(error=answer["error"], error_description=answer.get("error_description"))
            raise LoginRefusedError(self.issuer, refusal.reason)
        if not answer.get("code"):
            raise LoginError(self.issuer, "the answer holds no code")
        return answer["code"]
