"""PUT and GET of 8 MiB objects: the hub's S3 endpoint beside a bare aiohttp server, in one run.

The bare server checks nothing: it streams a body to a file, and sends a file with ``FileResponse``.  Both run
in a process of their own; the client is obstore, as in mikro.  Run with ``python -m benchmarks.objects``.
"""

import argparse
import asyncio
import contextlib
import multiprocessing
import os
import secrets
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import obstore
from aiohttp import web
from obstore.store import S3Store

from arkitekt_di.server.objects import Access, ObjectEndpoint, ObjectFolder, ObjectGrants
from arkitekt_di.settings.models import ObjectSettings

MIB = 2**20
SECRET = b"known to both processes of a run"


def bare_routes(folder: Path) -> list[web.RouteDef]:
    """Return the peer: upload to a temporary file and rename, download with ``FileResponse``."""

    async def put(request: web.Request) -> web.Response:
        draft = folder / secrets.token_hex(8)
        with draft.open("wb") as file:
            async for chunk in request.content.iter_any():
                file.write(chunk)
        target = folder / request.match_info["key"]
        target.parent.mkdir(parents=True, exist_ok=True)
        draft.replace(target)
        return web.Response(headers={"ETag": '"x"'})

    async def get(request: web.Request) -> web.FileResponse:
        return web.FileResponse(folder / request.match_info["key"])

    return [web.put("/{key:.*}", put), web.get("/{key:.*}", get)]


def serve(kind: str, folder: Path, pipe: Connection) -> None:
    """Run one server until the process is ended; tells its port."""

    async def main() -> None:
        objects = ObjectFolder(folder)
        await objects.start()
        endpoint = ObjectEndpoint(objects, ObjectGrants(SECRET), ObjectSettings())
        app = web.Application()
        app.add_routes(endpoint.routes() if kind == "hub" else bare_routes(folder))
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        pipe.send(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(main())


@contextlib.contextmanager
def served(kind: str, folder: Path) -> Iterator[str]:
    """Run one server in a process of its own, and give its address."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=serve, args=(kind, folder, there), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{here.recv()}"
    finally:
        process.terminate()
        process.join()


def store_at(url: str, *, signing: str) -> S3Store:
    """Return obstore on one server; *signing* is ``signed`` (obstore's default over http) or ``unsigned``."""
    grant = ObjectGrants(SECRET).issue(bucket="zarr", key="bench", access=Access.WRITE, ttl_s=3600, max_bytes=2**40)
    return S3Store(
        "zarr",
        prefix="bench",
        endpoint=url,
        access_key_id=grant.access_key,
        secret_access_key=grant.secret_key.get_secret_value(),
        session_token=grant.session_token.get_secret_value(),
        region="us-east-1",
        virtual_hosted_style_request=False,
        client_options={"allow_http": True},
        unsigned_payload=signing == "unsigned",
    )


async def rate(work: Callable[[int], Awaitable[object]], count: int, size: int, parallel: int) -> float:
    """Return MiB/s of *count* calls, *parallel* at a time."""
    gate = asyncio.Semaphore(parallel)

    async def one(number: int) -> None:
        async with gate:
            await work(number)

    begin = time.perf_counter()
    await asyncio.gather(*(one(number) for number in range(count)))
    return count * size / MIB / (time.perf_counter() - begin)


async def measure(stores: dict[str, S3Store], *, rounds: int, count: int, size: int, parallel: int) -> None:
    """Print rates and ratios; servers take turns, so that noise of the machine hits all alike."""
    content = os.urandom(size)
    rates: dict[tuple[str, str], list[float]] = {}

    async def put(store: S3Store, number: int) -> None:
        await obstore.put_async(store, str(number), content, use_multipart=False)

    async def get(store: S3Store, number: int) -> None:
        answer = await obstore.get_async(store, str(number))
        assert len(await answer.bytes_async()) == size  # noqa: S101  # a wrong answer is no measurement

    for _ in range(rounds):
        for name, store in stores.items():
            for verb, work in (("PUT", put), ("GET", get)):
                found = await rate(partial(work, store), count, size, parallel)
                rates.setdefault((verb, name), []).append(found)
    print(f"{count} objects of {size / MIB:g} MiB, {parallel} at a time, {rounds} rounds; median [least-most]")
    for (verb, name), own in rates.items():
        peer = rates[verb, name.replace("hub", "bare")]
        ratios = sorted(mine / other for mine, other in zip(own, peer, strict=True))
        print(
            f"{verb} {name:14} {statistics.median(own):6.0f} MiB/s [{min(own):.0f}-{max(own):.0f}]"
            f"   ratio to bare {statistics.median(ratios):.2f} [{ratios[0]:.2f}-{ratios[-1]:.2f}]"
        )


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--count", type=int, default=16)
    parser.add_argument("--size-mib", type=float, default=8)
    parser.add_argument("--parallel", type=int, default=4)
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as hub_folder,
        tempfile.TemporaryDirectory() as bare_folder,
        served("hub", Path(hub_folder)) as hub,
        served("bare", Path(bare_folder)) as bare,
    ):
        stores = {
            f"{kind} {signing}": store_at(url, signing=signing)
            for signing in ("signed", "unsigned")
            for kind, url in (("bare", bare), ("hub", hub))
        }
        size = int(arguments.size_mib * MIB)
        asyncio.run(
            measure(stores, rounds=arguments.rounds, count=arguments.count, size=size, parallel=arguments.parallel)
        )


if __name__ == "__main__":
    main()
