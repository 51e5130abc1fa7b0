"""A lazy array can be pickled: no secret travels with it, and it finds its pixels through the app where it arrives."""

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import xarray as xr

from arkitekt_di.errors import AppElsewhereError
from arkitekt_di.governing import APPS
from arkitekt_di.koil import Koil
from arkitekt_di.messages.images import StoreGrant
from arkitekt_di.mikro.image import Image
from arkitekt_di.mikro.in_memory import InMemoryImageRecords, InMemoryPixelStore
from arkitekt_di.mikro.records import GraphQLImageRecords
from arkitekt_di.mikro.service import Mikro
from arkitekt_di.settings.models import MikroSettings
from tests.mikro.arrays import stack
from tests.mikro.hub import serving

STACK = stack(z=4, y=200, x=200)
CUT = MikroSettings(chunk_px=64, shard_mib=0.1)


class CountedRecords(InMemoryImageRecords):
    """Counts grants to read; may know a store by another identifier, too."""

    def __init__(self, pixels: InMemoryPixelStore) -> None:
        super().__init__(pixels)
        self.granted = 0
        self.also_known: dict[str, str] = {}

    async def request_access(self, store_id: str) -> StoreGrant:
        self.granted += 1
        return await super().request_access(self.also_known.get(store_id, store_id))


class MemoryApp:
    """As much of an app as reading takes."""

    def __init__(self, koil: Koil) -> None:
        pixels = InMemoryPixelStore()
        self.identifier = "reader"
        self.koil = koil
        self.records = CountedRecords(pixels)
        self.mikro = Mikro(self.records, pixels, koil, CUT)

    def image(self) -> Image:
        return self.koil.call(self.mikro.afrom_xarray, STACK, name="embryo")

    def stored(self) -> xr.DataArray:
        return self.image().data


@contextmanager
def governing() -> Iterator[MemoryApp]:
    with Koil() as koil:
        app = MemoryApp(koil)
        APPS.enter(app)
        try:
            yield app
        finally:
            APPS.leave(app)


def arrived(body: bytes) -> xr.DataArray:
    array: xr.DataArray = pickle.loads(body)  # noqa: S301  # our own bytes
    return array


def test_an_array_that_arrives_is_the_same_and_can_be_sent_on() -> None:
    with governing() as app:
        body = pickle.dumps(app.stored())
        again = arrived(body)

        assert again.compute().identical(STACK)
        assert arrived(pickle.dumps(again)).isel(z=1).compute().identical(STACK.isel(z=1))


def test_all_tasks_of_a_process_share_one_grant() -> None:
    with governing() as app:
        body = pickle.dumps(app.stored())
        before = app.records.granted

        for z in range(4):
            arrived(body).isel(z=z).compute()

        assert app.records.granted == before + 1


def test_arriving_asks_for_nothing_and_reading_without_an_app_says_what_to_do() -> None:
    with governing() as app:
        body = pickle.dumps(app.stored())
    array = arrived(body)

    assert array.shape == STACK.shape
    with pytest.raises(AppElsewhereError, match="no app is open"):
        array.compute()


def test_a_hub_that_counts_alike_is_not_mistaken_for_the_first() -> None:
    with governing() as app:
        image = app.image()
        body = pickle.dumps(image.data)

    with governing() as other:
        with pytest.raises(AppElsewhereError, match="does not find them"):
            arrived(body).compute()
        other.records.also_known[image._record.store.id] = other.image()._record.store.id
        with pytest.raises(AppElsewhereError, match="at another hub"):
            arrived(body).compute()


class NotingRecords(GraphQLImageRecords):
    """Notes what is granted."""

    granted: StoreGrant | None = None

    async def request_access(self, store_id: str) -> StoreGrant:
        self.granted = await super().request_access(store_id)
        return self.granted


@pytest.mark.anyio
async def test_no_secret_travels(tmp_path: Path) -> None:
    async with serving(tmp_path) as hub, Koil() as koil:
        records = NotingRecords(hub.graphql)
        image = await Mikro(records, hub.pixels, koil, CUT).afrom_xarray(STACK, name="embryo")

        body = pickle.dumps(await image.adata())

        grant = records.granted
        assert grant is not None
        assert grant.key.encode() in body
        for secret in (grant.access_key, grant.secret_key.get_secret_value(), grant.session_token.get_secret_value()):
            assert len(secret) > 8
            assert secret.encode() not in body
