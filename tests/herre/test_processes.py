import asyncio
import subprocess
import sys
import time
from pathlib import Path

import pytest

from arkitekt_di.fakts.cache import FileClaimCache
from arkitekt_di.herre.store import FileTokenStore
from tests.herre.logins import logged_in, make_fakts

pytestmark = pytest.mark.anyio

PROGRAM = Path(__file__).with_name("login_once.py")
PROGRAMS = 3


async def test_programs_that_renew_one_login_at_once_stay_logged_in(http, hub, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(PROGRAM.parents[2]))
    fakts = make_fakts(http, hub.url, FileClaimCache(tmp_path / "claims"))
    async with logged_in(fakts, http, FileTokenStore(tmp_path / "tokens"), time.time) as herre:
        stale = await herre.aget_token()
    programs = [
        await asyncio.create_subprocess_exec(
            sys.executable, PROGRAM, hub.url, tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(PROGRAMS)
    ]
    for program in programs:
        assert program.stdout is not None
        assert await program.stdout.readline() == b"up\n"

    outputs = await asyncio.gather(*(program.communicate(stale.encode() + b"\n") for program in programs))

    tokens = {output.decode().strip() for output, _ in outputs}
    assert len(tokens) == 1
    assert tokens <= hub.good_access - {stale}
    assert (hub.claims, hub.refreshes) == (1, 1)
    async with logged_in(fakts, http, FileTokenStore(tmp_path / "tokens"), time.time) as herre:
        assert await herre.arefresh_token(await herre.aget_token()) in hub.good_access
    assert hub.claims == 1
