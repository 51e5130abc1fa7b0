import asyncio
import os
import subprocess
import sys

import pytest

from arkitekt_di import process
from arkitekt_di.process import birth_of, end, is_alive

pytestmark = pytest.mark.anyio

WAIT = "import sys; print('up', flush=True); sys.stdin.read()"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {WAIT}"


def run(program):
    child = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"up\n"
    return child


@pytest.fixture
def child():
    with run(WAIT) as child:
        yield child


@pytest.fixture
def stubborn():
    with run(STUBBORN) as child:
        yield child
        child.kill()


def test_a_process_keeps_its_birth_and_shares_it_with_none(child):
    assert birth_of(child.pid) == birth_of(child.pid)
    assert birth_of(child.pid) != birth_of(os.getpid())


def test_a_process_that_ended_has_no_birth_though_nobody_has_waited_for_it(child):
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)

    assert birth_of(child.pid) is None


def test_another_birth_is_another_process(child):
    assert is_alive(child.pid, birth_of(child.pid))
    assert not is_alive(child.pid, "another boot:1")


def test_without_a_birth_the_number_decides(child):
    assert is_alive(child.pid, None)


def test_a_process_of_somebody_else_lives_too(monkeypatch):
    def refuse(_pid, _signal):
        raise PermissionError

    monkeypatch.setattr(os, "kill", refuse)

    assert is_alive(1, None)


@pytest.mark.parametrize("has_pidfd", [True, False])
async def test_a_process_is_asked_to_end_and_is_gone_then(child, monkeypatch, has_pidfd):
    if not has_pidfd:
        monkeypatch.delattr(os, "pidfd_open")

    assert await end(child.pid, birth_of(child.pid), timeout_s=10)
    assert birth_of(child.pid) is None


@pytest.mark.parametrize("has_pidfd", [True, False])
async def test_a_process_that_does_not_end_is_told_in_time(stubborn, monkeypatch, has_pidfd):
    if not has_pidfd:
        monkeypatch.delattr(os, "pidfd_open")

    async with asyncio.timeout(5):
        assert not await end(stubborn.pid, birth_of(stubborn.pid), timeout_s=0.1)


@pytest.mark.parametrize("has_pidfd", [True, False])
async def test_a_process_that_got_the_number_later_is_left_alone(child, monkeypatch, has_pidfd):
    if not has_pidfd:
        monkeypatch.delattr(os, "pidfd_open")

    assert await end(child.pid, "another boot:1", timeout_s=10)
    assert child.poll() is None


async def test_a_process_that_is_gone_needs_no_asking(child):
    child.kill()
    child.wait()

    assert await end(child.pid, None, timeout_s=10)
    assert not is_alive(child.pid, None)


def test_where_the_system_does_not_tell_there_is_no_birth(tmp_path, monkeypatch):
    monkeypatch.setattr(process, "_PROC", tmp_path)

    assert birth_of(os.getpid()) is None
