"""Images written by us and by others, one process a case: time, and memory over the array.

Every case writes the same array, which the process makes first, to the hub's S3 endpoint in a process of its own;
tensorstore, the machine's limit, writes our layout into a folder.  Rounds are interleaved.  A ratio is the case's time
over the one of ``ours`` in the same round, so more is better for us.  A peer that is not installed is skipped, and that
is said; ``--peers`` names a Python that has them.
Run with ``python -m benchmarks.images [--mib 128] [--rounds 5] [--peers /path/to/python] [--json]``.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numpy.typing as npt

MIB = 2**20
OURS = ("ours", "ours, all levels")
PEERS = ("zarr", "tensorstore to a folder")
MISSING = 3
"""How a case says that its library is not there."""


def write_ours(url: str, values: npt.NDArray[Any], levels: int) -> Callable[[], object]:
    """Return an upload with `from_xarray` as an app makes it, but for the records."""
    from arkitekt_di.koil import Koil
    from arkitekt_di.mikro import Mikro, S3PixelStore
    from benchmarks.mikro import Granted

    async def endpoint() -> str:
        return url

    koil = Koil().__enter__()
    records = Granted()
    records.shape = values.shape
    mikro = Mikro(records, S3PixelStore(endpoint), koil)
    return lambda: koil.call(
        mikro.afrom_xarray, values, name="picture", dims=("z", "y", "x"), settings={"levels": levels, "resume": False}
    )


def write_zarr(url: str, values: npt.NDArray[Any]) -> Callable[[], object]:
    """Return an upload with plain zarr-python and its defaults."""
    import zarr

    from arkitekt_di.server.objects import Access
    from benchmarks.mikro import Granted, raw_store

    store = raw_store(url, Granted().issue(f"peer-{os.getpid()}", Access.WRITE))

    def write() -> None:
        zarr.create_array(store, shape=values.shape, dtype=values.dtype)[...] = values

    return write


def write_tensorstore(folder: str, values: npt.NDArray[Any]) -> Callable[[], object]:
    """Return a write with tensorstore, of our layout and codecs."""
    import tensorstore  # type: ignore[import-not-found,import-untyped,unused-ignore]  # a peer, not installed with us

    blosc = {"cname": "lz4", "clevel": 5, "shuffle": "bitshuffle", "typesize": values.itemsize, "blocksize": 0}
    inner = [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "blosc", "configuration": blosc}]
    sharding = {"chunk_shape": [1, 512, 512], "codecs": inner}
    spec = {
        "driver": "zarr3",
        "kvstore": {"driver": "file", "path": f"{folder}/{os.getpid()}/"},
        "metadata": {
            "shape": list(values.shape),
            "data_type": values.dtype.name,
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [4, *values.shape[1:]]}},
            "codecs": [{"name": "sharding_indexed", "configuration": sharding}],
        },
    }
    return lambda: tensorstore.open(spec, create=True).result().write(values).result()


def run_case(name: str, url: str, folder: str, mib: int) -> None:
    """Run one case, and print its seconds and the MiB over the array and the libraries."""
    from benchmarks.mikro import picture

    values = picture(mib)
    try:
        if name in OURS:
            write = write_ours(url, values, levels=1 if name == "ours" else 8)
        else:
            write = write_zarr(url, values) if name == "zarr" else write_tensorstore(folder, values)
    except ImportError:
        sys.exit(MISSING)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    write()
    seconds = time.perf_counter() - start
    over = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(json.dumps({"seconds": seconds, "over_mib": over}), flush=True)
    os._exit(0)  # an open app would wait for its loop


def measured(case: str, python: str, arguments: list[str]) -> dict[str, float] | None:
    """Run one case in a process of its own; None where its library is missing."""
    command = [python, "-m", "benchmarks.images", "--case", case, *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)  # noqa: S603  # ourselves
    if ran.returncode == MISSING:
        return None
    if ran.returncode:
        raise RuntimeError(ran.stderr)
    found: dict[str, float] = json.loads(ran.stdout.splitlines()[-1])
    return found


def compare(mib: int, rounds: int, peers: str) -> list[dict[str, Any]]:
    """Return one row a case; the first round warms up and is dropped."""
    from benchmarks.mikro import serving

    found: dict[str, list[dict[str, float]]] = {}
    skipped: list[str] = []
    with serving() as url, tempfile.TemporaryDirectory() as folder:
        for number in range(rounds + 1):
            for case in (*OURS, *PEERS):
                python = peers if case.startswith("tensorstore") else sys.executable
                result = None if case in skipped else measured(case, python, [url, folder, str(mib)])
                if result is None:
                    skipped += [] if case in skipped else [case]
                elif number:
                    found.setdefault(case, []).append(result)
    rows = []
    for case, results in found.items():
        ratios = [mine["seconds"] / ours["seconds"] for mine, ours in zip(results, found["ours"], strict=True)]
        seconds = statistics.median(result["seconds"] for result in results)
        rows.append(
            {
                "case": case,
                "mb_s": round(mib * MIB / seconds / 1e6),
                "over_mib": round(statistics.median(result["over_mib"] for result in results)),
                "ratio_median": round(statistics.median(ratios), 2),
                "ratio_min": round(min(ratios), 2),
                "ratio_max": round(max(ratios), 2),
            }
        )
    return [*rows, *({"case": case, "skipped": "not installed"} for case in skipped)]


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mib", type=int, default=128, help="size of the array")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peers", default=sys.executable, help="a Python that has the peers")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--case", nargs=4, metavar=("NAME", "URL", "FOLDER", "MIB"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.case:
        name, url, folder, mib = arguments.case
        run_case(name, url, folder, int(mib))
        return
    rows = compare(arguments.mib, arguments.rounds, arguments.peers)
    if arguments.json:
        print(json.dumps({"mib": arguments.mib, "rounds": arguments.rounds, "cases": rows}))
        return
    print(f"write of {arguments.mib} MiB of uint16, {arguments.rounds} rounds; ratio = time over that of ours")
    for row in rows:
        if "skipped" in row:
            print(f"{row['case']:26} skipped: {row['skipped']}")
            continue
        spread = f"{row['ratio_median']:.2f} [{row['ratio_min']:.2f}-{row['ratio_max']:.2f}]"
        print(f"{row['case']:26} {row['mb_s']:5} MB/s  {row['over_mib']:5} MiB over  x {spread}")


if __name__ == "__main__":
    main()
