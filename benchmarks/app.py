"""What an app costs, each figure beside its peer in the same process.

Run it with ``python -m benchmarks.app [--json]`` from the root of the repository.  Rounds are interleaved; a ratio is
taken round by round, and the median is quoted with the least and the most: machines are noisy, ratios hardly.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AsyncExitStack

from arkitekt_di.app import current_app
from arkitekt_di.builders import embedded
from arkitekt_di.containers.lifecycle import Lifecycle
from arkitekt_di.containers.preset import Container, Service
from arkitekt_di.governing import APPS

ROUNDS = 15


class Quiet:
    """A service that does nothing, so that only its container is measured."""

    def __init__(self, *needs: object) -> None:
        self.needs = needs

    async def start(self) -> None:
        """Do nothing."""

    async def stop(self) -> None:
        """Do nothing."""

    def work(self, value: int) -> int:
        """Return *value*."""
        return value


class Five(Container):
    """A chain of five services."""

    a = Service(Quiet)
    b = Service(Quiet, a)
    c = Service(Quiet, b)
    d = Service(Quiet, c)
    e = Service(Quiet, d)


def per_call(work: Callable[[], object], count: int) -> float:
    """Return seconds for one call."""
    started = time.perf_counter()
    for _ in range(count):
        work()
    return (time.perf_counter() - started) / count


def lives(make: Callable[[], Lifecycle], count: int) -> float:
    """Return seconds for one start and stop of five services."""

    async def run() -> float:
        lifecycle = make()
        started = time.perf_counter()
        for _ in range(count):
            await lifecycle.start()
            await lifecycle.stop()
        return (time.perf_counter() - started) / count

    return asyncio.run(run())


def exit_stacks(count: int) -> float:
    """Return seconds for five services entered by hand."""

    async def run() -> float:
        started = time.perf_counter()
        for _ in range(count):
            async with AsyncExitStack() as stack:
                for _service in range(5):
                    service = Quiet()
                    await service.start()
                    stack.push_async_callback(service.stop)
        return (time.perf_counter() - started) / count

    return asyncio.run(run())


def importing(module: str) -> float:
    """Return the CPU seconds of a fresh interpreter that imports *module*."""
    code = f"import time; t = time.process_time(); import {module}; print(time.process_time() - t)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603  # ourselves
    return float(ran.stdout)


def measure() -> dict[str, list[tuple[float, float]]]:
    """Return for each case the seconds of ours and of the peer, round by round."""
    quiet = Quiet()
    idle = {"hub": quiet, "fakts": Quiet(), "herre": Quiet(), "mikro": quiet}
    cases: dict[str, list[tuple[float, float]]] = {}
    with embedded("benchmark", overrides=idle) as app:
        for _ in range(ROUNDS):
            rounds = {
                "helper that finds its app / service passed": (
                    per_call(lambda: current_app().mikro.work(1), 20_000),  # type: ignore[attr-defined]  # the stand-in
                    per_call(lambda: quiet.work(1), 20_000),
                ),
                "who governs / contextvar alone": (
                    per_call(APPS.find, 20_000),
                    per_call(APPS._context.get, 20_000),  # noqa: SLF001  # the floor of it
                ),
                "service of the app / nested provider": (
                    per_call(lambda: app.mikro, 20_000),
                    per_call(lambda: app.container.mikro.service(), 20_000),  # noqa: PLW0108  # the look-up is measured
                ),
                "start + stop of 5 services / AsyncExitStack": (lives(lambda: Lifecycle(Five()), 50), exit_stacks(50)),
                "import arkitekt_di / import asyncio": (importing("arkitekt_di"), importing("asyncio")),
            }
            for name, pair in rounds.items():
                cases.setdefault(name, []).append(pair)
    return cases


def main() -> None:
    """Print a row for each case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    as_json = parser.parse_args().json
    rows = {}
    for name, pairs in measure().items():
        ratios = [ours / peer for ours, peer in pairs]
        rows[name] = {
            "ours_us": statistics.median(ours for ours, _ in pairs) * 1e6,
            "peer_us": statistics.median(peer for _, peer in pairs) * 1e6,
            "ratio": statistics.median(ratios),
            "least": min(ratios),
            "most": max(ratios),
        }
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    for name, row in rows.items():
        spread = f"{row['ratio']:6.2f} [{row['least']:.2f}-{row['most']:.2f}]"
        print(f"{name:46} {row['ours_us']:10.2f} us  {row['peer_us']:10.2f} us  {spread}")


if __name__ == "__main__":
    main()
