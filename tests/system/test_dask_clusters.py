"""Workers of a Dask cluster compute what is stored, store by themselves, and read what others stored."""

import os
from collections.abc import Iterator
from pathlib import Path

import dask.array as da
import distributed
import numpy as np
import pytest

from arkitekt_di import App, easy
from arkitekt_di.errors import AppElsewhereError
from arkitekt_di.mikro import from_xarray, get_image
from tests.serving import ServedHub, serving
from tests.system.cluster_tasks import signed, stored, stored_lazily
from tests.system.pool_reader import open_app, total

pytestmark = pytest.mark.timeout(600)

SHAPE, CUT = (6, 90, 110), {"chunk_px": 64, "shard_mib": 0.02}
DIMS = ("z", "y", "x")


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedHub]:
    folder: Path = tmp_path_factory.mktemp("hub")
    with serving(folder / "data", "--auto-approve") as hub:
        yield hub


@pytest.fixture(scope="module")
def app(hub: ServedHub) -> Iterator[App]:
    with easy("cluster", url=hub.url, headless=True, no_cache=True) as app:
        yield app


@pytest.fixture(scope="module")
def client() -> Iterator[distributed.Client]:
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def test_workers_compute_what_is_stored_and_say_what_they_lack_to_read_it(app: App, client: distributed.Client) -> None:
    blocks = da.zeros(SHAPE, chunks=(4, 50, 60), dtype=np.int64).map_blocks(signed, dtype=np.int64)
    workers = set(client.run(os.getpid).values())

    image = from_xarray(blocks, name="computed", dims=DIMS, settings=CUT, app=app)

    assert set(np.unique(image.data.compute(scheduler="threads"))) <= workers
    with pytest.raises(AppElsewhereError, match="no app is open"):
        client.submit(total, image.data).result()


def test_what_workers_hold_already_is_stored(app: App, client: distributed.Client) -> None:
    values = np.random.default_rng(1).integers(0, 2**16, SHAPE, np.uint16)
    held = da.from_array(values, chunks=(4, 50, 60)).persist()

    image = from_xarray(held, name="held", dims=DIMS, settings=CUT, app=app)

    assert np.array_equal(image.data.compute(scheduler="threads"), values)


def test_workers_with_apps_of_their_own_store_and_read(hub: ServedHub, app: App, client: distributed.Client) -> None:
    client.run(open_app, hub.url)
    values = np.random.default_rng(2).integers(0, 2**16, SHAPE, np.uint16)
    image = from_xarray(values, name="shared", dims=DIMS, settings=CUT, app=app)

    made = [get_image(image_id, app=app) for image_id in client.gather(client.map(stored, range(4)))]

    assert int(image.data.sum().compute()) == client.submit(total, image.data).result() == int(values.sum())
    assert [int(image.data[0, 0].compute(scheduler="threads")) for image in made] == [0, 1, 2, 3]


def test_a_cluster_of_threads_in_this_process_gives_what_it_holds_and_computes_nothing(app: App) -> None:
    values = np.random.default_rng(3).integers(0, 2**16, SHAPE, np.uint16)
    with distributed.Client(
        processes=False, n_workers=1, threads_per_worker=1, dashboard_address="127.0.0.1:0"
    ) as client:
        persisted = da.from_array(values, chunks=(4, 50, 60)).persist()
        held = from_xarray(persisted, name="held", dims=DIMS, settings=CUT, app=app)
        inside = get_image(client.submit(stored_lazily, values).result(), app=app)

        assert np.array_equal(held.data.compute(scheduler="threads"), values)
        assert np.array_equal(inside.data.compute(scheduler="threads"), values)
