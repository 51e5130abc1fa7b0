"""An app keeps a hub on its machine awake."""

import asyncio

import pytest

from arkitekt_di.fakts.lease import HubLease
from arkitekt_di.settings.models import TransportSettings
from arkitekt_di.transport.http import HttpClient
from tests.server.sites import BOUND_S, Served

pytestmark = pytest.mark.anyio


class At:
    """Stands for fakts where only the address of the hub is asked."""

    def __init__(self, url: str) -> None:
        self.url = url


async def test_a_lease_is_held_from_start_to_stop():
    async with Served(idle_s=0.5) as served, HttpClient(TransportSettings()) as http, asyncio.timeout(BOUND_S):
        lease = HubLease(At(served.address.url), http)
        await lease.start()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.0):
                await served.idleness.wait()
        await lease.stop()
        await served.idleness.wait()


async def test_a_hub_that_gives_no_leases_is_used_without():
    async with Served() as served, HttpClient(TransportSettings()) as http:
        lease = HubLease(At(f"{served.address.url}/nowhere"), http)

        await lease.start()
        await lease.stop()


async def test_a_hub_on_another_machine_is_not_asked_for_a_lease():
    lease = HubLease(At("https://hub.example"), HttpClient(TransportSettings()))  # the client is not even open

    await lease.start()
    await lease.stop()


async def test_a_hub_that_ends_does_not_disturb_the_holder():
    async with HttpClient(TransportSettings()) as http, asyncio.timeout(BOUND_S):
        async with Served() as served:
            lease = HubLease(At(served.address.url), http)
            await lease.start()
        await lease.stop()
