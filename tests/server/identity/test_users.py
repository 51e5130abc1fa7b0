import asyncio
import os
import stat
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from argon2 import PasswordHasher
from pydantic import SecretStr
from sqlalchemy import select, update

from arkitekt_di.errors import AccountRefusedError, UserNotFoundError
from arkitekt_di.server.identity.passwords import Passwords
from arkitekt_di.server.identity.standing import Role
from arkitekt_di.server.identity.tables import User
from tests.server.identity.harness import PASSWORD, Hub, running

pytestmark = pytest.mark.anyio


async def stored_hash(hub: Hub) -> str:
    async with hub.database.transaction() as session:
        return (await session.scalars(select(User.password_hash).where(User.name == "Ada"))).one() or ""


async def test_users_of_one_organization_share_it(hub: Hub) -> None:
    ada = await hub.identity.users.create("Ada", SecretStr(PASSWORD), "Babbage Lab", role=Role.ADMIN)
    eve = await hub.identity.users.create("eve", SecretStr(PASSWORD), "BABBAGE  lab!")
    kim = await hub.identity.users.create("kim", SecretStr(PASSWORD), "Other Lab")

    assert ada.organization_id == eve.organization_id != kim.organization_id
    assert (ada.organization_slug, eve.organization_name) == ("babbage-lab", "Babbage Lab")
    assert (ada.role, eve.role) == ("admin", "member")


async def test_a_name_is_taken_in_every_spelling(hub: Hub) -> None:
    await hub.identity.users.create("Ada", SecretStr(PASSWORD), "Lab")

    for name in ("ada", "ADA ", "\uff21da"):
        with pytest.raises(AccountRefusedError, match="taken"):
            await hub.identity.users.create(name, SecretStr(PASSWORD), "Lab")


@pytest.mark.parametrize("password", ["", "elevenchars", "x" * 129])
async def test_passwords_of_a_wrong_length_are_refused_and_not_repeated(hub: Hub, password: str) -> None:
    with pytest.raises(AccountRefusedError, match="12 to 128") as caught:
        await hub.identity.users.create("ada", SecretStr(password), "Lab")
    assert not password or password not in str(caught.value)


async def test_passwords_match_in_every_spelling_of_unicode(hub: Hub) -> None:
    await hub.identity.users.create("Ada", SecretStr("Pa\u0308sswo\u0308rter zwo\u0308lf"), "Lab")

    assert await hub.identity.users.recognise("ada", SecretStr("P\u00e4ssw\u00f6rter zw\u00f6lf"))
    assert not await hub.identity.users.recognise("ada", SecretStr("Passworter zwolf"))


async def test_a_reset_password_replaces_the_old_one(hub: Hub) -> None:
    await hub.identity.users.create("Ada", SecretStr(PASSWORD), "Lab")

    await hub.identity.users.reset_password("ada", SecretStr("another horse battery"))

    assert not await hub.identity.users.recognise("ada", SecretStr(PASSWORD))
    assert await hub.identity.users.recognise("ada", SecretStr("another horse battery"))
    with pytest.raises(UserNotFoundError, match="nobody"):
        await hub.identity.users.reset_password("nobody", SecretStr(PASSWORD))


async def test_a_hash_of_older_parameters_is_renewed_at_the_next_login(hub: Hub) -> None:
    await hub.identity.users.create("Ada", SecretStr(PASSWORD), "Lab")
    old = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    async with hub.database.transaction() as session:
        await session.execute(update(User).values(password_hash=old))

    assert await hub.identity.users.recognise("ada", SecretStr(PASSWORD))

    assert await stored_hash(hub) != old
    assert (await stored_hash(hub)).startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert await hub.identity.users.recognise("ada", SecretStr(PASSWORD))


async def test_a_broken_hash_lets_nobody_in() -> None:
    assert not await Passwords().matches("not a hash", SecretStr(PASSWORD))


async def test_an_unknown_user_takes_as_long_as_a_known_one(hub: Hub) -> None:
    await hub.identity.users.create("Ada", SecretStr(PASSWORD), "Lab")

    async def duration(name: str) -> float:
        start = time.process_time()  # what the hash costs, whatever else the machine does
        assert await hub.identity.users.recognise(name, SecretStr("wrong wrong wrong")) is None
        return time.process_time() - start

    known, unknown = [], []
    for _ in range(5):
        known.append(await duration("ada"))
        unknown.append(await duration("nobody"))

    assert 0.5 < median(unknown) / median(known) < 2


class Slow(PasswordHasher):
    """Hashes when it is told to."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.begun, self.release = threading.Semaphore(0), threading.Event()

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        self.begun.release()
        assert self.release.wait(20)
        return super().hash(password, salt=salt)


class Threads(ThreadPoolExecutor):
    """Counts what is handed over, which happens at once, unlike what the threads do with it."""

    handed_over = 0

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.handed_over += 1
        return super().submit(work, *args, **kwargs)


async def test_many_logins_at_once_take_the_memory_of_two() -> None:
    slow, threads = Slow(), Threads(8)
    asyncio.get_running_loop().set_default_executor(threads)
    passwords = Passwords(slow)
    logins = [asyncio.create_task(passwords.matches(None, SecretStr(PASSWORD))) for _ in range(6)]

    await asyncio.get_running_loop().run_in_executor(None, slow.begun.acquire)  # every login has asked by now
    before = threads.handed_over
    slow.release.set()

    assert await asyncio.gather(*logins) == [False] * 6
    assert before == 2 + 1  # and the wait for them
    assert threads.handed_over == 6 + 1


async def test_keys_are_private_whatever_the_umask_and_survive_a_restart(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        async with running(tmp_path, tmp_path / "keys") as hub:
            tokens = await hub.log_in()
            first = hub.identity._keys.public()
    finally:
        os.umask(before)

    files = sorted((tmp_path / "keys").iterdir())
    assert [path.name for path in files] == ["forms.key", "signing-000001.json"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    async with running(tmp_path, tmp_path / "keys") as hub:
        assert hub.identity._keys.public() == first
        assert (await hub.refresh(tokens)).status == 200
