"""Logins of apps, and the chains of refresh tokens that keep them alive."""

from collections.abc import Iterable
from enum import Enum, auto

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from arkitekt_di.server.identity.clock import DAY_S
from arkitekt_di.server.identity.opaque import digest, new_id, new_secret
from arkitekt_di.server.identity.standing import Standing
from arkitekt_di.server.identity.tables import AuthorizationCode, Client, DeviceCode, Login, RefreshToken

MAX_LIFETIME_S = 180 * DAY_S
"""A login ends this long after its approval, however often it is renewed: as long as Arkitekt's own server allows."""


def open_login(
    session: Session, client: Client, *, user_id: str, organization_id: str, scopes: Iterable[str], now: int
) -> Login:
    """Record that a user lets an app in."""
    login = Login(
        id=new_id(),
        client_id=client.client_id,
        user_id=user_id,
        organization_id=organization_id,
        scope=" ".join(scopes),
        created_at=now,
        expires_at=now + MAX_LIFETIME_S,
    )
    session.add(login)
    session.flush()
    return login


def lasting_login(session: Session, client: Client, holder: Standing, scopes: Iterable[str], now: int) -> Login:
    """Return the open login of a client that logs in again and again by itself; a fresh one where there is none."""
    login = session.scalars(
        select(Login)
        .where(
            Login.client_id == client.client_id,
            Login.user_id == holder.user_id,  # a person may have let the same client in, for themselves
            Login.organization_id == holder.organization_id,
            Login.revoked_at.is_(None),
            Login.expires_at > now,
        )
        .order_by(Login.created_at.desc())
        .limit(1)
    ).one_or_none()
    if login is not None:
        return login
    return open_login(
        session, client, user_id=holder.user_id, organization_id=holder.organization_id, scopes=scopes, now=now
    )


def is_open(login: Login, now: int) -> bool:
    """Tell whether tokens of the login are worth anything."""
    return login.revoked_at is None and login.expires_at > now


def revoke(session: Session, login_id: str | None, now: int) -> bool:
    """End the login: every token of its family is worth nothing from now on; False where it had ended before."""
    ended = session.execute(
        update(Login).where(Login.id == login_id, Login.revoked_at.is_(None)).values(revoked_at=now).returning(Login.id)
    )
    return ended.one_or_none() is not None


def end_logins(session: Session, user_id: str, now: int, *, organization_id: str | None = None) -> None:
    """End every login of a user, in one organization or in all; what was allowed and not redeemed yet ends too."""
    open_logins = (Login.user_id == user_id, Login.revoked_at.is_(None), *_in(Login.organization_id, organization_id))
    session.execute(update(Login).where(*open_logins).values(revoked_at=now))
    codes = (DeviceCode.user_id == user_id, DeviceCode.redeemed_at.is_(None))
    session.execute(
        update(DeviceCode).where(*codes, *_in(DeviceCode.organization_id, organization_id)).values(denied_at=now)
    )
    allowed = (AuthorizationCode.user_id == user_id, AuthorizationCode.redeemed_at.is_(None))
    session.execute(delete(AuthorizationCode).where(*allowed, *_in(AuthorizationCode.organization_id, organization_id)))


def _in(
    column: InstrumentedAttribute[str] | InstrumentedAttribute[str | None], organization_id: str | None
) -> list[ColumnElement[bool]]:
    return [] if organization_id is None else [column == organization_id]


def issue_refresh_token(session: Session, login: Login, *, lifetime_s: int, now: int) -> str:
    """Return the next refresh token of the login."""
    # Used tokens are kept for as long as their reuse would tell of a theft.
    session.execute(delete(RefreshToken).where(RefreshToken.expires_at <= now))
    token = new_secret()
    expires_at = min(now + lifetime_s, login.expires_at)
    session.add(RefreshToken(digest=digest(token), login_id=login.id, created_at=now, expires_at=expires_at))
    session.flush()
    return token


def login_behind(session: Session, token_digest: str, client_id: str) -> Login | None:
    """Return the login that a refresh token of this client belongs to, used or not; None for any other client."""
    token = session.get(RefreshToken, token_digest)
    login = None if token is None else session.get(Login, token.login_id)
    return login if login is not None and login.client_id == client_id else None


class Spending(Enum):
    """What came of using a refresh token up."""

    SPENT = auto()
    WORTHLESS = auto()
    REUSED = auto()
    """It was used before, so it is in two hands."""


def spend_refresh_token(session: Session, token_digest: str, login: Login, now: int) -> Spending:
    """Use a refresh token up.

    There is no grace for a client that lost the answer: it cannot be told from a thief.
    """
    token = session.get_one(RefreshToken, token_digest)
    if not is_open(login, now) or token.expires_at <= now:
        return Spending.WORTHLESS
    spent = session.execute(
        update(RefreshToken)
        .where(RefreshToken.digest == token_digest, RefreshToken.used_at.is_(None))
        .values(used_at=now)
        .returning(RefreshToken.digest)
    )
    return Spending.REUSED if spent.one_or_none() is None else Spending.SPENT
