"""What crossing between sync and async code costs, beside the other bridges, in one process.

Run it as ``python -m benchmarks.koil`` from the root of the repository.  Blocks of all candidates take turns, each
round gives one ratio to the baseline, and the median of the ratios counts: absolute times move by 2 on a busy machine,
ratios hardly.  CPU time, of the process, stands beside wall time.

The koil of PyPI is measured where it is installed: ``pip install koil==3.3.7`` into an environment of its own.
"""

import argparse
import asyncio
import contextlib
import importlib
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Any

import anyio.from_thread
import anyio.lowlevel
import anyio.to_thread

from arkitekt_di.koil import Koil, dual, run_sync
from arkitekt_di.settings.models import KoilSettings

Block = Callable[[int], None]

UVLOOP = KoilSettings(loop="uvloop")


# --- measure --------------------------------------------------------------------------------------------


@dataclass
class Result:
    """One candidate: its time a unit of work, in microseconds, and its ratio to the baseline, round by round."""

    name: str
    wall_us: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)

    def ratios(self, other: "Result", kind: str = "wall_us") -> list[float]:
        """Return, for each round, how many times longer this one took."""
        return [mine / theirs for mine, theirs in zip(getattr(self, kind), getattr(other, kind), strict=True)]


@dataclass(frozen=True)
class Spread:
    """Median, and the range of the middle eight tenths."""

    median: float
    p10: float
    p90: float

    @classmethod
    def of(cls, values: list[float]) -> "Spread":
        """Summarise."""
        tenths = statistics.quantiles(values, n=10)
        return cls(statistics.median(values), tenths[0], tenths[-1])

    def __str__(self) -> str:
        return f"{self.median:7.2f} ({self.p10:.2f} - {self.p90:.2f})"


def measure(candidates: dict[str, Block], *, count: int, rounds: int) -> dict[str, Result]:
    """Run *rounds* rounds; in each, every candidate does *count* units of work, the first one another every time."""
    results = {name: Result(name) for name in candidates}
    for block in candidates.values():
        block(count)
    names = list(candidates)
    for turn in range(rounds):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            wall, cpu = time.perf_counter(), time.process_time()
            candidates[name](count)
            results[name].cpu_us.append((time.process_time() - cpu) / count * 1e6)
            results[name].wall_us.append((time.perf_counter() - wall) / count * 1e6)
    return results


# --- the work -------------------------------------------------------------------------------------------


async def at_once() -> int:
    """Do nothing."""
    return 1


async def suspending() -> int:
    """Do nothing, in two turns of the loop."""
    await asyncio.sleep(0)
    return 1


async def numbers(count: int) -> AsyncIterator[int]:
    """Yield without a pause."""
    for number in range(count):
        yield number


async def paused_numbers(count: int) -> AsyncIterator[int]:
    """Yield with a turn of the loop before each."""
    for number in range(count):
        await asyncio.sleep(0)
        yield number


def consume(items: Iterator[int]) -> None:
    """Take all."""
    for _ in items:
        pass


def repeat(call: Callable[[], object]) -> Block:
    """Return a block that makes the call again and again."""

    def block(count: int) -> None:
        for _ in range(count):
            call()

    return block


# --- the candidates -------------------------------------------------------------------------------------


@dataclass
class World:
    """Everything that is open while the benchmark runs."""

    bare: asyncio.AbstractEventLoop
    bare_uvloop: asyncio.AbstractEventLoop
    ours: Koil
    ours_uvloop: Koil
    token: Any
    portal: Any
    pypi: Any


@contextlib.contextmanager
def bare_loop(new_loop: Callable[[], asyncio.AbstractEventLoop]) -> Iterator[asyncio.AbstractEventLoop]:
    """Run a loop in a thread, with nothing around it."""
    loop = new_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextlib.contextmanager
def world() -> Iterator[World]:
    """Open one of each."""
    import uvloop

    with contextlib.ExitStack() as stack:
        enter = stack.enter_context
        bare = enter(bare_loop(asyncio.new_event_loop))
        pypi = None
        if importlib.util.find_spec("koil") is not None:
            pypi = importlib.import_module("koil")
            enter(pypi.Koil())
        yield World(
            bare=bare,
            bare_uvloop=enter(bare_loop(uvloop.new_event_loop)),
            ours=enter(Koil()),
            ours_uvloop=enter(Koil(UVLOOP, identifier="uvloop")),
            token=bare_call(bare, current_token),
            portal=enter(anyio.from_thread.start_blocking_portal()),
            pypi=pypi,
        )


def bare_call(loop: asyncio.AbstractEventLoop, fn: Callable[..., Any], *args: Any) -> Any:
    """Cross as the standard library offers it."""
    return asyncio.run_coroutine_threadsafe(fn(*args), loop).result()


async def current_token() -> object:
    """Return what anyio calls this loop."""
    return anyio.lowlevel.current_token()


def callers(world: World) -> dict[str, Callable[..., Any]]:
    """Return every way to call a coroutine function from sync code; the first is the baseline."""
    ways: dict[str, Callable[..., Any]] = {
        "bare": lambda *call: bare_call(world.bare, *call),
        "bare, uvloop": lambda *call: bare_call(world.bare_uvloop, *call),
        "ours": world.ours.call,
        "ours, uvloop": world.ours_uvloop.call,
        "anyio from_thread.run": lambda *call: anyio.from_thread.run(*call, token=world.token),
        "anyio portal.call": world.portal.call,
    }
    if world.pypi is not None:
        ways["koil 3.3.7"] = world.pypi.unkoil
    return ways


def call_candidates(world: World, fn: Callable[[], Any]) -> dict[str, Block]:
    """Return one call a unit."""
    return {name: repeat(lambda call=call: call(fn)) for name, call in callers(world).items()}  # type: ignore[misc]


def stream_candidates(world: World, stream: Callable[[int], AsyncIterator[int]]) -> dict[str, Block]:
    """Return one item a unit."""

    def one_crossing_an_item(count: int) -> None:
        items = stream(count)

        async def step() -> int | None:
            return await anext(items, None)

        while bare_call(world.bare, step) is not None:
            pass

    candidates: dict[str, Block] = {
        "bare, one crossing an item": one_crossing_an_item,
        "ours": lambda count: consume(world.ours.iterate(stream, count)),
        "ours, uvloop": lambda count: consume(world.ours_uvloop.iterate(stream, count)),
        "ours, buffer=16": lambda count: consume(world.ours.iterate(stream, count, buffer=16)),
        "ours, buffer=256": lambda count: consume(world.ours.iterate(stream, count, buffer=256)),
    }
    if world.pypi is not None:
        candidates["koil 3.3.7"] = lambda count: consume(world.pypi.unkoil_gen(stream, count))
    return candidates


def thread_candidates(world: World, pool: ThreadPoolExecutor, threads: int) -> dict[str, Block]:
    """Return one call of any of the threads a unit."""

    def spread(call: Callable[[], object]) -> Block:
        share = repeat(call)

        def block(count: int) -> None:
            for future in [pool.submit(share, count // threads) for _ in range(threads)]:
                future.result()

        return block

    return {
        "bare": spread(lambda: bare_call(world.bare, at_once)),
        "ours": spread(lambda: world.ours.call(at_once)),
        "ours, uvloop": spread(lambda: world.ours_uvloop.call(at_once)),
        "anyio from_thread.run": spread(lambda: anyio.from_thread.run(at_once, token=world.token)),
    }


def offload_candidates(world: World) -> dict[str, Block]:
    """Return one sync function in a thread, called from the loop, a unit."""

    def on_the_loop(offload: Callable[..., Any]) -> Block:
        async def block(count: int) -> None:
            for _ in range(count):
                await offload(int)

        return lambda count: world.ours.call(block, count)

    return {
        "asyncio.to_thread": on_the_loop(asyncio.to_thread),
        "ours, run_sync": on_the_loop(run_sync),
        "anyio.to_thread": on_the_loop(anyio.to_thread.run_sync),
    }


def life_candidates() -> dict[str, Block]:
    """Return a start, one call and a stop a unit."""

    def bare() -> None:
        with bare_loop(asyncio.new_event_loop) as loop:
            bare_call(loop, at_once)

    def ours() -> None:
        with Koil() as koil:
            koil.call(at_once)

    def portal() -> None:
        with anyio.from_thread.start_blocking_portal() as portal:
            portal.call(at_once)

    return {"bare": repeat(bare), "ours": repeat(ours), "anyio portal": repeat(portal)}


def dual_candidates(world: World) -> dict[str, Block]:
    """Return one call on the loop a unit."""
    both: Any = dual(bridge=lambda kwargs: world.ours)(at_once)
    governed: Any = dual(at_once)

    async def direct(count: int) -> None:
        for _ in range(count):
            await at_once()

    async def aio(count: int) -> None:
        original = both.aio
        for _ in range(count):
            await original()

    async def through(fn: Any, count: int) -> None:
        for _ in range(count):
            await fn()

    loop = world.ours.loop

    def by_hand() -> Any:
        return at_once() if asyncio.get_running_loop() is loop else world.ours.call(at_once)

    call = world.ours.bind(world.ours.call)  # in a context in which this koil governs, not the one opened last
    return {
        "await": lambda count: call(direct, count),
        "dual.aio": lambda count: call(aio, count),
        "a dual function by hand": lambda count: call(through, by_hand, count),
        "dual": lambda count: call(through, governed, count),
        "dual, koil chosen": lambda count: call(through, both, count),
    }


_SERVER = """
from aiohttp import web
async def answer(request): return web.Response(text="x")
async def main():
    runner = web.AppRunner(app, access_log=None); await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0); await site.start()
    print(site._server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()
import asyncio
app = web.Application(); app.router.add_get("/", answer)
asyncio.run(main())
"""


@contextlib.contextmanager
def http_candidates(world: World) -> Iterator[dict[str, Block]]:
    """Give one GET from another process on this machine a unit."""
    import aiohttp

    with subprocess.Popen([sys.executable, "-c", _SERVER], stdout=subprocess.PIPE, text=True) as server:  # noqa: S603
        assert server.stdout is not None  # noqa: S101  # it is a pipe
        url = f"http://127.0.0.1:{server.stdout.readline().strip()}/"
        sessions: list[aiohttp.ClientSession] = []

        async def open_session() -> Callable[[], Any]:
            session = aiohttp.ClientSession()
            sessions.append(session)

            async def get() -> bytes:
                async with session.get(url) as response:
                    return await response.read()

            return get

        get, get_uvloop = world.ours.call(open_session), world.ours_uvloop.call(open_session)

        async def awaited(count: int) -> None:
            for _ in range(count):
                await get()

        candidates = {
            "awaited": lambda count: world.ours.call(awaited, count),
            "ours": repeat(lambda: world.ours.call(get)),
            "ours, uvloop": repeat(lambda: world.ours_uvloop.call(get_uvloop)),
        }
        if world.pypi is not None:
            get_pypi = world.pypi.unkoil(open_session)
            candidates["koil 3.3.7"] = repeat(lambda: world.pypi.unkoil(get_pypi))
        try:
            yield candidates
        finally:
            world.ours.call(sessions[0].close)
            world.ours_uvloop.call(sessions[1].close)
            if world.pypi is not None:
                world.pypi.unkoil(sessions[2].close)
            server.kill()


# --- report ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Goal:
    """A promise: the time of *slow* over that of *fast* is at least, or at most, a number."""

    group: str
    what: str
    numerator: str
    denominator: str
    at_most: float | None = None
    at_least: float | None = None

    def is_met(self, value: float, slack: float = 1.0) -> bool:
        """Tell whether the promise holds, with a slack for busy machines."""
        if self.at_most is not None:
            return value <= self.at_most * slack
        return self.at_least is None or value >= self.at_least / slack

    @property
    def bound(self) -> str:
        """The number that is promised."""
        return f"<= {self.at_most}" if self.at_most is not None else f">= {self.at_least}"


GOALS = [
    Goal("call", "call / bare", "ours", "bare", at_most=0.75),
    Goal("call", "call on uvloop / bare", "ours, uvloop", "bare", at_most=0.5),
    Goal("call", "koil 3.3.7 / call", "koil 3.3.7", "ours", at_least=2.5),
    Goal("items", "items/s, ours / bare", "bare, one crossing an item", "ours", at_least=1.3),
    Goal("items", "items/s, ours / koil 3.3.7", "koil 3.3.7", "ours", at_least=2.5),
    Goal("items", "items/s, buffer=16 / bare", "bare, one crossing an item", "ours, buffer=16", at_least=4),
    Goal("paused items", "items/s, buffer=16 / bare", "bare, one crossing an item", "ours, buffer=16", at_least=4),
    Goal("8 threads", "calls/s, ours / bare", "bare", "ours", at_least=1.4),
    Goal("offload", "run_sync / to_thread", "ours, run_sync", "asyncio.to_thread", at_most=1.3),
    Goal("life", "start + call + stop / bare", "ours", "bare", at_most=1.5),
    Goal("http", "bridged GET / awaited", "ours", "awaited", at_most=1.4),
]

DUAL_TAX_US = 1.0
"""Most that a dual function on its loop may cost over a bare await."""


def run(scale: float) -> dict[str, dict[str, Result]]:
    """Measure every group; *scale* multiplies the rounds."""
    threads = 8
    rounds = max(5, round(40 * scale))
    groups = {}
    with world() as w, ThreadPoolExecutor(threads) as pool:
        groups["call"] = measure(call_candidates(w, at_once), count=120, rounds=rounds)
        groups["suspending call"] = measure(call_candidates(w, suspending), count=120, rounds=rounds)
        groups["items"] = measure(stream_candidates(w, numbers), count=160, rounds=rounds)
        groups["paused items"] = measure(stream_candidates(w, paused_numbers), count=160, rounds=rounds)
        groups["8 threads"] = measure(thread_candidates(w, pool, threads), count=400, rounds=rounds)
        groups["offload"] = measure(offload_candidates(w), count=120, rounds=rounds)
        groups["life"] = measure(life_candidates(), count=10, rounds=rounds)
        groups["dual"] = measure(dual_candidates(w), count=4000, rounds=rounds)
        with http_candidates(w) as candidates:
            groups["http"] = measure(candidates, count=30, rounds=rounds)
    return groups


def check_goals(groups: dict[str, dict[str, Result]]) -> list[dict[str, Any]]:
    """Compare with what is promised."""
    rows = []
    for goal in GOALS:
        results = groups[goal.group]
        if goal.numerator not in results:
            continue
        ratios = results[goal.numerator].ratios(results[goal.denominator])
        cpu = results[goal.numerator].ratios(results[goal.denominator], "cpu_us")
        spread = Spread.of(ratios)
        rows.append(
            {"goal": f"{goal.group}: {goal.what}", "bound": goal.bound, **asdict(spread),
             "cpu": statistics.median(cpu), "met": goal.is_met(spread.median),
             "met_with_slack": goal.is_met(statistics.median(cpu), 1.3)}
        )  # fmt: skip
    base = groups["dual"]["await"].wall_us
    for name in ("dual", "dual, koil chosen", "a dual function by hand", "dual.aio"):
        tax = Spread.of([mine - theirs for mine, theirs in zip(groups["dual"][name].wall_us, base, strict=True)])
        rows.append(
            {"goal": f"dual: {name} - await, us", "bound": f"<= {DUAL_TAX_US}", **asdict(tax), "cpu": tax.median,
             "met": tax.median <= DUAL_TAX_US, "met_with_slack": tax.median <= 2 * DUAL_TAX_US}
        )  # fmt: skip
    return rows


def print_report(groups: dict[str, dict[str, Result]], goals: list[dict[str, Any]]) -> None:
    """Print tables."""
    for group, results in groups.items():
        baseline = next(iter(results.values()))
        print(f"\n{group:28}{'p10 us':>9}  {'wall ratio':>8} (p10 - p90)     {'cpu ratio':>8} (p10 - p90)")
        for result in results.values():
            low = statistics.quantiles(result.wall_us, n=10)[0]
            wall, cpu = Spread.of(result.ratios(baseline)), Spread.of(result.ratios(baseline, "cpu_us"))
            print(f"{result.name:28}{low:9.2f}  {wall!s:27}{cpu!s}")
    print(f"\n{'goal':48}{'bound':>9}{'median':>9}  p10 - p90     cpu")
    for row in goals:
        spread = f"{row['p10']:.2f} - {row['p90']:.2f}"
        mark = "" if row["met"] else "  MISSED"
        print(f"{row['goal']:48}{row['bound']:>9}{row['median']:9.2f}  {spread:14}{row['cpu']:.2f}{mark}")


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of tables")
    parser.add_argument("--scale", type=float, default=1.0, help="multiply the rounds (1 takes about a minute)")
    parser.add_argument(
        "--check", action="store_true", help="fail where a goal is missed by more than 1.3, in CPU time"
    )
    options = parser.parse_args()
    if importlib.util.find_spec("koil") is None:
        print("the koil of PyPI is not measured: pip install koil==3.3.7", file=sys.stderr)
    groups = run(options.scale)
    goals = check_goals(groups)
    if options.json:
        machine = {"python": platform.python_version(), "machine": platform.platform(), "cpus": os.cpu_count(),
                   "load": os.getloadavg() if hasattr(os, "getloadavg") else None}  # fmt: skip
        rows = {group: {name: asdict(result) for name, result in results.items()} for group, results in groups.items()}
        print(json.dumps({"machine": machine, "goals": goals, "groups": rows}))
    else:
        print_report(groups, goals)
    return int(options.check and not all(goal["met_with_slack"] for goal in goals))


if __name__ == "__main__":
    sys.exit(main())
