"""fakts and herre against the real hub, as processes of their own."""

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from arkitekt_di.errors import LoginRequiredError
from arkitekt_di.fakts.cache import InMemoryClaimCache
from arkitekt_di.fakts.local_hub import LocalHub
from arkitekt_di.herre.store import InMemoryTokenStore, TokenKey
from arkitekt_di.settings.models import HubSettings
from arkitekt_di.transport.graphql import HttpGraphQL
from tests.herre.logins import MANIFEST, logged_in, make_fakts

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]


async def type_of_query(http, fakts, herre):
    async def endpoint():
        return (await fakts.aget_alias("mikro")).url("graphql")

    return await HttpGraphQL(http, herre, endpoint).execute("query Probe { __typename }", {})


async def test_the_local_hub_lets_its_user_in_without_a_person(http, tmp_path, capfd):
    local_hub = LocalHub(HubSettings(folder=tmp_path))
    record = await local_hub.ensure()
    fakts = make_fakts(http, record.url, InMemoryClaimCache(), key=record.mandate_key)

    async with logged_in(fakts, http, InMemoryTokenStore(), time.time) as herre:
        assert await type_of_query(http, fakts, herre) == {"__typename": "Query"}
        assert herre.user.sub is not None

    assert await local_hub.stop()
    assert capfd.readouterr().err == ""


@pytest.fixture
async def approving_hub(tmp_path):
    """Return the address of a hub that approves every login."""
    serve = ("-m", "arkitekt_di", "serve", "--port", "0", "--data", str(tmp_path / "hub"), "--auto-approve", "--json")
    process = await asyncio.create_subprocess_exec(sys.executable, *serve, cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    yield json.loads(await process.stdout.readline())["url"]
    process.terminate()
    await process.wait()


async def test_a_login_by_device_code_is_renewed_recalled_and_ended(http, approving_hub):
    store, cache = InMemoryTokenStore(), InMemoryClaimCache()
    key = TokenKey(approving_hub, MANIFEST.digest())
    async with logged_in(make_fakts(http, approving_hub, cache), http, store, time.time) as herre:
        first = await herre.aget_token()
        second = await herre.arefresh_token(first)
        used = store.load(key)
        assert used is not None

    fakts = make_fakts(http, approving_hub, cache)
    async with logged_in(fakts, http, store, time.time) as herre:
        assert await herre.aget_token() == second != first
        assert await type_of_query(http, fakts, herre) == {"__typename": "Query"}
        await herre.logout()

        store.save(key, used)  # as if another program still had it
        herre._token = used
        with pytest.raises(LoginRequiredError):
            await herre.arefresh_token(second)
        assert store.load(key) is None
