"""Authorization codes: made when a person allows what a client asks for (RFC 6749, section 4.1.2)."""

from sqlalchemy import delete
from sqlalchemy.orm import Session

from arkitekt_di.server.identity.authorization_request import AuthorizationRequest
from arkitekt_di.server.identity.clock import DAY_S
from arkitekt_di.server.identity.opaque import digest, new_secret
from arkitekt_di.server.identity.standing import Standing
from arkitekt_di.server.identity.tables import AuthorizationCode

LIFETIME_S = 60
"""RFC 6749, section 4.1.2, allows ten minutes; a redirect takes seconds."""

KEPT_S = DAY_S
"""How long a code is remembered, so that a second use ends what the first one got."""


def issue_code(
    session: Session, asked: AuthorizationRequest, approver: Standing, *, authenticated_at: int, now: int
) -> str:
    """Return the code for what *approver* allowed."""
    session.execute(delete(AuthorizationCode).where(AuthorizationCode.expires_at <= now - KEPT_S))
    code = new_secret()
    session.add(
        AuthorizationCode(
            digest=digest(code),
            client_id=asked.client.client_id,
            user_id=approver.user_id,
            organization_id=approver.organization_id,
            redirect_uri=asked.redirect_uri,
            scope=" ".join(asked.scopes),
            code_challenge=asked.code_challenge,
            nonce=asked.nonce,
            authenticated_at=authenticated_at,
            expires_at=now + LIFETIME_S,
        )
    )
    session.flush()
    return code
