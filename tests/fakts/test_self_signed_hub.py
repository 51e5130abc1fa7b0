"""An app and a real hub that no authority vouches for, from the first contact to the pixels."""

import asyncio

import numpy as np
import pytest
import xarray as xr
from pydantic import SecretStr

from arkitekt_di import easy
from arkitekt_di.containers.lifecycle import Lifecycle
from arkitekt_di.containers.server import ServerContainer
from arkitekt_di.errors import HubNotTrustedError
from arkitekt_di.fakts.person import FixedAnswer
from arkitekt_di.fakts.pins import InMemoryHubPins
from arkitekt_di.mikro import from_xarray
from arkitekt_di.settings.models import ServerSettings

pytestmark = pytest.mark.anyio

KEY = "the key of this hub's machine"


@pytest.fixture
async def hub(tmp_path):
    settings = ServerSettings.model_validate({"data": tmp_path / "data", "listen": {"tls_self_signed": True}})
    container = ServerContainer(settings=settings, mandate_key=SecretStr(KEY))
    lifecycle = Lifecycle(container)
    await lifecycle.start()
    yield container
    await lifecycle.stop()


def app(hub, pins, answer):
    return easy(
        "first-contact",
        url=hub.address().url,
        no_cache=True,
        overrides={"fakts.pins": pins, "fakts.person": FixedAnswer(answer)},
        settings={"fakts.mandate_key": KEY, "herre.store": "file"},
    )


async def test_a_hub_is_trusted_by_the_fingerprint_that_it_shows_and_images_go_to_it_alone(hub):
    pins = InMemoryHubPins()
    stack = xr.DataArray(np.arange(64, dtype=np.uint8).reshape(8, 8), dims=("y", "x"))

    with pytest.raises(HubNotTrustedError):
        async with app(hub, pins, "no"):
            pass

    def store_and_read():
        with app(hub, pins, hub.hub_key().public.fingerprint) as opened:
            image = from_xarray(stack, name="embryo")
            return opened.fakts.fingerprint, image.data.compute()

    fingerprint, data = await asyncio.to_thread(store_and_read)

    assert fingerprint == hub.hub_key().public.fingerprint
    assert (data.squeeze().values == stack.values).all()
    pin = pins.load(hub.address().url)
    assert pin is not None
    assert pin.certificates == hub.certificate().claim.certificates
