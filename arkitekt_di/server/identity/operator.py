"""What whoever operates a hub does to its records from outside, whether the hub runs or not."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from arkitekt_di.errors import HubDataNotFoundError
from arkitekt_di.server.data_folder import DataFolder
from arkitekt_di.server.database import Database
from arkitekt_di.server.identity.audit import OPERATOR, Action, AuditLog
from arkitekt_di.server.identity.clients import Clients
from arkitekt_di.server.identity.clock import Clock
from arkitekt_di.server.identity.keys import SigningKeys
from arkitekt_di.server.identity.mandates import Mandates
from arkitekt_di.server.identity.passwords import Passwords
from arkitekt_di.server.identity.users import Users
from arkitekt_di.settings.models import ServerSettings


@dataclass(frozen=True)
class Records:
    """People, clients and mandate keys of one hub, and what was done to them."""

    users: Users
    clients: Clients
    mandates: Mandates
    audit: AuditLog


@asynccontextmanager
async def open_records(settings: ServerSettings, clock: Clock = time.time) -> AsyncIterator[Records]:
    """Open the records of the hub that *settings* describe; raises `HubDataNotFoundError` where there are none.

    The hub may be running: the database keeps the two apart.
    """
    # SQLite would make an empty hub where the folder is misspelt.
    if settings.database.url is None and not (settings.data / "hub.sqlite").is_file():
        raise HubDataNotFoundError(str(settings.data))
    database = Database(settings.database, settings.data)
    await database.start()
    try:
        yield Records(
            Users(database, Passwords(), clock),
            Clients(database, clock),
            Mandates(database, clock),
            AuditLog(database, settings.identity, clock),
        )
    finally:
        await database.stop()


async def rotate_signing_key(settings: ServerSettings) -> str:
    """Make the key that signs tokens from the next start on, and return its identifier.

    Raises
    ------
    HubDataNotFoundError
        No hub has been here.
    DataFolderInUseError
        The hub is running: it reads the keys when it starts.
    """
    folder = DataFolder(settings.data)
    if not folder.keys.is_dir():
        raise HubDataNotFoundError(str(settings.data))
    await folder.start()
    try:
        keys = SigningKeys(folder.keys)
        await keys.start()
        await keys.rotate()
    finally:
        await folder.stop()
    kid = keys.current[0]
    async with open_records(settings) as records:
        await records.audit.note(Action.KEY_ROTATED, OPERATOR, subject=kid)
    return kid
