"""Device codes: an app asks, a person answers (RFC 8628)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, exists, func, select, update
from sqlalchemy.orm import Session

from arkitekt_di.messages.manifest import Manifest
from arkitekt_di.server.database import Database
from arkitekt_di.server.identity.app_request import AppRequest
from arkitekt_di.server.identity.client_rights import UNREGISTERED
from arkitekt_di.server.identity.clock import HOUR_S, Clock
from arkitekt_di.server.identity.device_authorization import check_device_request
from arkitekt_di.server.identity.opaque import digest, new_id, new_secret, new_user_code
from arkitekt_di.server.identity.scopes import grantable
from arkitekt_di.server.identity.standing import Standing
from arkitekt_di.server.identity.tables import Client, DeviceCode, Login

INTERVAL_S = 1
"""Seconds between polls. RFC 8628 names 5 as the default; one query a second is cheap here, and logins feel prompt."""

MAX_WAITING = 1000
"""Requests that wait for an answer at one time; more are turned away, so that strangers cannot fill the database."""

KEPT_S = HOUR_S
"""How long a code is kept after its end, so that a late poll hears why."""


@dataclass(frozen=True)
class IssuedCode:
    """What the app gets."""

    device_code: str
    user_code: str
    client_id: str
    expires_in: int

    def __repr__(self) -> str:
        return f"IssuedCode(client_id={self.client_id!r})"


@dataclass(frozen=True)
class WaitingApp:
    """What a person is shown before the answer."""

    manifest: Manifest
    scopes: tuple[str, ...]
    remote: str
    created_at: int
    role: str
    is_registered: bool = False


class DeviceCodes:
    """Issues codes and records answers.

    Parameters
    ----------
    database : Database
    lifetime_s : int
        The longest that a code waits, in seconds.
    clock : Clock
    """

    def __init__(self, database: Database, lifetime_s: int, clock: Clock) -> None:
        self._database = database
        self._lifetime_s = lifetime_s
        self._clock = clock

    async def issue(self, asked: AppRequest, remote: str, *, approver: Standing | None = None) -> IssuedCode | None:
        """Register the app and return its codes, or None where too many are waiting.

        Where *approver* is given the code is approved from the start.
        """
        client = Client(
            client_id=new_id(),
            manifest_json=asked.manifest.model_dump_json(),
            kind=asked.requested_client_kind,
            role=asked.requested_client_role,
            redirect_uris=" ".join(asked.redirect_uris),
            created_at=int(self._clock()),
        )
        lifetime_s = min(asked.expiration_time_seconds, self._lifetime_s)
        async with self._database.transaction() as session:
            return await session.run_sync(
                self._issue, client, asked.manifest.scopes, remote, lifetime_s=lifetime_s, approver=approver
            )

    async def issue_for_client(
        self, fields: Mapping[str, str], remote: str, *, approver: Standing | None = None
    ) -> IssuedCode | None:
        """Return codes for a client that the hub knows, or None where too many are waiting.

        Raises ``OAuth2Error`` where the client may not ask.
        """
        async with self._database.transaction() as session:
            client = await session.run_sync(check_device_request, fields, now=self._clock())
            scopes = fields.get("scope", "").split() or client.manifest.scopes
            return await session.run_sync(
                self._issue, client, scopes, remote, lifetime_s=self._lifetime_s, approver=approver
            )

    def _issue(
        self,
        session: Session,
        client: Client,
        scopes: Iterable[str],
        remote: str,
        *,
        lifetime_s: int,
        approver: Standing | None,
    ) -> IssuedCode | None:
        now = int(self._clock())
        _forget_old(session, now)
        if _count_waiting(session, now) >= MAX_WAITING:
            return None
        issued = IssuedCode(new_secret(), new_user_code(), client.client_id, lifetime_s)
        session.merge(client)
        session.flush()
        session.add(
            DeviceCode(
                digest=digest(issued.device_code),
                user_code_digest=digest(issued.user_code),
                client_id=issued.client_id,
                scope=" ".join(grantable(scopes)),
                remote=remote,
                created_at=now,
                expires_at=now + lifetime_s,
                interval_s=INTERVAL_S,
                **({} if approver is None else _approved_by(approver, now)),
            )
        )
        return issued

    async def look_up(self, user_code: str) -> WaitingApp | None:
        """Return the app that shows *user_code* and waits for an answer."""
        async with self._database.transaction() as session:
            found = await session.execute(
                select(DeviceCode, Client)
                .join(Client, Client.client_id == DeviceCode.client_id)
                .where(DeviceCode.user_code_digest == digest(user_code), *_waiting(int(self._clock())))
            )
            row = found.one_or_none()
        if row is None:
            return None
        code, client = row
        return WaitingApp(
            client.manifest,
            tuple(code.scope.split()),
            code.remote,
            code.created_at,
            client.role,
            is_registered=client.kind not in UNREGISTERED,
        )

    async def approve(self, user_code: str, approver: Standing) -> bool:
        """Let the app in; False where it no longer waits."""
        return await self._answer(user_code, _approved_by(approver, int(self._clock())))

    async def deny(self, user_code: str) -> bool:
        """Turn the app away; False where it no longer waits."""
        return await self._answer(user_code, {"denied_at": int(self._clock())})

    async def _answer(self, user_code: str, values: Mapping[str, object]) -> bool:
        async with self._database.transaction() as session:
            answered = await session.execute(
                update(DeviceCode)
                .where(DeviceCode.user_code_digest == digest(user_code), *_waiting(int(self._clock())))
                .values(**values)
                .returning(DeviceCode.digest)
            )
            return answered.one_or_none() is not None


def _approved_by(approver: Standing, now: int) -> dict[str, object]:
    return {"approved_at": now, "user_id": approver.user_id, "organization_id": approver.organization_id}


def _waiting(now: int) -> tuple[ColumnElement[bool], ...]:
    return (DeviceCode.approved_at.is_(None), DeviceCode.denied_at.is_(None), DeviceCode.expires_at > now)


def _count_waiting(session: Session, now: int) -> int:
    return session.scalar(select(func.count()).select_from(DeviceCode).where(*_waiting(now))) or 0


def _forget_old(session: Session, now: int) -> None:
    """Remove codes that ended long ago, and the apps that nobody let in."""
    over = DeviceCode.expires_at <= now - KEPT_S
    client_ids = session.scalars(select(DeviceCode.client_id).where(over).limit(MAX_WAITING)).all()
    if client_ids:
        session.execute(delete(DeviceCode).where(DeviceCode.client_id.in_(client_ids), over))
        has_login = exists().where(Login.client_id == Client.client_id)
        registered_itself = Client.kind.in_(UNREGISTERED)
        session.execute(delete(Client).where(Client.client_id.in_(client_ids), registered_itself, ~has_login))
