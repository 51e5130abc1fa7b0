"""Turns an approved device code into a login, once (RFC 8628, section 3.5)."""

from dataclasses import dataclass
from enum import StrEnum

from oauthlib.oauth2.rfc8628 import errors
from sqlalchemy import update
from sqlalchemy.orm import Session

from arkitekt_di.server.identity.logins import open_login
from arkitekt_di.server.identity.standing import standing_in
from arkitekt_di.server.identity.tables import Client, DeviceCode, Login

SLOWER_S = 5
"""RFC 8628, section 3.5: ``slow_down`` adds five seconds to the interval, for good."""

SLOWEST_S = 60
JITTER_MS = 500
"""How much earlier than the interval a poll may arrive, as networks are not clocks."""


class PollStatus(StrEnum):
    """How a device code stands, in the words of ``oauthlib.oauth2.DeviceCodeGrant``."""

    AUTHORIZED = "authorized"
    PENDING = errors.AuthorizationPendingError.error
    SLOW_DOWN = errors.SlowDownError.error
    EXPIRED = errors.ExpiredTokenError.error
    DENIED = errors.AccessDenied.error


@dataclass(frozen=True)
class Redemption:
    """What a poll came to.

    Attributes
    ----------
    status : PollStatus or None
        None for a code that is worth nothing.
    login : Login or None
        The login that the code has opened.
    reused_login_id : str or None
        The login that an earlier use of the code has opened: the code is in two hands.
    """

    status: PollStatus | None
    login: Login | None = None
    reused_login_id: str | None = None


def redeem(session: Session, code_digest: str, client: Client, now: float) -> Redemption:
    """Poll with a device code: answers how it stands, or uses it up and opens the login."""
    code = session.get(DeviceCode, code_digest)
    if code is None or code.client_id != client.client_id:
        return Redemption(None)
    if code.redeemed_at is not None:
        return Redemption(None, reused_login_id=code.login_id)
    if code.denied_at is not None:
        return Redemption(PollStatus.DENIED)
    if code.expires_at <= now:
        return Redemption(PollStatus.EXPIRED)
    if code.approved_at is None:
        return Redemption(_poll(code, now))
    return _use_up(session, code, client, int(now))


def _poll(code: DeviceCode, now: float) -> PollStatus:
    now_ms = int(now * 1000)
    is_early = code.polled_at_ms is not None and now_ms - code.polled_at_ms < code.interval_s * 1000 - JITTER_MS
    code.polled_at_ms = now_ms
    if is_early:
        code.interval_s = min(code.interval_s + SLOWER_S, SLOWEST_S)
        return PollStatus.SLOW_DOWN
    return PollStatus.PENDING


def _use_up(session: Session, code: DeviceCode, client: Client, now: int) -> Redemption:
    taken = session.execute(
        update(DeviceCode)
        .where(DeviceCode.digest == code.digest, DeviceCode.redeemed_at.is_(None))
        .values(redeemed_at=now)
        .returning(DeviceCode.digest)
    )
    if taken.one_or_none() is None:  # another poll was first, between our look and our update
        session.refresh(code)
        return Redemption(None, reused_login_id=code.login_id)
    user_id, organization_id = code.user_id or "", code.organization_id or ""
    if standing_in(session, user_id, organization_id) is None:
        return Redemption(None)
    login = open_login(
        session, client, user_id=user_id, organization_id=organization_id, scopes=code.scope.split(), now=now
    )
    code.login_id = login.id
    return Redemption(PollStatus.AUTHORIZED, login)
