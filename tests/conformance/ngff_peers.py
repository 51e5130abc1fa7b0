"""Opens an image by its link with one of the tools that others use; runs in a virtual environment that has them."""

import asyncio
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np

BROWSER_S = 120
STEP_M = 0.5e-6
BROWSER = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=640,480",
]


def digest(array):
    values = np.ascontiguousarray(array)
    return {"shape": list(values.shape), "digest": hashlib.sha256(values.tobytes()).hexdigest()}


def validated(url):
    """Ask the validator of the OME-Zarr models: every rule of the specification."""
    import zarr
    from ome_zarr_models import open_ome_zarr

    group = open_ome_zarr(zarr.open_group(url, mode="r"))
    ran = subprocess.run(
        [shutil.which("ome-zarr-models", path=sys.prefix + "/bin"), "validate", url],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    image = group.attributes.ome.multiscales[0]
    return {
        "kind": type(group).__name__,
        "axes": [[axis.name, axis.type, axis.unit] for axis in image.axes],
        "said": ran.stdout,
    }


def ome_zarr_py(url):
    from ome_zarr.io import parse_url
    from ome_zarr.reader import Reader

    (node,) = Reader(parse_url(url))()
    return digest(node.data[0].compute()) | {"levels": len(node.data), "names": node.metadata.get("channel_names")}


def zarr_fsspec(url):
    import zarr

    return digest(zarr.open_group(url, mode="r")["0"][...])


def zarr_obstore(url):
    import zarr
    from obstore.store import HTTPStore
    from zarr.storage import ObjectStore

    store = ObjectStore(HTTPStore(url, client_options={"allow_http": True}), read_only=True)
    return digest(zarr.open_group(store, mode="r")["0"][...])


def tensorstore(url):
    import tensorstore

    array = tensorstore.open(
        {"driver": "zarr3", "kvstore": {"driver": "http", "base_url": f"{url}/0/"}}, read=True
    ).result()
    return digest(array.read().result()) | {"dims": list(array.domain.labels)}


def napari_ome_zarr(url):
    """Read as napari does when an address is dropped on it; that needs no window."""
    from napari_ome_zarr import napari_get_reader

    ((data, shown, kind),) = napari_get_reader(url)(url)
    levels = data if isinstance(data, list) else [data]
    return digest(levels[0]) | {"kind": kind, "levels": len(levels), "channels": shown.get("channel_axis")}


@contextmanager
def browsing(url, folder):
    """Run a browser on a page; the page itself is asked for what it shows."""
    arguments = [sys.argv[3], *BROWSER, f"--user-data-dir={folder}/profile", url]
    with Path(folder, "browser.log").open("w") as log:
        browser = subprocess.Popen(arguments, stdout=log, stderr=log)
        try:
            yield
        finally:
            browser.terminate()
            browser.wait(20)


def neuroglancer(url):
    """Let a browser without a screen draw: the viewer gives its picture when all chunks are loaded and drawn."""
    import neuroglancer

    neuroglancer.set_server_bind_address("127.0.0.1")
    viewer = neuroglancer.Viewer()
    with viewer.txn() as state:
        state.layers["image"] = neuroglancer.ImageLayer(source=f"zarr3://{url}/")
        state.layout = "xy"
        # The first three dimensions are shown: named here, because OME-Zarr has them the other way round.
        names = list(sys.argv[4])
        state.dimensions = neuroglancer.CoordinateSpace(names=names, units="m", scales=[STEP_M] * len(names))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, browsing(viewer.get_viewer_url(), folder):
        picture = asyncio.run(asyncio.wait_for(asyncio.to_thread(viewer.screenshot), BROWSER_S)).screenshot
    pixels = picture.image_pixels[..., :3].astype(float)
    middle = pixels[pixels.shape[0] // 4 : -pixels.shape[0] // 4, pixels.shape[1] // 4 : -pixels.shape[1] // 4]
    grey = middle.mean(axis=-1)
    return {"along_x": float(grey.std(axis=1).mean()), "along_y": float(grey.std(axis=0).mean())}


PEERS = {
    peer.__name__: peer
    for peer in (validated, ome_zarr_py, zarr_fsspec, zarr_obstore, tensorstore, napari_ome_zarr, neuroglancer)
}

if __name__ == "__main__":
    print(json.dumps(PEERS[sys.argv[1]](sys.argv[2])))
