"""Images go in and out under every loop that people have: scripts, threads, notebooks, windows, tasks, forks."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from arkitekt_di import embedded
from arkitekt_di.mikro import from_xarray
from tests.serving import ServedHub, serving
from tests.system import loop_bodies
from tests.system.image_loops import DIMS, PIXELS, app_at, is_right

SCRIPT = Path(__file__).with_name("image_loops.py")
BOUND_S = 200.0
THREADS = 8

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedHub]:
    with serving(tmp_path_factory.mktemp("hub") / "data", "--auto-approve") as hub:
        yield hub


def said_by(way: str, hub: ServedHub) -> list[str]:
    """Run one way in a process of its own, and return the lines that it printed."""
    command = [sys.executable, "-m", f"tests.system.{SCRIPT.stem}", hub.url, way]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=BOUND_S, check=False, cwd=SCRIPT.parents[2])
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()


def test_two_runs_of_asyncio_share_an_image(hub: ServedHub) -> None:
    assert said_by("runs", hub) == ["True True", "True"]


def test_a_window_of_qt_stores_and_reads(hub: ServedHub) -> None:
    pytest.importorskip("PySide6.QtCore")
    pytest.importorskip("qasync")

    assert said_by("qt", hub) == ["True", "True"]


@pytest.mark.skipif(sys.platform == "win32", reason="no fork")
def test_a_forked_process_works_or_is_told_why_not(hub: ServedHub) -> None:
    before, parent, reading, storing, still = said_by("fork", hub)

    assert before == "True"
    assert (reading, storing) == ("ForkedError", "ForkedStoreError")
    assert parent == still == "True"


def test_threads_store_and_read_at_once(hub: ServedHub) -> None:
    def store_and_read(number: int) -> bool:
        image = from_xarray(PIXELS + np.uint16(number), name=f"thread {number}", dims=DIMS)
        return is_right(image.data.compute() - np.uint16(number))

    with app_at(hub.url), ThreadPoolExecutor(THREADS) as pool:
        assert list(pool.map(store_and_read, range(THREADS))) == [True] * THREADS


@pytest.mark.anyio
@pytest.mark.parametrize("function", ["brighten", "brighten_async"])
async def test_a_task_reads_what_it_is_given_and_stores_what_it_makes(function: str) -> None:
    async with embedded("loops") as app, app.rekuest.serving(loop_bodies):
        image = await app.mikro.afrom_xarray(PIXELS, name="dark", dims=DIMS)

        brighter = await app.rekuest.acall(function, image)

        data = await (await app.mikro.aget_image(brighter.id)).adata()
        assert np.array_equal(await asyncio.to_thread(data.compute), PIXELS + 1)
