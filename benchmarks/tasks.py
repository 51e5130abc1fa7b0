"""What a hub does with tasks: calls beside a plain echo, what waiting tasks cost, and how soon it is back.

Run it as ``python -m benchmarks.tasks`` from the root of the repository.  A call goes from a caller to the hub, to an
agent in a process of its own, and back, and every step of it is recorded before it goes on.  The echo is a plain
WebSocket of the same library between two processes.  Both take turns, and the ratio of each turn counts.

``bare`` is the hub with the least that an agent and a caller can be, on the socket of callers and over GraphQL;
``apps`` is the whole of this project: an app that serves and an app that calls.  The floor is the least that a durable
call can be (`benchmarks.task_floor`): what the same messages and commits take without us.  With ``--peers PYTHON``
other systems are measured in between, in the environment of that Python; what it does not have is skipped and said so.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import numpy as np
import xarray as xr
from aiohttp import web
from pydantic import SecretStr
from sqlalchemy import create_engine, insert

from arkitekt_di import easy
from arkitekt_di.messages.frames import FEATURE_ATTEMPTS
from arkitekt_di.messages.orders import ORDERS, Assign, Heartbeat
from arkitekt_di.messages.reports import Completed, HeartbeatAnswer, Progress, Register, Started, Yield
from arkitekt_di.mikro import afrom_xarray
from arkitekt_di.server.database import Database
from arkitekt_di.server.identifiers import new_identifier
from arkitekt_di.server.principal import Principal
from arkitekt_di.server.tasks.bus import InProcessBus
from arkitekt_di.server.tasks.dispatch import InProcessDispatch
from arkitekt_di.server.tasks.endpoint import RekuestEndpoint
from arkitekt_di.server.tasks.ledger import Ledger
from arkitekt_di.server.tasks.records import Caller, Task, TaskDraft
from arkitekt_di.server.tasks.rows import row_of
from arkitekt_di.server.tasks.service import Ground
from arkitekt_di.server.tasks.tables import TASKS
from arkitekt_di.settings.models import DatabaseSettings, TaskSettings
from arkitekt_di.testing.served_hub import serving
from benchmarks.task_floor import FloorCaller, answer_floor, serve_floor

T = TypeVar("T")
ASSIGN = "mutation ($input: AssignInput!) { assign(input: $input) { id } }"
PEERS = ("hypha", "ray", "dask", "celery")
WATCH = "subscription { mytasks { event { task kind returns } } }"
FIND = "query { implementations { id } }"
PORT = {"key": "number", "kind": "INT"}
ECHO: dict[str, Any] = {
    "interface": "echo",
    "definition": {
        "key": "echo",
        "version": "1",
        "name": "Echo",
        "kind": "FUNCTION",
        "idempotent": True,
        "args": [PORT],
        "returns": [PORT | {"key": "return0"}],
    },
}


# --- the hub, the agent and the echo, each in a process of its own ---------------------------------------


class Everybody:
    """Lets everybody in, by the name that they give."""

    async def authenticate(self, request: web.BaseRequest) -> Principal:
        """Return who asks."""
        return _principal(request.headers["Authorization"].removeprefix("Bearer "))

    async def authenticate_token(self, token: str) -> Principal | None:
        """Return who asks."""
        return _principal(token)


def _principal(name: str) -> Principal:
    return Principal("ada", "Ada", "lab", name, frozenset())


async def serve_hub(folder: Path, settings: TaskSettings, ready: Connection) -> None:
    """Serve tasks until the process is ended."""
    began = time.monotonic()
    database, bus = Database(DatabaseSettings(), folder), InProcessBus()
    await database.start()
    ground = Ground(Ledger(database.url, settings.durability, bus.publish), bus, InProcessDispatch())
    endpoint = RekuestEndpoint(Everybody(), database, ground, settings)
    migrated = time.monotonic()
    await endpoint.start()
    app = web.Application()
    app.router.add_routes(endpoint.routes())
    app.router.add_get("/rss", _tell_memory)
    await _listen(app, ready, {"open_s": time.monotonic() - migrated, "all_s": time.monotonic() - began})


async def serve_echo(ready: Connection) -> None:
    """Send back what comes, until the process is ended."""

    async def answer(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(compress=False, max_msg_size=0)
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(message.data)
        return socket

    app = web.Application()
    app.router.add_get("/", answer)
    await _listen(app, ready, {})


async def _listen(app: web.Application, ready: Connection, told: dict[str, Any]) -> None:
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    ready.send({"url": f"http://127.0.0.1:{runner.addresses[0][1]}", **told})
    await asyncio.Event().wait()


async def _tell_memory(_request: web.Request) -> web.Response:
    return web.json_response({"rss": memory()})


async def run_agent(url: str, ready: Connection) -> None:
    """Answer every task with its argument, reporting as a real agent does."""
    session, pos = new_identifier(), 0
    async with aiohttp.ClientSession() as http, http.ws_connect(f"{url}/rekuest/agi", max_msg_size=0) as socket:
        await socket.send_str(
            Register(
                token=SecretStr("agent"),
                session_id=session,
                implementations=[ECHO],
                hash="1",
                features=(FEATURE_ATTEMPTS,),
            ).encoded()
        )
        await socket.receive()
        ready.send({})
        async for message in socket:
            order = ORDERS.read(message.data)
            if isinstance(order, Heartbeat):
                await socket.send_str(HeartbeatAnswer().encoded())
            elif isinstance(order, Assign):
                returns = {"return0": order.args["number"]}
                said = (Started, Progress, Yield, Completed)
                for kind in said:
                    pos += 1
                    stamp = {"task": order.task, "pos": pos, "journal_session": session}
                    await socket.send_str(kind(**stamp, **({"returns": returns} if kind is Yield else {})).encoded())


# --- measure --------------------------------------------------------------------------------------------


class Process:
    """A process that serves, until the block ends."""

    def __init__(self, work: Callable[..., Awaitable[None]], *arguments: object) -> None:
        fresh = multiprocessing.get_context("spawn")  # a forked one would have the memory of this one
        here, there = fresh.Pipe()
        self._process = fresh.Process(target=_run, args=(work, *arguments, there), daemon=True)
        self._process.start()
        if not here.poll(120):
            message = f"{work.__name__} did not start"
            raise RuntimeError(message)
        self.told: dict[str, Any] = here.recv()

    def __enter__(self) -> dict[str, Any]:
        return self.told

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.join()


def _run(work: Callable[..., Awaitable[None]], *arguments: object) -> None:
    asyncio.run(work(*arguments))  # type: ignore[arg-type]  # each of them is a coroutine


@dataclass
class CallerOfTasks:
    """Calls over GraphQL, and hears of results on a subscription."""

    http: aiohttp.ClientSession
    url: str
    implementation: str
    ended: dict[str, asyncio.Future[None]]
    early: set[str]

    async def call(self, number: object) -> None:
        """Call, and wait for the end."""
        asked = {"implementation": self.implementation, "args": {"number": number}}
        task = (await ask(self.http, self.url, ASSIGN, input=asked))["id"]
        if task in self.early:
            self.early.discard(task)
            return
        self.ended[task] = asyncio.get_running_loop().create_future()
        await self.ended[task]

    async def listen(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Take events."""
        async for message in socket:
            payload = json.loads(message.data)
            if payload["type"] != "data":
                continue
            event = payload["payload"]["data"]["mytasks"]["event"]
            if event["kind"] == "COMPLETED":
                waiting = self.ended.pop(event["task"], None)
                if waiting is None:
                    self.early.add(event["task"])
                else:
                    waiting.set_result(None)


@dataclass
class CallerAtTheDesk:
    """Calls over the socket of callers, and hears of results on it."""

    socket: aiohttp.ClientWebSocketResponse
    implementation: str
    called: dict[str, asyncio.Future[str]]
    ended: dict[str, asyncio.Future[None]]

    async def call(self, number: object) -> None:
        """Call, and wait for the end; its event cannot come before the answer."""
        loop, name = asyncio.get_running_loop(), new_identifier()
        order = {"args": {"number": number}, "reference": name, "implementation": self.implementation}
        answer = self.called[name] = loop.create_future()
        await self.socket.send_json({"type": "CALL", "id": name, "order": order})
        await (await self._end_of(answer))

    async def _end_of(self, answer: asyncio.Future[str]) -> asyncio.Future[None]:
        return self.ended[await answer]

    async def listen(self) -> None:
        """Take answers and events."""
        async for message in self.socket:
            frame = json.loads(message.data)
            if frame["type"] == "CALLED":
                self.ended[frame["task"]] = asyncio.get_running_loop().create_future()
                self.called.pop(frame["request"]).set_result(frame["task"])
            for event in frame.get("events", ()):
                if event["kind"] == "COMPLETED":
                    self.ended[event["task"]].set_result(None)


async def ask(http: aiohttp.ClientSession, url: str, document: str, **variables: object) -> Any:
    """Run one operation."""
    body = {"query": document, "variables": variables}
    async with http.post(f"{url}/rekuest/graphql", json=body, headers={"Authorization": "Bearer script"}) as response:
        answer = await response.json()
    if answer.get("errors"):
        raise RuntimeError(answer["errors"])
    (value,) = answer["data"].values()
    return value


async def timed(work: Callable[[], Awaitable[None]], count: int) -> list[float]:
    """Return the seconds of each of *count* runs, one after the other."""
    times = []
    for _ in range(count):
        began = time.perf_counter()
        await work()
        times.append(time.perf_counter() - began)
    return times


async def measure_floor(floor: str, echo: str, rounds: int) -> dict[str, list[float]]:
    """Measure the least that calls can be beside echoes, in turns."""
    results: dict[str, list[float]] = {"floor": [], "floor rate": [], "floor big": []}
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(echo, max_msg_size=0) as plain,
        http.ws_connect(f"{floor}/caller", max_msg_size=0) as socket,
    ):
        caller = FloorCaller(socket)
        listening = asyncio.create_task(caller.listen())
        await timed(lambda: caller.call(1), 50)
        for _ in range(rounds):
            echoed = statistics.median(await timed(lambda: echo_once(plain), 300))
            results["floor"].append(statistics.median(await timed(lambda: caller.call(1), 150)) / echoed)
            results["floor rate"].append(await together(caller.call, 64, 512) / await echoes_a_second(plain))
            large = min(await timed(lambda: caller.call(BIG), 2))
            results["floor big"].append(large / min(await timed(lambda: echo_once(plain, BIG), 2)))
        listening.cancel()
    return results


async def echo_once(plain: aiohttp.ClientWebSocketResponse, text: str = "x" * 64) -> None:
    """Send a text, and wait until it comes back."""
    await plain.send_str(text)
    await plain.receive()


async def measure_calls(hub: str, echo: str, rounds: int) -> dict[str, Any]:
    """Measure calls beside echoes, in turns."""
    results: dict[str, list[float]] = {name: [] for name in ("echo", "call", "graphql", "rate", "big")}
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(echo, max_msg_size=0) as plain,
        http.ws_connect(f"{hub}/rekuest/desk", max_msg_size=0) as desk,
        http.ws_connect(f"{hub}/rekuest/graphql", protocols=("graphql-ws",), max_msg_size=0) as events,
    ):
        await events.send_json({"type": "connection_init", "payload": {"token": "script"}})
        await events.send_json({"type": "start", "id": "1", "payload": {"query": WATCH}})
        await desk.send_json({"type": "HELLO", "id": "1", "token": "desk"})
        (offer,) = await ask(http, hub, FIND)
        over_graphql = CallerOfTasks(http, hub, offer["id"], {}, set())
        caller = CallerAtTheDesk(desk, offer["id"], {}, {})
        listening = [asyncio.create_task(caller.listen()), asyncio.create_task(over_graphql.listen(events))]

        await timed(lambda: caller.call(1), 50)
        await timed(lambda: over_graphql.call(1), 20)
        for _ in range(rounds):
            echoed = statistics.median(await timed(lambda: echo_once(plain), 300))
            results["echo"].append(echoed)
            results["call"].append(statistics.median(await timed(lambda: caller.call(1), 150)) / echoed)
            results["graphql"].append(statistics.median(await timed(lambda: over_graphql.call(1), 50)) / echoed)
            results["rate"].append(await together(caller.call, 64, 512) / await echoes_a_second(plain))
            large = min(await timed(lambda: caller.call(BIG), 2))
            results["big"].append(large / min(await timed(lambda: echo_once(plain, BIG), 2)))
        for task in listening:
            task.cancel()
    return results


BIG = "x" * 13_333_333
"""10 MB as base64."""

TITLES = (
    ("floor", "least durable call / echo"),
    ("floor rate", "least durable calls a second / echoes"),
    ("floor big", "10 MB through the least hub / echo"),
    ("call", "bare call / echo"),
    ("graphql", "bare call over GraphQL / echo"),
    ("rate", "bare calls a second / echoes"),
    ("big", "10 MB through the hub / echo"),
    ("app call", "call between apps / echo"),
    ("app rate", "calls between apps a second / echoes"),
    ("app stream", "items a second between apps / echoes"),
    ("reference", "10 MB by reference, called and read / echo"),
    ("stored", "the same, and stored / echo"),
)


APP = """
import asyncio, sys
from collections.abc import AsyncIterator
from arkitekt_di import easy, register
from arkitekt_di.mikro import Image

@register
async def echo(number: int) -> int:
    return number

@register
async def stream(n: int) -> AsyncIterator[int]:
    for number in range(n):
        yield number

@register
def brightest(image: Image) -> int:
    return int(image.data.max())

with easy("echoes", url=sys.argv[1], headless=True, no_cache=True) as app, app.rekuest.serving():
    print("ready", flush=True)
    sys.stdin.read()
"""


COSTS = (
    ("one", "processor time of a call, one after the other"),
    ("many", "the same, 64 at once"),
    ("item", "the same, an item of a generator"),
)
"""What is told of the processor time of each process, in ms."""


def processor_times(pids: dict[str, int]) -> dict[str, float]:
    """Return the seconds of processor time that each process has taken."""
    ticks = os.sysconf("SC_CLK_TCK")
    stats = {name: Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for name, pid in pids.items()}
    return {name: (int(values[11]) + int(values[12])) / ticks for name, values in stats.items()}


async def costing(pids: dict[str, int], count: int, work: Awaitable[T]) -> tuple[T, dict[str, float]]:
    """Await *work*, which does something so many times; return its result, and what each time took of processors."""
    before = processor_times(pids)
    result = await work
    after = processor_times(pids)
    return result, {name: (after[name] - before[name]) / count for name in pids}


async def measure_apps(hub: str, echo: str, rounds: int, pids: dict[str, int]) -> dict[str, Any]:
    """Measure calls from an app of ours to another one, beside echoes, in turns."""
    results: dict[str, list[Any]] = {name: [] for name in ("app call", "app rate", "app stream", "one", "many", "item")}
    results |= {"reference": [], "stored": []}
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(echo, max_msg_size=0) as plain,
        easy("caller", url=hub, headless=True, no_cache=True) as app,
    ):
        action, brightest = await app.rekuest.afind("echo"), await app.rekuest.afind("brightest")

        async def call() -> None:
            await app.rekuest.acall(action, 1)

        async def items_a_second(count: int) -> float:
            began = time.perf_counter()
            async for _ in app.rekuest.aiterate("stream", count):
                pass
            return count / (time.perf_counter() - began)

        async def hand_over() -> tuple[float, float]:
            """Return the seconds of an array that is stored, named in a call and read there, and those of the call."""
            pixels = xr.DataArray(np.random.default_rng().integers(0, 256, (2500, 4000), np.uint8), dims=("y", "x"))
            began = time.perf_counter()
            image = await afrom_xarray(pixels, name="pixels")
            stored = time.perf_counter()
            await app.rekuest.acall(brightest, image)
            return time.perf_counter() - began, time.perf_counter() - stored

        await timed(call, 50)
        await hand_over()
        pids |= {"caller": os.getpid()} | relays_of(pids["agent"])
        for _ in range(rounds):
            echoed = statistics.median(await timed(lambda: echo_once(plain), 300))
            times, one = await costing(pids, 150, timed(call, 150))
            results["app call"].append(statistics.median(times) / echoed)
            echoes = await echoes_a_second(plain)
            rate, many = await costing(pids, 512, together(lambda _: app.rekuest.acall(action, 1), 64, 512))
            results["app rate"].append(rate / echoes)
            items, item = await costing(pids, 4000, items_a_second(4000))
            results["app stream"].append(items / echoes)
            for name, cost in (("one", one), ("many", many), ("item", item)):
                results[name].append(cost)
            handed = [await hand_over() for _ in range(3)]
            large = min(await timed(lambda: echo_once(plain, BIG), 3))
            results["stored"].append(min(whole for whole, _ in handed) / large)
            results["reference"].append(min(call for _, call in handed) / large)
    return results


def relays_of(agent: int) -> dict[str, int]:
    """Return the process that holds the socket of an agent."""
    threads = Path(f"/proc/{agent}/task").iterdir()
    children = [int(child) for thread in threads for child in (thread / "children").read_text().split()]
    relays = (child for child in children if "agent.relay" in Path(f"/proc/{child}/cmdline").read_text())
    return dict(zip(("relay",), relays, strict=False))


def with_apps(folder: Path, echo: str, rounds: int) -> dict[str, Any]:
    """Serve a hub with logins and an app that offers, and measure calls of it."""
    with serving(folder, "--auto-approve") as hub:
        agent = subprocess.Popen(  # noqa: S603  # a script of our own
            [sys.executable, "-c", APP, hub.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        try:
            if agent.stdout is None or agent.stdout.readline() != "ready\n":
                raise RuntimeError("the app does not serve")
            pids = {"hub": hub.process.pid, "agent": agent.pid}
            return asyncio.run(measure_apps(hub.url, echo, rounds, pids))
        finally:
            agent.kill()
            agent.communicate()


def measure_peer(python: str, name: str) -> dict[str, float] | None:
    """Measure another system, in an environment that may have it."""
    script = Path(__file__).with_name("task_peers.py")
    try:
        ran = subprocess.run(  # noqa: S603  # a script of our own
            [python, script, name],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            timeout=300,
            check=True,
        )
        measured: dict[str, float] = json.loads(ran.stdout.splitlines()[-1])
    except (subprocess.SubprocessError, ValueError, IndexError):
        return None
    return measured


async def together(call: Callable[[int], Awaitable[Any]], at_once: int, count: int) -> float:
    """Return calls a second, with so many at once."""
    room = asyncio.Semaphore(at_once)

    async def one() -> None:
        async with room:
            await call(1)

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(count)))
    return count / (time.perf_counter() - began)


async def echoes_a_second(plain: aiohttp.ClientWebSocketResponse, count: int = 2000, at_once: int = 64) -> float:
    """Return echoes a second, with so many on the way."""
    began = time.perf_counter()
    for number in range(count + at_once):
        if number < count:
            await plain.send_str("x" * 64)
        if number >= at_once:
            await plain.receive()
    return count / (time.perf_counter() - began)


def measure_waiting(folder: Path, settings: TaskSettings, count: int) -> dict[str, float]:
    """Measure what tasks cost that wait in the hub, and how soon it is back with as many that run."""
    with Process(serve_hub, folder, settings) as hub, Process(run_agent, hub["url"]):
        asyncio.run(_rss(hub["url"]))
    with Process(serve_hub, folder, settings) as hub:
        before = asyncio.run(_rss(hub["url"]))
    fill(folder, count, session_id=None)
    with Process(serve_hub, folder, settings) as hub:
        after = asyncio.run(_rss(hub["url"]))
    fill(folder, count, session_id="gone")
    with Process(serve_hub, folder, settings) as hub:
        return {"bytes_each": (after - before) / count, "open_s": hub["open_s"], "all_s": hub["all_s"]}


async def _rss(url: str) -> int:
    async with aiohttp.ClientSession() as http:
        await ask(http, url, FIND)  # what is loaded late is loaded now
        async with http.get(f"{url}/rss") as response:
            return int((await response.json())["rss"])


def fill(folder: Path, count: int, session_id: str | None) -> None:
    """Write tasks that wait, or that a process has; as the hub itself writes them."""
    engine = create_engine(f"sqlite:///{folder / 'hub.sqlite'}")
    caller = Caller("lab", "script", "ada")
    state: dict[str, Any] = {"attempt": 1, "epoch": 1, "is_started": True} if session_id else {}
    with engine.begin() as connection:
        agent = connection.exec_driver_sql("SELECT id FROM agents").scalar_one()
        rows = []
        for _ in range(count):
            draft = TaskDraft(caller, new_identifier(), "a", "i", agent, "echo", '{"number": 1}', "0" * 64)
            rows.append(row_of(Task(new_identifier(), draft, 1.0, 1.0, session_id=session_id, **state)))
        connection.execute(insert(TASKS), rows)
    engine.dispose()


def memory() -> int:
    """Return the resident memory of this process, in bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--waiting", type=int, default=10_000)
    parser.add_argument("--durability", choices=["process", "power"], default="process")
    parser.add_argument("--peers", metavar="PYTHON", help="measure other systems, with this Python")
    options = parser.parse_args()
    settings = TaskSettings(durability=options.durability)
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, durability {options.durability}")
    folder = Path(tempfile.mkdtemp())
    try:
        with Process(serve_echo) as echo:
            with Process(serve_hub, folder, settings) as hub, Process(run_agent, hub["url"]):
                results = asyncio.run(measure_calls(hub["url"], echo["url"], options.rounds))
            with Process(serve_floor, folder / "floor", _listen) as floor, Process(answer_floor, floor["url"]):
                results |= asyncio.run(measure_floor(floor["url"], echo["url"], options.rounds))
            results |= with_apps(folder / "apps", echo["url"], options.rounds)
            show(results)
            for name in PEERS if options.peers else ():
                show_peer(name, measure_peer(options.peers, name), statistics.median(results["echo"]))
    finally:
        shutil.rmtree(folder)
    folder = Path(tempfile.mkdtemp())
    try:
        waiting = measure_waiting(folder, settings, options.waiting)
    finally:
        shutil.rmtree(folder)
    print(f"one of {options.waiting} waiting tasks in memory   {waiting['bytes_each']:8.0f} bytes")
    print(
        f"ready again with as many that run      {waiting['open_s']:8.2f} s ({waiting['all_s']:.2f} s with migrations)"
    )


def show(results: dict[str, list[Any]]) -> None:
    """Print the echo, and the ratios with their range."""
    print(f"{'echo, median':42} {statistics.median(results['echo']) * 1e3:9.3f} ms")
    for name, title in TITLES:
        ratios = sorted(results[name])
        print(f"{title:42} {statistics.median(ratios):9.3f} ({ratios[0]:.3f} - {ratios[-1]:.3f})")
    for name, title in COSTS:
        costs = results[name]
        told = (f"{who} {statistics.median(cost[who] for cost in costs) * 1e3:.3f}" for who in costs[0])
        print(f"{title}: {', '.join(told)} ms")


def show_peer(name: str, measured: dict[str, float] | None, echoed: float) -> None:
    """Print what another system takes, a call of it as a ratio to the echo too."""
    if measured is None:
        print(f"{name}: skipped, it is not installed there or did not start")
        return
    told = [f"{'call':8} {measured['call'] * 1e3:8.2f} ms ({measured['call'] / echoed:.1f} echoes)"]
    told += [f"{key} {measured[key]:.0f}/s" for key in ("calls", "stream") if key in measured]
    told += [f"10 MB {measured['big'] * 1e3:.0f} ms"] if "big" in measured else []
    print(f"{name:8} {', '.join(told)}")


if __name__ == "__main__":
    main()
