"""What it costs to import, make, enter and use an app, each figure beside its peer in the same run.

Run it with ``python -m benchmarks.startup [--json] [--peer PYTHON]`` from the root of the repository.  Rounds are
interleaved; a ratio is taken round by round, and the median is quoted with the least and the most: machines are noisy,
ratios hardly.  PYTHON is the interpreter of an environment with ``arkitekt==8.1.0`` and ``mikro==11.0.0``; with it, the
time from the start of a script to its first stored image is measured too, of both clients at one hub of ours.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from arkitekt_di.app import current_app
from arkitekt_di.builders import embedded
from arkitekt_di.containers.lifecycle import Lifecycle
from arkitekt_di.containers.preset import Container, Service
from arkitekt_di.containers.presets import shipped_preset
from arkitekt_di.governing import APPS
from arkitekt_di.messages.manifest import Manifest
from arkitekt_di.settings.models import AppSettings
from arkitekt_di.testing.served_hub import ServedHub, start_hub
from arkitekt_di.testing.shielding import shielded_environment

ROUNDS = 15
STORES = 7
"""Rounds of the scripts that store an image; each takes seconds."""

OURS = """
import sys
import time
import numpy as np
from arkitekt_di import easy
from arkitekt_di.mikro import from_xarray
imported = time.perf_counter()
with easy("startup", url=sys.argv[1], headless=True):
    stack = np.arange(2**19, dtype="uint16").reshape(1, 1, 1, 512, 1024) + np.uint16(time.time_ns() % 2**16)
    from_xarray(stack, name="first", dims=tuple("ctzyx"))
    print(time.perf_counter() - imported)
"""
THEIRS = """
import sys
import time
import numpy as np
import xarray as xr
from arkitekt import easy
from mikro import mikro_service
imported = time.perf_counter()
with easy("startup", mikro_service, url=sys.argv[1], headless=True) as mikro:
    stack = np.arange(2**19, dtype="uint16").reshape(1, 1, 1, 512, 1024) + np.uint16(time.time_ns() % 2**16)
    data = xr.DataArray(stack, dims=list("ctzyx"))
    mikro.create_array_dataset(data=data, scales=[], name="first", axes=list("ctzyx"))
    print(time.perf_counter() - imported)
"""
"""From nothing to an image of 1 MB, after an earlier run has logged in: by the documents of each client.  Each prints
the seconds since all was imported.  The pixels differ from run to run: what is stored already is not sent again."""


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
    """Return seconds of this thread's CPU for one call: others on the machine count for nothing."""
    started = time.thread_time()
    for _ in range(count):
        work()
    return (time.thread_time() - started) / count


def lives(containers: Sequence[Container], count: int) -> float:
    """Return seconds for one start and stop of the services of *containers*, each with *count* lives."""

    async def run() -> float:
        lifecycles = [Lifecycle(container) for container in containers]
        started = time.thread_time()
        for lifecycle in lifecycles:
            for _ in range(count):
                await lifecycle.start()
                await lifecycle.stop()
        return (time.thread_time() - started) / (count * len(lifecycles))

    return asyncio.run(run())


def exit_stacks(count: int) -> float:
    """Return seconds for five services entered by hand."""

    async def run() -> float:
        started = time.thread_time()
        for _ in range(count):
            async with AsyncExitStack() as stack:
                for _service in range(5):
                    service = Quiet()
                    await service.start()
                    stack.push_async_callback(service.stop)
        return (time.thread_time() - started) / count

    return asyncio.run(run())


def importing(module: str) -> float:
    """Return the CPU seconds of a fresh interpreter that imports *module*."""
    code = f"import time; t = time.process_time(); import {module}; print(time.process_time() - t)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603  # ourselves
    return float(ran.stdout)


def containers(count: int) -> float:
    """Return seconds for one container of a script's app, with everything in it declared and nothing made."""
    preset, settings, manifest = shipped_preset("easy"), AppSettings(), Manifest(identifier="benchmark")
    return per_call(lambda: preset.make(settings=settings, manifest=manifest), count)


def bare_containers(count: int) -> float:
    """Return seconds for five services in a container."""
    return per_call(Five, count)


@dataclass(frozen=True)
class Stored:
    """How long it took until an image was stored, in seconds: the whole script, and from `easy` on."""

    script: float
    from_easy: float


def first_images(peer: Path) -> Iterator[tuple[Stored, Stored]]:
    """Yield what a script of ours and one of the peer took, in turns."""
    with tempfile.TemporaryDirectory() as folder, hub_in(Path(folder)) as hub:
        for number in range(STORES + 1):
            pair = (
                script(sys.executable, OURS, hub, Path(folder) / "ours"),
                script(str(peer), THEIRS, hub, Path(folder) / "theirs"),
            )
            if number:  # the first run of each logs in
                yield pair


@contextmanager
def hub_in(folder: Path) -> Iterator[ServedHub]:
    """Run a hub that lets every app in."""
    hub = start_hub(folder / "hub", "--auto-approve")
    try:
        yield hub
    finally:
        hub.stop()


def script(python: str, code: str, hub: ServedHub, folder: Path) -> Stored:
    """Return the seconds that a script takes; it keeps its login in *folder*."""
    file = folder / "script.py"
    folder.mkdir(exist_ok=True)
    file.write_text(code)
    environment = shielded_environment(folder)
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # installed packages are compiled, and so are we
    started = time.perf_counter()
    ran = subprocess.run(  # noqa: S603  # our own scripts
        [python, str(file), hub.url],
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        timeout=300,
    )
    return Stored(script=time.perf_counter() - started, from_easy=float(ran.stdout.split()[-1]))


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
                "container of easy / container of 5": (containers(5), bare_containers(5)),
                "start + stop of 5 services / AsyncExitStack": (lives([Five()], 200), exit_stacks(200)),
                "the first start + stop / AsyncExitStack": (lives([Five() for _ in range(50)], 1), exit_stacks(200)),
                "import arkitekt_di / import asyncio": (importing("arkitekt_di"), importing("asyncio")),
            }
            for name, pair in rounds.items():
                cases.setdefault(name, []).append(pair)
    return cases


def main() -> None:
    """Print a row for each case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--peer", type=Path, help="Python of an environment with arkitekt 8.1 and mikro 11")
    asked = parser.parse_args()
    measured = measure()
    if asked.peer is not None:
        stored = list(first_images(asked.peer))
        measured["easy to first image / arkitekt + mikro"] = [(a.from_easy, b.from_easy) for a, b in stored]
        measured["script to first image / arkitekt + mikro"] = [(a.script, b.script) for a, b in stored]
    rows = {}
    for name, pairs in measured.items():
        ratios = [ours / peer for ours, peer in pairs]
        rows[name] = {
            "ours_us": statistics.median(ours for ours, _ in pairs) * 1e6,
            "peer_us": statistics.median(peer for _, peer in pairs) * 1e6,
            "ratio": statistics.median(ratios),
            "least": min(ratios),
            "most": max(ratios),
        }
    if asked.json:
        print(json.dumps(rows, indent=2))
        return
    for name, row in rows.items():
        spread = f"{row['ratio']:6.2f} [{row['least']:.2f}-{row['most']:.2f}]"
        print(f"{name:46} {row['ours_us']:10.2f} us  {row['peer_us']:10.2f} us  {spread}")


if __name__ == "__main__":
    main()
