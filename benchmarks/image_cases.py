"""What one process of `benchmarks.images` does: write an array, or read parts of one, as we do or as a peer does.

It runs in the environment of the peer, which has nothing of ours, so every case imports what it needs by itself.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

MISSING = 3
"""How a case says that its library is not there."""

DIMS = ("c", "t", "z", "y", "x")
CHUNK = (1, 1, 1, 512, 512)
SHARD_PLANES = 4

Written = dict[str, Any]
Write = Callable[[Any], Written]


@dataclass(frozen=True)
class Task:
    """What a process is to do.

    Attributes
    ----------
    case : str
    pixels : str
        File with the array.
    hub : str
        Address of the hub.
    grant : dict
        Members of a grant in the hub's object store, for what brings no login.
    folder : str
        A fresh folder.
    tiled : str
        Address of a Tiled server.
    image : str
        Identifier of an image to be read.
    """

    case: str
    pixels: str
    hub: str
    grant: dict[str, Any] = field(default_factory=dict)
    folder: str = ""
    tiled: str = ""
    image: str = ""


# --- ours -----------------------------------------------------------------------------------------------


@contextmanager
def ours(task: Task, **settings: object) -> Iterator[Write]:
    """Write with `from_xarray`."""
    from arkitekt_di import easy
    from arkitekt_di.mikro import from_xarray

    requests = Requests()
    with easy("benchmark", url=task.hub, headless=True, no_cache=True):

        def write(values: Any) -> Written:
            requests.seconds.clear()
            image = from_xarray(values, name="picture", dims=DIMS, settings=settings)
            return {"image": image.id, "publish_s": sum(map(max, requests.seconds.values()))}

        yield write


@contextmanager
def ours_lazily(task: Task) -> Iterator[Write]:
    """Write a Dask array, each plane of which is read from the file when it is computed."""
    import dask.array as da

    shape = np.load(task.pixels, mmap_mode="r").shape
    planes = da.map_blocks(
        lambda block_info: plane_of(task.pixels, block_info[None]["chunk-location"], shape),
        chunks=tuple((1,) * size for size in shape[:3]) + tuple((size,) for size in shape[3:]),
        dtype=np.uint16,
        meta=np.empty((0,) * 5, np.uint16),
    )
    with ours(task) as write:
        yield lambda values: write(planes if values.ndim == 1 else values)


def plane_of(path: str, place: tuple[int, ...], shape: tuple[int, ...]) -> Any:
    """Read one plane of the array, as a microscope's reader does."""
    number, pixels = int(np.ravel_multi_index(place[:3], shape[:3])), shape[3] * shape[4]
    offset = Path(path).stat().st_size - int(np.prod(shape)) * 2 + number * pixels * 2
    plane = np.fromfile(path, np.uint16, pixels, offset=offset).reshape(1, 1, 1, *shape[3:])
    plane.flat[0] = os.getpid() % 2**16
    return plane


@contextmanager
def ours_to_folder(task: Task) -> Iterator[Write]:
    """Write with our encoder straight into a folder: what a hub on this machine could spare at most."""
    from arkitekt_di.koil import Koil
    from arkitekt_di.messages.images import ImageDraft, ImageRecord, UploadGrant, ZarrStore
    from arkitekt_di.mikro import InMemoryImageRecords, InMemoryPixelStore, Mikro

    class Folder(InMemoryPixelStore):
        """Puts objects into files, each whole by one rename."""

        async def open_sink(self, grant: UploadGrant) -> Any:
            return FolderPlace(Path(task.folder, grant.key))

    class Believing(InMemoryImageRecords):
        """Records without a hub, which believe that all is there."""

        async def finish_upload(self, store_id: str) -> ZarrStore:
            return ZarrStore(id=store_id, bucket="zarr", key=store_id)

        async def create(self, draft: ImageDraft) -> ImageRecord:
            store = await self.finish_upload(draft.store_id)
            return ImageRecord(
                id=draft.store_id, name=draft.name, axes=draft.axes, shape=shapes[-1], dtype="uint16", store=store
            )

    shapes: list[tuple[int, ...]] = []
    pixels = Folder()
    with Koil() as koil:
        mikro = Mikro(Believing(pixels), pixels, koil)

        def write(values: Any) -> Written:
            shapes.append(values.shape)
            koil.call(mikro.afrom_xarray, values, name="picture", dims=DIMS, settings={"levels": 1})
            return {}

        yield write


class FolderPlace:
    """The files of one array."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, key: str, body: bytes | bytearray | memoryview) -> None:
        """Store one whole object, in a thread."""
        import asyncio

        await asyncio.to_thread(self._put, key, body)

    def _put(self, key: str, body: bytes | bytearray | memoryview) -> None:
        path = self._folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.draft")
        draft.write_bytes(body)
        draft.rename(path)


class Requests:
    """Times the requests that make an image of pixels: where they go, the hub checks, syncs and records."""

    NAMES = ("begin_uploads", "publish")

    def __init__(self) -> None:
        from arkitekt_di.mikro.records import GraphQLImageRecords

        self.seconds: dict[str, list[float]] = {}
        for name in self.NAMES:
            setattr(GraphQLImageRecords, name, self._timed(name, getattr(GraphQLImageRecords, name)))

    def _timed(self, name: str, request: Callable[..., Any]) -> Callable[..., Any]:
        async def timed(*arguments: Any, **named: Any) -> Any:
            start = time.perf_counter()
            try:
                return await request(*arguments, **named)
            finally:
                self.seconds.setdefault(name, []).append(time.perf_counter() - start)

        return timed


def small(task: Task) -> dict[str, Any]:
    """Store images of 1 MiB, one after the other; milliseconds for each, and without the pixels on their way."""
    values = np.load(task.pixels, mmap_mode="r")[0, 0, 0, :512, :1024].copy()
    whole, publish = [], []
    with ours(task) as write:
        for _ in range(16):
            values += 1  # on every level: an array that is there already is kept once, which costs a look at it
            start = time.perf_counter()
            written = write(values[None, None, None])
            whole.append((time.perf_counter() - start) * 1e3)
            publish.append(written["publish_s"] * 1e3)
    return {"whole_ms": statistics.median(whole[4:]), "publish_ms": statistics.median(publish[4:])}


def reads(task: Task) -> dict[str, Any]:
    """Read parts of one image, in turns through ``image.data`` and with plain zarr-python from the same objects."""
    import zarr

    from arkitekt_di import easy
    from arkitekt_di.mikro import get_image

    with easy("benchmark", url=task.hub, headless=True, no_cache=True):
        data = get_image(task.image).data
        raw = zarr.open_array(granted_store(task), mode="r")
        count = data.sizes["z"]
        parts: dict[str, list[tuple[Any, ...]]] = {
            "crop": [(0, 0, n % count, slice(300, 556), slice(700, 956)) for n in range(20)],
            "plane": [(0, 0, n % count) for n in range(20)],
            "whole": [(...,)] * 3,
        }
        return {
            name: [timed_pair(lambda at=at: data[at].values, lambda at=at: np.asarray(raw[at])) for at in places]  # type: ignore[misc]  # bound on purpose
            for name, places in parts.items()
        }


def timed_pair(mine: Callable[[], Any], theirs: Callable[[], Any]) -> tuple[float, float]:
    """Return the milliseconds of both; they have to give the same."""
    start = time.perf_counter()
    one = mine()
    between = time.perf_counter()
    other = theirs()
    end = time.perf_counter()
    if not np.array_equal(one, other):
        message = "what was read differs"
        raise RuntimeError(message)
    return (between - start) * 1e3, (end - between) * 1e3


# --- peers ----------------------------------------------------------------------------------------------


def granted_store(task: Task) -> Any:
    """Return a zarr store in the hub's object store, as zarr-python makes it of obstore."""
    from obstore.store import S3Store
    from zarr.storage import ObjectStore

    grant = task.grant
    store = S3Store(
        grant["bucket"],
        prefix=grant["key"],
        endpoint=task.hub,
        access_key_id=grant["access_key"],
        secret_access_key=grant["secret_key"],
        session_token=grant["session_token"],
        region="us-east-1",
        virtual_hosted_style_request=False,
        unsigned_payload=True,  # as ours is on one machine
        client_options={"allow_http": True},
    )
    return ObjectStore(store)


@contextmanager
def zarr_defaults(task: Task) -> Iterator[Write]:
    """Write with plain zarr-python and its defaults into the hub's object store."""
    import zarr

    store = granted_store(task)

    def write(values: Any) -> Written:
        zarr.create_array(store, shape=values.shape, dtype=values.dtype, overwrite=True)[...] = values
        return {}

    yield write


@contextmanager
def zarr_in_our_layout(task: Task, **configuration: str) -> Iterator[Write]:
    """Write our chunks, shards and codecs with zarr-python into a folder."""
    import zarr
    from zarr.codecs import BloscCodec

    zarr.config.set(configuration)

    def write(values: Any) -> Written:
        *_, height, width = values.shape
        zarr.create_array(
            zarr.storage.LocalStore(task.folder),
            shape=values.shape,
            dtype=values.dtype,
            chunks=(1, 1, 1, min(512, height), min(512, width)),
            shards=(1, 1, min(SHARD_PLANES, values.shape[2]), height, width),
            compressors=BloscCodec(cname="lz4", clevel=5, shuffle="bitshuffle"),
            overwrite=True,
        )[...] = values
        return {}

    yield write


@contextmanager
def zarr_with_zarrs(task: Task) -> Iterator[Write]:
    """Write the same with the codec pipeline of zarrs."""
    import zarrs  # type: ignore[import-not-found,unused-ignore]  # a peer, not installed with us

    with zarr_in_our_layout(task, **{"codec_pipeline.path": f"{zarrs.__name__}.ZarrsCodecPipeline"}) as write:
        yield write


@contextmanager
def tensorstore_to(task: Task, kvstore: dict[str, Any]) -> Iterator[Write]:
    """Write our chunks, shards and codecs with tensorstore."""
    import tensorstore  # type: ignore[import-not-found,unused-ignore]  # a peer, not installed with us

    def write(values: Any) -> Written:
        *_, height, width = values.shape
        blosc = {"cname": "lz4", "clevel": 5, "shuffle": "bitshuffle", "typesize": 2, "blocksize": 0}
        inner = [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "blosc", "configuration": blosc}]
        chunk = [1, 1, 1, min(512, height), min(512, width)]
        shard = [1, 1, min(SHARD_PLANES, values.shape[2]), height, width]
        sharding = {"chunk_shape": chunk, "codecs": [*inner, {"name": "crc32c"}]}
        metadata = {
            "shape": list(values.shape),
            "data_type": values.dtype.name,
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": shard}},
            "codecs": [{"name": "sharding_indexed", "configuration": sharding}],
        }
        spec = {"driver": "zarr3", "kvstore": kvstore, "metadata": metadata}
        tensorstore.open(spec, create=True, delete_existing=True).result().write(values).result()
        return {}

    yield write


def tensorstore_to_folder(task: Task) -> AbstractContextManager[Write]:
    """Write with tensorstore into a folder."""
    return tensorstore_to(task, {"driver": "file", "path": f"{task.folder}/"})


def tensorstore_to_hub(task: Task) -> AbstractContextManager[Write]:
    """Write with tensorstore into the hub's object store."""
    grant = task.grant
    os.environ.update(
        AWS_ACCESS_KEY_ID=grant["access_key"],
        AWS_SECRET_ACCESS_KEY=grant["secret_key"],
        AWS_SESSION_TOKEN=grant["session_token"],
    )
    kvstore = {
        "driver": "s3",
        "bucket": grant["bucket"],
        "path": f"{grant['key']}/",
        "endpoint": task.hub,
        "aws_region": "us-east-1",
        "aws_credentials": {"type": "environment"},
    }
    return tensorstore_to(task, kvstore)


@contextmanager
def tiled(task: Task) -> Iterator[Write]:
    """Write with ``write_array`` of a Tiled client."""
    from tiled.client import from_uri  # type: ignore[import-not-found,unused-ignore]  # a peer, not installed with us

    client = from_uri(task.tiled, api_key="secret")

    def write(values: Any) -> Written:
        client.write_array(values)
        return {}

    yield write


@contextmanager
def real_mikro(task: Task) -> Iterator[Write]:
    """Write with ``create_array_dataset`` of the real mikro client, through the same hub."""
    import xarray as xr
    from fakts import Manifest, build_device_code_fakts  # type: ignore[import-not-found,unused-ignore]  # a peer
    from koil import unkoil  # type: ignore[import-not-found,unused-ignore]  # a peer's
    from mikro.arkitekt.service import mikro as service  # type: ignore[import-not-found,unused-ignore]  # a peer

    manifest = Manifest(
        identifier="benchmark", version="0.1.0", scopes=["openid"], requirements=service.get_requirements()
    )
    with (
        build_device_code_fakts(url=task.hub, manifest=manifest, no_cache=True, headless=True) as fakts,
        unkoil(service.build, fakts, None) as mikro,
    ):

        def write(values: Any) -> Written:
            data = xr.DataArray(values, dims=DIMS)
            return {"image": mikro.create_array_dataset(data=data, name="picture", axes=list(DIMS), scales=[]).id}

        yield write


# --- run ------------------------------------------------------------------------------------------------

WRITES: dict[str, Callable[[Task], AbstractContextManager[Write]]] = {
    "ours": lambda task: ours(task, levels=1),
    "ours, sent": lambda task: ours(task, levels=1, local_drafts=False),
    "ours, all levels": ours,
    "ours, from Dask": ours_lazily,
    "ours, encoder into a folder": ours_to_folder,
    "zarr-python": zarr_defaults,
    "zarr-python, our layout, folder": zarr_in_our_layout,
    "zarrs, our layout, folder": zarr_with_zarrs,
    "tensorstore": tensorstore_to_hub,
    "tensorstore, folder": tensorstore_to_folder,
    "Tiled": tiled,
    "mikro 11": real_mikro,
}
READS: dict[str, Callable[[Task], dict[str, Any]]] = {"ours, 1 MiB": small, "reads": reads}


def run_write(task: Task) -> Written:
    """Write a small array to open what has to be opened, and then the large one."""
    with WRITES[task.case](task) as write:
        warm = np.arange(64 * 64, dtype=np.uint16).reshape(1, 1, 1, 64, 64)
        warm[0, 0, 0, 0, 0] = os.getpid() % 2**16
        write(warm)
        values = np.zeros(1, np.uint16) if task.case == "ours, from Dask" else np.load(task.pixels)
        values.flat[0] = os.getpid() % 2**16  # no two runs store the same: identical arrays are kept once
        Path("/proc/self/clear_refs").write_text("5")  # the most is counted from here: proc(5)
        before, cpu, start = memory_kib("VmRSS"), time.process_time(), time.perf_counter()
        written = write(values)
        seconds = time.perf_counter() - start
        return {
            **written,
            "seconds": seconds,
            "cpu_s": time.process_time() - cpu,
            "over_mib": (memory_kib("VmHWM") - before) / 1024,
        }


def memory_kib(figure: str) -> int:
    """Return ``VmRSS``, the resident memory, or ``VmHWM``, the most there was; `getrusage` counts the parent's, too."""
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith(f"{figure}:"))


def main() -> None:
    """Do what the argument says, and print what came of it as one line of JSON."""
    task = Task(**json.loads(Path(sys.argv[1]).read_text()))
    try:
        found = READS[task.case](task) if task.case in READS else run_write(task)
    except ImportError as error:
        print(error, file=sys.stderr)
        sys.exit(MISSING)
    print(json.dumps(found), flush=True)
    os._exit(0)  # some clients wait for their loops


if __name__ == "__main__":
    main()
