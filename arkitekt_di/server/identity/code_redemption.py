"""Turns an authorization code into a login, once (RFC 6749, section 4.1.3)."""

from dataclasses import dataclass

from sqlalchemy import update
from sqlalchemy.orm import Session

from arkitekt_di.server.identity.id_tokens import Authentication
from arkitekt_di.server.identity.logins import open_login
from arkitekt_di.server.identity.tables import AuthorizationCode, Client, Login


@dataclass(frozen=True)
class RedeemedCode:
    """A code that has just been used up; opens the login once every other check has passed."""

    code: AuthorizationCode

    @property
    def scopes(self) -> list[str]:
        """What the person allowed."""
        return self.code.scope.split()

    @property
    def authentication(self) -> Authentication:
        """How the person was recognised."""
        return Authentication(self.code.authenticated_at, self.code.nonce)

    def open(self, session: Session, client: Client, now: int) -> Login:
        """Record the login that the code stands for."""
        login = open_login(
            session,
            client,
            user_id=self.code.user_id,
            organization_id=self.code.organization_id,
            scopes=self.scopes,
            now=now,
        )
        self.code.login_id = login.id
        return login


@dataclass(frozen=True)
class ReusedCode:
    """A code that was used before, so that it is in two hands; and the login that it opened then, if it did."""

    login_id: str | None


def redeem_code(session: Session, code_digest: str, client_id: str, now: int) -> RedeemedCode | ReusedCode | None:
    """Use a code up; None where it is worth nothing to this client."""
    code = session.get(AuthorizationCode, code_digest)
    if code is None or code.client_id != client_id:
        return None
    taken = session.execute(
        update(AuthorizationCode)
        .where(AuthorizationCode.digest == code_digest, AuthorizationCode.redeemed_at.is_(None))
        .values(redeemed_at=now)
        .returning(AuthorizationCode.digest)
    )
    if taken.one_or_none() is None:
        session.refresh(code)  # another redemption may have been first, between our look and our update
        return ReusedCode(code.login_id)
    return RedeemedCode(code) if code.expires_at > now else None
