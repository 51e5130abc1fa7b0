"""Bodies on the workers of a Dask cluster: what they tell, how they stop, and what becomes of them when workers die."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from distributed import Client, Future, LocalCluster

from arkitekt_di.errors import RemoteError, WorkerDiedError
from arkitekt_di.koil import Koil
from arkitekt_di.rekuest.control import Control
from arkitekt_di.rekuest.executors.dask import DaskExecutor
from arkitekt_di.rekuest.executors.work import Work
from arkitekt_di.rekuest.registry import registry_of
from arkitekt_di.rekuest.task import Task, TaskFacts
from arkitekt_di.settings.models import RekuestSettings
from tests.rekuest import dask_bodies
from tests.rekuest.test_process import Begun, Told, nothing, results

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    with LocalCluster(
        n_workers=2, threads_per_worker=2, processes=True, dashboard_address=None, resources={"microscope": 1}
    ) as cluster:
        yield cluster


@pytest.fixture(scope="module")
async def executor(anyio_backend: str, cluster: LocalCluster) -> AsyncIterator[DaskExecutor]:
    async with Koil():
        executor = DaskExecutor(RekuestSettings(dask=cluster.scheduler_address, grace_s=0.5), nothing)
        await executor.start()
        yield executor
        await executor.stop()


def work_of(name: str, told: Told | None = None, **args: object) -> Work:
    offer = registry_of(dask_bodies).offers[name]
    control = Control()
    return Work(offer, args, Task(TaskFacts("t1", name), told or Told(), control), control)


async def test_a_body_runs_on_a_worker_of_the_cluster_and_tells_what_it_does(executor, cluster):
    told = Told()

    (first,) = await results(executor, work_of("pids", told))

    workers = {info["id"] for info in cluster.scheduler_info["workers"].values()}
    assert workers
    assert first["return0"] != os.getpid()
    assert first["return1"] != os.getpid(), "its parent is the worker, not the agent"
    assert told.lines == [(40, "in between"), "on the way"]


async def test_a_generator_yields_from_the_cluster(executor: DaskExecutor):
    assert [one["return0"] for one in await results(executor, work_of("squares", n=5))] == [0, 1, 4, 9, 16]


async def test_an_error_keeps_its_type_and_traceback(executor: DaskExecutor):
    with pytest.raises(RemoteError) as caught:
        await results(executor, work_of("refuse", word="needle"))

    assert (caught.value.kind, caught.value.message) == ("RuntimeError", "needle")
    assert "raise RuntimeError(word)" in caught.value.remote_traceback


async def test_a_body_that_takes_its_process_down_does_not_harm_its_worker(executor: DaskExecutor):
    with pytest.raises(WorkerDiedError, match="exit code 7"):
        await results(executor, work_of("leave", code=7))

    assert (await results(executor, work_of("squares", n=2)))[1] == {"return0": 1}


@pytest.mark.parametrize("name", ["stubborn", "willing"])
async def test_a_cancelled_body_has_stopped_when_it_is_said_to(executor: DaskExecutor, tmp_path: Path, name: str):
    """Dask itself says so at once, while the body runs on."""
    begun = Begun()
    work = work_of(name, begun, notes=str(tmp_path / "pid"))
    running = asyncio.create_task(results(executor, work))
    await begun.event.wait()
    body = int((tmp_path / "pid").read_text())
    os.kill(body, 0)

    work.control.cancel()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    if name == "stubborn":
        with pytest.raises(ProcessLookupError):
            os.kill(body, 0)


async def test_a_body_waits_for_what_its_function_needs_and_can_be_cancelled_meanwhile(executor: DaskExecutor):
    """No worker has it: nothing is carried, and nothing begins."""
    told = Told()
    running = asyncio.create_task(results(executor, work_of("needs_a_laser", told)))
    await asyncio.wait({running}, timeout=0.5)
    assert not running.done()

    running.cancel()

    with pytest.raises(asyncio.CancelledError):
        await running
    assert told.lines == []


async def test_resources_of_workers_are_asked_for(executor: DaskExecutor):
    assert await results(executor, work_of("needs_a_microscope")) == [{"return0": True}]


async def test_a_worker_that_dies_is_told_and_the_body_does_not_run_again(executor, cluster, tmp_path: Path):
    """Dask runs the task on another worker; that carries nothing."""
    begun = Begun()
    running = asyncio.create_task(results(executor, work_of("noting", begun, notes=str(tmp_path / "starts"))))
    await begun.event.wait()
    worker = int((tmp_path / "starts").read_text().split()[0])

    os.kill(worker, signal.SIGKILL)

    with pytest.raises(WorkerDiedError, match="Dask worker"):
        await running
    async with Client(cluster.scheduler_address, asynchronous=True, set_as_default=False) as client:
        await client.wait_for_workers(2)
    assert len((tmp_path / "starts").read_text().splitlines()) == 1


def queues_of(cluster: LocalCluster) -> set[str]:
    """Return the queues that the scheduler keeps."""
    assert cluster.scheduler is not None
    return set(cluster.scheduler.extensions["queues"].queues)


async def test_nothing_of_a_body_is_left_at_the_scheduler(executor: DaskExecutor, cluster: LocalCluster):
    """It keeps queues until whoever holds them lets go: that of one that ended, and of one that no worker took."""
    before = queues_of(cluster)
    waiting = asyncio.create_task(results(executor, work_of("needs_a_laser")))
    await results(executor, work_of("pids"))
    held = queues_of(cluster) - before
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)

    assert len(held) == 2, "those of the one that waits"
    assert queues_of(cluster) <= before


async def test_a_body_that_the_cluster_lets_go_is_told_and_not_called_cancelled(executor, cluster: LocalCluster):
    """Whoever has the cluster may cancel what runs on it; the caller has not."""
    before = queues_of(cluster)
    running = asyncio.create_task(results(executor, work_of("needs_a_laser")))
    await asyncio.wait({running}, timeout=0.5)
    (key,) = {name.split()[0] for name in queues_of(cluster) - before}

    async with Client(cluster.scheduler_address, asynchronous=True, set_as_default=False) as client:
        await client.cancel([Future(key, client)], force=True)

        with pytest.raises(WorkerDiedError, match="Dask cluster"):
            async with asyncio.timeout(20):
                await running
