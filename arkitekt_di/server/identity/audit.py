"""The audit log: who did what, when, from where; never with a secret in it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from arkitekt_di.server.database import Database
from arkitekt_di.server.identity.clock import Clock
from arkitekt_di.server.identity.tables import AuditEvent
from arkitekt_di.settings.models import IdentitySettings

OPERATOR = "operator"
"""Actor of commands: whoever can write the data folder."""

NOBODY = "unknown"
"""Actor of a try under a name that nobody has; the name is not kept, as people type passwords into the wrong field."""


class Action(StrEnum):
    """What the audit log knows."""

    HUB_OPENED = "hub-opened"
    LOGIN = "login"
    LOGIN_FAILED = "login-failed"
    LOGOUT = "logout"
    APP_ALLOWED = "app-allowed"
    APP_DENIED = "app-denied"
    APP_ENDED = "app-ended"
    TOKEN_REVOKED = "token-revoked"  # noqa: S105  # a name
    CREDENTIAL_REUSED = "credential-reused"
    USER_ADDED = "user-added"
    USER_REMOVED = "user-removed"
    ROLE_SET = "role-set"
    PASSWORD_RESET = "password-reset"  # noqa: S105  # a name
    CLIENT_ADDED = "client-added"
    CLIENT_REMOVED = "client-removed"
    SECRET_RENEWED = "secret-renewed"  # noqa: S105  # a name
    MANDATE_ADDED = "mandate-added"
    MANDATE_REMOVED = "mandate-removed"
    MANDATE_USED = "mandate-used"
    KEY_ROTATED = "key-rotated"


@dataclass(frozen=True)
class Note:
    """One event as it is read.

    Attributes
    ----------
    number : int
        Rises with time.
    at : int
        Unix time in seconds.
    action : str
    actor : str
        Name of the user, ``operator`` or ``unknown``.
    organization_id : str or None
    subject : str
        What it was done to, such as the name of an app.
    remote : str
        Address of the sender; empty for commands.
    """

    number: int
    at: int
    action: str
    actor: str
    organization_id: str | None
    subject: str
    remote: str


class AuditLog:
    """Writes events down, and forgets them when they are too old or too many.

    Parameters
    ----------
    database : Database
    settings : IdentitySettings
    clock : Clock, default time.time
    """

    def __init__(self, database: Database, settings: IdentitySettings, clock: Clock = time.time) -> None:
        self._database = database
        self._kept_s = settings.audit_s
        self._most = settings.audit_events
        self._clock = clock

    async def note(
        self, action: Action, actor: str, *, organization_id: str | None = None, subject: str = "", remote: str = ""
    ) -> None:
        """Write one event down; texts that are too long lose their end."""
        async with self._database.transaction() as session:
            await session.run_sync(
                self.write, action, actor, organization_id=organization_id, subject=subject, remote=remote
            )

    def write(
        self,
        session: Session,
        action: Action,
        actor: str,
        *,
        organization_id: str | None = None,
        subject: str = "",
        remote: str = "",
    ) -> None:
        """Write one event down in the transaction of *session*, as `note` does in one of its own."""
        now = int(self._clock())
        event = AuditEvent(
            at=now,
            action=action,
            actor=actor[:64],
            organization_id=organization_id,
            subject=subject[:128],
            remote=remote[:64],
        )
        session.add(event)
        session.flush()
        # Numbers rise, so both bounds are the head of an index, and mostly nothing is there.
        session.execute(delete(AuditEvent).where(AuditEvent.number <= event.number - self._most))
        session.execute(delete(AuditEvent).where(AuditEvent.at <= now - self._kept_s))

    async def last(
        self, limit: int, *, organization_id: str | None = None, actor: str | None = None, action: str | None = None
    ) -> Sequence[Note]:
        """Return the newest events, the newest first.

        Parameters
        ----------
        limit : int
            Most events.
        organization_id, actor, action : str, optional
            Only events of these.
        """
        asked = select(AuditEvent).order_by(AuditEvent.number.desc()).limit(limit)
        if organization_id is not None:
            asked = asked.where(AuditEvent.organization_id == organization_id)
        if actor is not None:
            asked = asked.where(func.lower(AuditEvent.actor) == actor.lower())
        if action is not None:
            asked = asked.where(AuditEvent.action == action)
        async with self._database.transaction() as session:
            return [_noted(event) for event in await session.scalars(asked)]


def _noted(event: AuditEvent) -> Note:
    return Note(
        number=event.number,
        at=event.at,
        action=event.action,
        actor=event.actor,
        organization_id=event.organization_id,
        subject=event.subject,
        remote=event.remote,
    )
