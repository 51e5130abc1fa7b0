"""Lazy pixels go to other processes, which read them through apps of their own."""

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from arkitekt_di import easy
from arkitekt_di.errors import AppElsewhereError
from arkitekt_di.mikro import from_xarray
from tests.serving import ServedHub, serving
from tests.system.pool_reader import open_app, total

PIXELS = np.random.default_rng(0).integers(0, 2**16, (6, 256, 256), np.uint16)
SPAWN = multiprocessing.get_context("spawn")
BOUND_S = 300.0

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedHub]:
    folder: Path = tmp_path_factory.mktemp("hub")
    with serving(folder / "data", "--auto-approve") as hub:
        yield hub


def test_a_pool_whose_processes_have_apps_computes_what_another_process_opened(hub: ServedHub) -> None:
    with easy("pool", url=hub.url, headless=True, no_cache=True):
        data = from_xarray(PIXELS, name="shared", dims=("z", "y", "x"), settings={"shard_mib": 0.25}).data

        with ProcessPoolExecutor(1, mp_context=SPAWN, initializer=open_app, initargs=(hub.url,)) as pool:
            sent = pool.submit(total, data.isel(z=2)).result(BOUND_S)
            computed = data.compute(scheduler="processes", pool=pool)

    assert sent == int(PIXELS[2].sum())
    assert np.array_equal(computed, PIXELS)


def test_a_process_without_an_app_says_what_it_lacks(hub: ServedHub) -> None:
    with easy("pool", url=hub.url, headless=True, no_cache=True):
        data = from_xarray(PIXELS, name="shared", dims=("z", "y", "x")).data

        with ProcessPoolExecutor(1, mp_context=SPAWN) as pool, pytest.raises(AppElsewhereError, match="initializer"):
            pool.submit(total, data).result(BOUND_S)
