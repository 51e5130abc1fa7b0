"""Keeps credentials away from oauthlib: it decides about digests, which is what the database knows too."""

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from arkitekt_di.server.database import Database
from arkitekt_di.server.identity.forms import encode_form
from arkitekt_di.server.identity.opaque import digest

CREDENTIALS = ("code", "device_code", "refresh_token", "key", "redeem_token", "client_secret")
"""Fields of token requests that open something."""

TOKEN = "token"  # noqa: S105  # the name of a field
"""The field of requests about a token (RFC 7009 and RFC 7662)."""

VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
"""RFC 7636, section 4.1."""

Endpoint = Callable[[Session, str], tuple[Mapping[str, str], str | None, int | None]]
"""Answers an encoded form as oauthlib's endpoints do: headers, body, status."""


@dataclass(frozen=True)
class Answer:
    """What goes back to the client."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    def __repr__(self) -> str:
        return f"Answer(status={self.status})"


def seal(fields: Mapping[str, str]) -> dict[str, str]:
    """Return *fields* as oauthlib may see them: no credential, only what the database knows of each."""
    sealed = {name: digest(value) if name in {*CREDENTIALS, TOKEN} else value for name, value in fields.items()}
    if "code_verifier" in sealed:
        sealed["code_verifier"] = _challenge_of(sealed["code_verifier"])
    return sealed


async def answer_sealed(database: Database, fields: Mapping[str, str], endpoint: Endpoint) -> Answer:
    """Let *endpoint* answer the sealed *fields* in one transaction.

    An empty body becomes an empty object: clients of fakts read every answer as JSON.
    """
    form = encode_form(seal(fields))

    def answer(session: Session) -> Answer:
        headers, body, status = endpoint(session, form)
        return Answer(status or 400, (body or "{}").encode(), headers)

    async with database.transaction() as session:
        return await session.run_sync(answer)


def _challenge_of(verifier: str) -> str:
    if VERIFIER.fullmatch(verifier) is None:
        return "none"  # fits no challenge, so the code is used up as with any wrong verifier
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
