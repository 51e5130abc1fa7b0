"""Images written to and read from the hub's object store: mikro beside plain zarr-python, in one run.

The hub's S3 endpoint runs in a process of its own and keeps objects on disk.  The peer writes the same array with
``zarr.create_array`` and its defaults, and reads our own objects with ``zarr.open_array``, through the same obstore
client.  Rounds are interleaved; a ratio is peer time over our time in one round, so more is better for us.
Run with ``python -m benchmarks.mikro [--mib 128] [--rounds 5] [--json]``.
"""

import argparse
import asyncio
import itertools
import json
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
import zarr
from aiohttp import web
from obstore.store import S3Store
from zarr.storage import ObjectStore

from arkitekt_di.koil import Koil
from arkitekt_di.messages.images import ImageDraft, ImageRecord, StoreGrant, UploadGrant, ZarrStore
from arkitekt_di.mikro import Image, InMemoryImageRecords, InMemoryPixelStore, Mikro, S3PixelStore
from arkitekt_di.server.objects import Access, ObjectEndpoint, ObjectFolder, ObjectGrants
from arkitekt_di.settings.models import ObjectSettings

SECRET = b"known to both processes of a run"
MIB = 2**20
PLANE = (1024, 2048)


def serve(folder: Path, pipe: Connection) -> None:
    """Run the hub's S3 endpoint until the process is ended; tells its port."""

    async def main() -> None:
        objects = ObjectFolder(folder)
        await objects.start()
        app = web.Application()
        app.add_routes(ObjectEndpoint(objects, ObjectGrants(SECRET), ObjectSettings()).routes())
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        pipe.send(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(main())


@contextmanager
def serving() -> Iterator[str]:
    """Serve while the block lasts; gives the address."""
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = context.Pipe()
        process = context.Process(target=serve, args=(Path(folder), theirs), daemon=True)
        process.start()
        try:
            yield f"http://127.0.0.1:{ours.recv()}"
        finally:
            process.terminate()
            process.join(10)


class Granted(InMemoryImageRecords):
    """Records without a database, whose grants are good at the endpoint."""

    def __init__(self) -> None:
        super().__init__(InMemoryPixelStore())
        self._grants = ObjectGrants(SECRET)
        self._names = itertools.count()
        self.shape: tuple[int, ...] = ()

    def issue(self, key: str, access: Access) -> dict[str, Any]:
        """Return the members of a grant."""
        issued = self._grants.issue(bucket="zarr", key=key, access=access, ttl_s=3600, max_bytes=2**40)
        return {**vars(issued), "bucket": "zarr", "key": key, "path": f"s3://zarr/{key}"}

    async def request_upload(self) -> UploadGrant:
        """Open a fresh place."""
        key = f"image-{next(self._names)}"
        return UploadGrant.model_validate(self.issue(key, Access.WRITE) | {"store": key, "max_bytes": 2**40})

    async def finish_upload(self, store_id: str) -> ZarrStore:
        """Believe it."""
        return ZarrStore(id=store_id, bucket="zarr", key=store_id)

    async def create(self, draft: ImageDraft) -> ImageRecord:
        """Make a record that is not kept."""
        store = await self.finish_upload(draft.store_id)
        return ImageRecord(
            id=draft.store_id, name=draft.name, axes=draft.axes, shape=self.shape, dtype="uint16", store=store
        )

    async def request_access(self, store_id: str) -> StoreGrant:
        """Grant reading."""
        return StoreGrant.model_validate(self.issue(store_id, Access.READ))


def picture(mib: int) -> npt.NDArray[np.uint16]:
    """Return planes of smooth background with Poisson noise, which compress about twofold, as a camera's do."""
    planes = max(1, mib * MIB // (PLANE[0] * PLANE[1] * 2))
    rng = np.random.default_rng(0)
    y, x = np.mgrid[: PLANE[0], : PLANE[1]]
    background = 300 + 100 * np.sin(x / 200) + 100 * np.cos(y / 150)
    return np.stack([rng.poisson(background).astype(np.uint16) for _ in range(planes)])


def raw_store(url: str, members: dict[str, Any]) -> ObjectStore[S3Store]:
    """Return the peer's store: the same obstore client, as zarr-python uses it."""
    store = S3Store(
        "zarr",
        prefix=members["key"],
        endpoint=url,
        access_key_id=members["access_key"],
        secret_access_key=members["secret_key"].get_secret_value(),
        session_token=members["session_token"].get_secret_value(),
        region="us-east-1",
        virtual_hosted_style_request=False,
        client_options={"allow_http": True},
    )
    return ObjectStore(store)


def seconds(action: Callable[[], object]) -> float:
    """Return how long *action* took."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def measure(mib: int, rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Return, for each case, our and the peer's seconds in every round; the first round warms up and is dropped."""
    values = picture(mib)
    array = xr.DataArray(values, dims=["z", "y", "x"])
    times: dict[str, list[tuple[float, float]]] = {}
    with serving() as url, Koil() as koil:
        records = Granted()
        records.shape = values.shape

        async def endpoint() -> str:
            return url

        mikro = Mikro(records, S3PixelStore(endpoint), koil)
        images: list[Image] = []

        def write_ours() -> None:
            images.append(koil.call(mikro.afrom_xarray, array, name="picture"))

        def write_theirs() -> None:
            store = raw_store(url, records.issue(f"peer-{time.monotonic_ns()}", Access.WRITE))
            zarr.create_array(store, shape=values.shape, dtype=values.dtype)[...] = values

        for number in range(rounds + 1):
            found = {"write": (seconds(write_ours), seconds(write_theirs))}
            data = images[-1].data
            peer = zarr.open_array(raw_store(url, records.issue(images[-1].id, Access.READ)), mode="r")
            parts: dict[str, tuple[Any, ...]] = {
                "crop 256x256": (number % len(values), slice(300, 556), slice(700, 956)),
                "plane": (number % len(values),),
                "whole": (...,),
            }
            for name, part in parts.items():
                found[f"read {name}"] = (
                    seconds(lambda data=data, part=part: data[part].compute()),  # type: ignore[misc]  # bound on purpose
                    seconds(lambda peer=peer, part=part: np.asarray(peer[part])),  # type: ignore[misc]  # the same
                )
            if number:
                for name, pair in found.items():
                    times.setdefault(name, []).append(pair)
    return times


def summary(times: dict[str, list[tuple[float, float]]], mib: int) -> list[dict[str, Any]]:
    """Return one row a case: our median time and rate, and the ratio with its spread."""
    rows = []
    for name, pairs in times.items():
        ratios = [theirs / ours for ours, theirs in pairs]
        ours = statistics.median(ours for ours, _ in pairs)
        rate = round(mib * MIB / ours / 1e6) if name in ("write", "read whole") else None
        rows.append(
            {
                "case": name,
                "ours_ms": round(ours * 1e3, 1),
                "ours_mb_s": rate,
                "ratio_median": round(statistics.median(ratios), 2),
                "ratio_min": round(min(ratios), 2),
                "ratio_max": round(max(ratios), 2),
            }
        )
    return rows


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mib", type=int, default=128, help="size of the array")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    arguments = parser.parse_args()
    rows = summary(measure(arguments.mib, arguments.rounds), arguments.mib)
    if arguments.json:
        print(json.dumps({"mib": arguments.mib, "rounds": arguments.rounds, "cases": rows}))
        return
    print(f"{arguments.mib} MiB of uint16, {arguments.rounds} rounds; ratio = plain zarr-python's time over ours")
    for row in rows:
        rate = f"{row['ours_mb_s']:5d} MB/s" if row["ours_mb_s"] else " " * 10
        spread = f"{row['ratio_median']:.2f} [{row['ratio_min']:.2f}-{row['ratio_max']:.2f}]"
        print(f"{row['case']:18} {row['ours_ms']:9.1f} ms {rate}  x {spread}")


if __name__ == "__main__":
    main()
