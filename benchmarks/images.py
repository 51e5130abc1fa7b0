"""Images written and read by us and by others: time, work, memory and files, beside the goals.

Every case is a process of its own that writes the same array and ends; rounds are interleaved, each with a fresh hub.
A ratio is taken within a round, of the peer's time over ours, so more is better for us; a figure is the median of the
rounds with the least and the most.  CPU seconds are those of the process and of the server together: on a machine that
does other things as well they say more than time does.

Plain zarr-python comes with us.  ``--peers`` (or ``ARKITEKT_PEERS``) names a Python that has tensorstore, zarrs and
``tiled[server]``, and ``--mikro`` (or ``ARKITEKT_MIKRO``) one that has the real mikro 11; without them these cases are
skipped, and that is said.
Run with ``python -m benchmarks.images [--quick] [--mib 512] [--rounds 5] [--peers PYTHON] [--mikro PYTHON] [--json]``.
"""

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from arkitekt_di import easy
from arkitekt_di.messages.images import StoreGrant
from arkitekt_di.testing.served_hub import ServedHub, serving
from benchmarks.image_cases import MISSING, READS, WRITES, Task

MIB = 2**20
PLANE = (1024, 2048)
CASE_TIMEOUT_S = 900.0
START_TIMEOUT_S = 60.0

PEERS = ("zarr-python, our layout, folder", "zarrs, our layout, folder", "tensorstore", "tensorstore, folder", "Tiled")
MIKRO = ("mikro 11",)
GRANTED = ("zarr-python", "tensorstore", "reads")

Row = dict[str, Any]
Round = dict[str, Row]


@dataclass(frozen=True)
class Goal:
    """What a figure is to be.

    Attributes
    ----------
    text : str
    bound : float
    of : callable
        Takes the figure from one round; raises `KeyError` where a case of it was skipped.
    at_least : bool
        Whether more is better.
    """

    text: str
    bound: float
    of: Callable[[Round], float] = field(repr=False)
    at_least: bool = True

    def is_met(self, figure: float) -> bool:
        """Tell whether *figure* is good enough."""
        return figure >= self.bound if self.at_least else figure <= self.bound


def over(peer: str, mine: str = "ours", *, of: str = "seconds") -> Callable[[Round], float]:
    """Return how often *mine* fits into *peer*."""
    return lambda results: float(results[peer][of] / results[mine][of])


def read_ratio(part: str) -> Callable[[Round], float]:
    """Return our time over that of plain zarr-python for the same part of the same objects."""
    return lambda results: statistics.median(ours / theirs for ours, theirs in results["reads"][part])


GOALS = (
    Goal("write: zarr-python's defaults over ours", 2.5, over("zarr-python")),
    Goal("write: Tiled over ours", 3, over("Tiled")),
    Goal("write: mikro 11 over ours", 3, over("mikro 11")),
    Goal("write: tensorstore over ours, same layout, same store", 0.3, over("tensorstore")),
    Goal("write: tensorstore into a folder over ours through the hub", 0.3, over("tensorstore, folder")),
    Goal("all levels over the finest alone", 1.5, over("ours, all levels"), at_least=False),
    Goal(
        "publish: requests, check and sync over the whole, percent",
        5,
        lambda results: 100 * results["ours"]["publish_s"] / results["ours"]["seconds"],
        at_least=False,
    ),
    Goal("publish: of 1 MiB, ms", 30, lambda results: float(results["ours, 1 MiB"]["publish_ms"]), at_least=False),
    Goal("memory over the array, MiB", 256, lambda results: float(results["ours"]["over_mib"]), at_least=False),
    Goal("memory, from Dask, MiB", 256, lambda results: float(results["ours, from Dask"]["over_mib"]), at_least=False),
    Goal("read: crop of 256 x 256, ours over zarr-python", 2, read_ratio("crop"), at_least=False),
    Goal("read: plane, ours over zarr-python", 1.2, read_ratio("plane"), at_least=False),
    Goal("objects for 512 MiB", 64, lambda results: float(results["ours"]["objects_512"]), at_least=False),
)


def make_pixels(path: Path, mib: int) -> None:
    """Write planes of smooth background with Poisson noise, which compress about twofold, as a camera's do."""
    planes = mib * MIB // (PLANE[0] * PLANE[1] * 2)
    channels = 2 if planes >= 32 else 1
    rng = np.random.default_rng(0)
    y, x = np.mgrid[: PLANE[0], : PLANE[1]]
    background = 300 + 100 * np.sin(x / 200) + 100 * np.cos(y / 150)
    distinct = [rng.poisson(background).astype(np.uint16) for _ in range(min(planes, 32))]
    stack = np.stack([distinct[n % len(distinct)] for n in range(planes)])
    np.save(path, stack.reshape(channels, -1, 16, *PLANE))


# --- one round ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bench:
    """What the cases of a run have in common.

    Attributes
    ----------
    pixels : Path
    pythons : dict of str to str
        The Python of each case.
    skipped : dict of str to str
        Cases that cannot run, and why.
    """

    pixels: Path
    pythons: dict[str, str]
    skipped: dict[str, str] = field(default_factory=dict)


def run_round(bench: Bench, folder: Path) -> Round:
    """Run every case once, at a hub and a Tiled server of their own."""
    results: Round = {}
    with ExitStack() as stack:
        hub = stack.enter_context(serving(folder / "data", "--auto-approve"))
        app = stack.enter_context(easy("benchmark", url=hub.url, headless=True, no_cache=True))
        records = app.mikro._records  # noqa: SLF001  # grants for others are not a thing of the front
        server = None
        if "Tiled" not in bench.skipped:
            server = stack.enter_context(tiled_server(bench.pythons["Tiled"], folder))
        for number, case in enumerate(case for case in (*WRITES, *READS) if case not in bench.skipped):
            task = Task(
                case=case,
                pixels=str(bench.pixels),
                hub=hub.url,
                folder=str(folder / f"case-{number}"),
                tiled="" if server is None else server[0],
                image=results.get("ours", {}).get("image", ""),
            )
            if case in GRANTED:
                task = granted(task, app.koil.call, records)
            processes = [hub.process.pid] if case != "Tiled" or server is None else [server[1]]
            found = run_case(bench, task, processes)
            if found is not None:
                results[case] = found
        results["ours"]["objects_512"] = objects_of(hub, results["ours"]["image"], bench)
    return results


def granted(task: Task, call: Callable[..., Any], records: Any) -> Task:
    """Return *task* with a grant to write a fresh array, or to read the one of its image."""
    if task.case == "reads":
        store = call(records.get, task.image).store.id
        grant: StoreGrant = call(records.request_access, store)
    else:
        grant = call(records.request_upload)
    secrets = {name: getattr(grant, name).get_secret_value() for name in ("secret_key", "session_token")}
    return Task(**{**asdict(task), "grant": {**grant.model_dump(include={"bucket", "key", "access_key"}), **secrets}})


def run_case(bench: Bench, task: Task, servers: Sequence[int]) -> Row | None:
    """Run one case in a process of its own; None where its library is missing."""
    os.sync()  # or it waits for what the one before it wrote
    path = bench.pixels.with_name("task.json")
    path.write_text(json.dumps(asdict(task)))
    path.chmod(0o600)  # it holds a grant
    before = sum(map(cpu_seconds, servers))
    command = [bench.pythons[task.case], "-m", "benchmarks.image_cases", str(path)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=CASE_TIMEOUT_S, check=False)  # noqa: S603  # ourselves
    if ran.returncode == MISSING:
        bench.skipped[task.case] = ran.stderr.strip().splitlines()[-1]
        return None
    if ran.returncode:
        message = f"{task.case}: {ran.stderr[-3000:]}"
        raise RuntimeError(message)
    found: Row = json.loads(ran.stdout.splitlines()[-1])
    found["work_s"] = found.get("cpu_s", 0.0) + sum(map(cpu_seconds, servers)) - before
    return found


def cpu_seconds(process: int) -> float:
    """Return what a process has used so far, of both kinds of time."""
    stat = Path(f"/proc/{process}/stat")
    if not stat.exists():
        return 0.0
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def objects_of(hub: ServedHub, image: str, bench: Bench) -> float:
    """Return how many objects hold 512 MiB of the finest level."""
    with easy("benchmark", url=hub.url, headless=True, no_cache=True) as app:
        record = app.koil.call(app.mikro._records.get, image)  # noqa: SLF001  # places are not a thing of the front
    folder = hub.data / "objects" / record.store.bucket / record.store.key
    count = sum(path.is_file() for path in folder.rglob("*"))
    return count * 512 * MIB / bench.pixels.stat().st_size


@contextmanager
def tiled_server(python: str, folder: Path) -> Iterator[tuple[str, int]]:
    """Serve a Tiled catalog while the block lasts; gives its address and its process."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [python, "-m", "tiled", "serve", "catalog", "--temp", "--api-key", "secret", "--port", str(port)]
    with (folder / "tiled.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, "TMPDIR": str(folder)})  # noqa: S603  # a peer that was asked for
    try:
        await_server(f"http://127.0.0.1:{port}/api/v1/", process)
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        process.wait(30)


def await_server(url: str, process: "subprocess.Popen[bytes]") -> None:
    """Return when *url* answers; it says nothing of its own by which one could tell."""
    end = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310  # an address of this machine
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.2)
    message = "the Tiled server does not answer"
    raise RuntimeError(message)


# --- the run --------------------------------------------------------------------------------------------


def compare(
    mib: int, rounds: int, pythons: dict[str, str], left_out: dict[str, str]
) -> tuple[list[Round], dict[str, str]]:
    """Return what came of each round that was done, and what was skipped."""
    found: list[Round] = []
    with tempfile.TemporaryDirectory() as place:
        bench = Bench(Path(place, "pixels.npy"), pythons)
        bench.skipped.update(missing_peers(pythons) | left_out)
        make_pixels(bench.pixels, mib)
        try:
            for number in range(rounds):
                folder = Path(place, f"round-{number}")
                folder.mkdir()
                found.append(run_round(bench, folder))
                print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
                shutil.rmtree(folder)
        except KeyboardInterrupt:
            print("interrupted: these are the rounds that were done", file=sys.stderr)
    return found, bench.skipped


def missing_peers(pythons: dict[str, str]) -> dict[str, str]:
    """Return the cases whose library is not there, as their Pythons say."""
    wants = {"Tiled": "tiled.server", "mikro 11": "mikro", "zarrs, our layout, folder": "zarrs"}
    wants |= dict.fromkeys(("tensorstore", "tensorstore, folder"), "tensorstore")
    missing = {}
    for case, name in wants.items():
        command = [pythons[case], "-c", f"import importlib.util as u, sys; sys.exit(u.find_spec({name!r}) is None)"]
        if subprocess.run(command, check=False, capture_output=True).returncode:  # noqa: S603  # a Python that was named
            missing[case] = f"{name} is not installed in {pythons[case]}"
    return missing


def spread(figures: Sequence[float]) -> dict[str, float]:
    """Return the median, the least and the most."""
    return {"median": statistics.median(figures), "min": min(figures), "max": max(figures)}


def summary(found: Sequence[Round], mib: int) -> tuple[list[Row], list[Row]]:
    """Return one row a case, and one row a goal."""
    if not found:
        message = "no round was done"
        raise RuntimeError(message)
    cases = []
    for case in WRITES:
        rows = [results[case] for results in found if case in results]
        if rows:
            seconds = statistics.median(row["seconds"] for row in rows)
            cases.append(
                {
                    "case": case,
                    "seconds": seconds,
                    "mb_s": mib * MIB / seconds / 1e6,
                    "work_s": statistics.median(row["work_s"] for row in rows),
                    "over_mib": statistics.median(row["over_mib"] for row in rows),
                    "ratio": spread([results[case]["seconds"] / results["ours"]["seconds"] for results in found]),
                    "work_ratio": spread([results[case]["work_s"] / results["ours"]["work_s"] for results in found]),
                }
            )
    goals = []
    for goal in GOALS:
        try:
            figures = [goal.of(results) for results in found]
        except KeyError:
            goals.append({"goal": goal.text, "skipped": True})
            continue
        sign = ">=" if goal.at_least else "<="
        met = goal.is_met(statistics.median(figures))
        goals.append({"goal": goal.text, "bound": f"{sign} {goal.bound:g}", "is_met": met, **spread(figures)})
    return cases, goals


def show(cases: Sequence[Row], goals: Sequence[Row], skipped: dict[str, str]) -> None:
    """Print tables."""
    print(f"{'write':33} {'s':>6} {'MB/s':>5} {'CPU s':>6} {'MiB over':>8}   time over ours        CPU over ours")
    for row in cases:
        head = f"{row['case']:33} {row['seconds']:6.2f} {row['mb_s']:5.0f} {row['work_s']:6.2f} {row['over_mib']:8.0f}"
        print(head, f"  {said(row['ratio']):20}  {said(row['work_ratio'])}")
    for case, reason in skipped.items():
        print(f"{case:33} skipped: {reason}")
    print()
    for row in goals:
        if "skipped" in row:
            print(f"{row['goal']:60} not measured: a case of it was skipped")
            continue
        print(f"{row['goal']:60} {row['bound']:>7}  {said(row):24} {'met' if row['is_met'] else 'MISSED'}")


def said(figures: Row) -> str:
    """Return a figure with its spread."""
    return f"{figures['median']:.2f} [{figures['min']:.2f}-{figures['max']:.2f}]"


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mib", type=int, default=512, choices=(64, 128, 256, 512, 1024), help="size of the array")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="64 MiB and 3 rounds: about two minutes")
    parser.add_argument("--peers", default=os.environ.get("ARKITEKT_PEERS", sys.executable), metavar="PYTHON")
    parser.add_argument("--mikro", default=os.environ.get("ARKITEKT_MIKRO", sys.executable), metavar="PYTHON")
    parser.add_argument("--cases", default="", help="some cases alone, by their names with '; ' between")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    mib, rounds = (64, 3) if options.quick else (options.mib, options.rounds)
    pythons = dict.fromkeys((*WRITES, *READS), sys.executable)
    pythons |= dict.fromkeys(PEERS, options.peers) | dict.fromkeys(MIKRO, options.mikro)
    chosen = {"ours", *options.cases.split("; ")} if options.cases else set(pythons)
    left_out = {case: "it was left out" for case in pythons if case not in chosen}
    found, skipped = compare(mib, rounds, pythons, left_out)
    cases, goals = summary(found, mib)
    if options.json:
        print(json.dumps({"mib": mib, "rounds": rounds, "cases": cases, "goals": goals, "skipped": skipped}))
        return
    print(f"{mib} MiB of uint16, {rounds} rounds")
    show(cases, goals, skipped)


if __name__ == "__main__":
    main()
