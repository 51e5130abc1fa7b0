import asyncio
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pydantic import SecretStr

from arkitekt_di.errors import HubStartError
from arkitekt_di.fakts.discovery import LocalHubDiscovery
from arkitekt_di.fakts.local_hub import LocalHub
from arkitekt_di.messages.hub import HubRecord
from arkitekt_di.private_file import write_private
from arkitekt_di.process import birth_of, end
from arkitekt_di.settings.models import HubSettings

pytestmark = pytest.mark.anyio

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(HERE.parents[1]))


@pytest.fixture
def make(tmp_path):
    def make(manner="good", start_timeout_s=30.0):
        command = (sys.executable, str(HERE / "stand_in_hub.py"), manner)
        return LocalHub(HubSettings(folder=tmp_path / "hub", start_timeout_s=start_timeout_s), command)

    return make


@pytest.fixture
async def local_hub(make):
    local_hub = make()
    yield local_hub
    assert await local_hub.stop()


async def test_where_no_hub_runs_there_is_none(local_hub):
    assert await local_hub.running() is None
    assert await local_hub.stop()


async def test_a_hub_is_started_and_found_again(local_hub):
    started = await local_hub.ensure()

    assert await local_hub.running() == started
    assert await local_hub.ensure() == started


async def test_the_hub_is_discovered_with_its_key(local_hub):
    found = await LocalHubDiscovery(local_hub).find()

    assert found.url.startswith("http://127.0.0.1:")
    assert found.mandate_key == SecretStr("the key of the stand-in")


def is_child(pid):
    try:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


async def test_the_hub_is_nobodys_child_and_hears_no_terminal(local_hub):
    record = await local_hub.ensure()

    assert not is_child(record.pid)
    assert os.getsid(record.pid) != os.getsid(0)


async def test_what_the_hub_says_is_for_its_user_only(local_hub):
    await local_hub.ensure()

    assert stat.S_IMODE(local_hub.log_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(local_hub.folder.stat().st_mode) == 0o700


async def test_programs_that_start_at_once_meet_in_one_hub_that_outlives_them(local_hub):
    async def program():
        child = await asyncio.create_subprocess_exec(
            sys.executable, HERE / "ensure_hub.py", local_hub.folder, stdout=subprocess.PIPE
        )
        out, _ = await child.communicate()
        return int(out)

    pids = await asyncio.gather(*(program() for _ in range(4)))

    record = await local_hub.running()
    assert record is not None
    assert set(pids) == {record.pid}


async def test_a_hub_that_is_asked_to_end_is_gone(local_hub):
    record = await local_hub.ensure()

    assert await local_hub.stop()

    assert birth_of(record.pid) is None
    assert await local_hub.running() is None


async def test_a_hub_that_was_killed_is_started_again(local_hub):
    killed = await local_hub.ensure()
    os.kill(killed.pid, signal.SIGKILL)
    await end(killed.pid, killed.birth, timeout_s=10)

    assert await local_hub.running() is None
    assert (await local_hub.ensure()).pid != killed.pid


@pytest.fixture
def bystander():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        yield child


@pytest.mark.parametrize("birth", ["another boot:1", None])
async def test_a_process_that_got_the_number_of_a_hub_is_neither_taken_for_it_nor_ended(make, bystander, birth):
    local_hub = make()
    record = HubRecord(
        url="http://127.0.0.1:1",
        pid=bystander.pid,
        birth=birth,
        version="0",
        started_at=time.time(),
        mandate_key=SecretStr("key"),
    )
    write_private(local_hub.folder / "hub.json", record.revealed())

    assert await local_hub.running() is None
    assert await local_hub.stop()
    assert bystander.poll() is None


@pytest.mark.parametrize("content", [b"", b"{", b'{"url": "http://127.0.0.1:1"}'])
async def test_a_record_that_makes_no_sense_is_replaced(local_hub, content):
    write_private(local_hub.folder / "hub.json", content)

    assert await local_hub.running() is None
    assert await local_hub.ensure() == await local_hub.running()


@pytest.mark.parametrize(
    ("manner", "reason"),
    [
        ("refusing", "port 1 is taken"),
        ("mute", "without a word"),
        ("mute", "no such module"),  # from the log
        ("babbling", "makes no sense"),
        ("liar", "does not answer"),
    ],
)
async def test_a_hub_that_does_not_come_up_says_why(make, manner, reason):
    with pytest.raises(HubStartError, match=reason):
        await make(manner).ensure()


async def hanging_process(local_hub):
    """Return number and birth of the hub that hangs, as soon as it does."""
    file = local_hub.folder / "hanging"
    async with asyncio.timeout(30):
        while not file.exists():  # noqa: ASYNC110  # another process makes it
            await asyncio.sleep(0.02)
    pid, birth = file.read_text().split()
    return int(pid), birth


async def test_a_hub_that_does_not_come_up_in_time_is_ended(make):
    local_hub = make("hanging", start_timeout_s=3)

    with pytest.raises(HubStartError, match="within 3 s"):
        await local_hub.ensure()

    # It ignores SIGTERM, so it is gone only if it was killed.
    assert await end(*await hanging_process(local_hub), timeout_s=5)


async def test_giving_up_on_a_start_leaves_no_process_and_no_lock(make):
    local_hub = make("hanging")
    start = asyncio.create_task(local_hub.ensure())
    process = await hanging_process(local_hub)

    start.cancel()
    with pytest.raises(asyncio.CancelledError):
        await start

    assert await end(*process, timeout_s=5)
    with pytest.raises(HubStartError, match="port 1 is taken"):
        await make("refusing").ensure()


async def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(HubStartError, match="directory"):
        await LocalHub(HubSettings(folder=tmp_path / "file" / "hub")).ensure()


def test_the_hub_of_a_user_has_a_folder_of_its_own(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))

    assert LocalHub(HubSettings()).folder == tmp_path / "arkitekt" / "hub"
