"""The tools of others open an image by its link: validator, ome-zarr-py, zarr, tensorstore, napari and neuroglancer."""

import hashlib
import json
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
import pytest
import xarray as xr

from arkitekt_di import embedded
from arkitekt_di.mikro import from_xarray

pytestmark = [pytest.mark.conformance, pytest.mark.long, pytest.mark.timeout(900)]

PEERS = ("ome-zarr-models", "ome-zarr", "tensorstore", "napari-ome-zarr", "neuroglancer", "obstore")
SCRIPT = Path(__file__).parent / "ngff_peers.py"
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
SIZES = {"t": 2, "c": 3, "z": 5, "y": 300, "x": 400}
ORDER = "tczyx"


@pytest.fixture(scope="session")
def peer_python() -> Path:
    """Return the Python of a virtual environment that has the tools; kept between runs."""
    folder = platformdirs.user_cache_path("arkitekt-di-tests") / "ngff-peers"
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    done = folder / "complete"
    if not done.exists() or done.read_text() != " ".join(PEERS):
        venv.create(folder, with_pip=True, clear=True)
        install = [str(python), "-m", "pip", "install", "--quiet", *PEERS]
        subprocess.run(install, check=True, timeout=800, capture_output=True)
        done.write_text(" ".join(PEERS))
    return python


def waves(dims: str) -> xr.DataArray:
    """Return an image that fills a screen with stripes across x, bright and dark, and none across y."""
    stripes = (32_000 + 24_000 * np.sin(np.arange(SIZES["x"]) / 20)).astype("uint16")
    plane = xr.DataArray(np.broadcast_to(stripes, (SIZES["y"], SIZES["x"])), dims=("y", "x"))
    others = {dim: SIZES[dim] for dim in dims if dim not in "yx"}
    numbered = plane.expand_dims(others).transpose(*dims).copy()
    for step, dim in enumerate(others):
        numbered += xr.DataArray((np.arange(SIZES[dim]) * (step + 1)).astype("uint16"), dims=dim)
    return numbered


def ask(python: Path, peer: str, url: str, *arguments: str, folder: Path) -> dict[str, Any]:
    command = [str(python), str(SCRIPT), peer, url, *arguments]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=200, check=False)
    assert ran.returncode == 0, ran.stderr[-4000:]
    answer: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return answer


@pytest.mark.parametrize("dims", ["tczyx", "zcyx", "yxc", "tyxc", "xy"])
def test_every_tool_opens_an_image_whatever_the_order_of_its_axes(peer_python: Path, tmp_path: Path, dims: str):
    stored = waves(dims)
    served = stored.transpose(*[dim for dim in ORDER if dim in dims])
    expected = hashlib.sha256(np.ascontiguousarray(served.values).tobytes()).hexdigest()

    with embedded("ngff-peers"):
        steps = {dim: 0.5 for dim in dims if dim in "zyx"}
        url = from_xarray(stored, name=f"waves {dims}", pixel_size=steps, unit="µm").ngff_url()

        said = ask(peer_python, "validated", url, folder=tmp_path)
        assert said["kind"] == "Image"
        assert [axis[0] for axis in said["axes"]] == list(served.dims)
        assert "Valid OME-Zarr" in said["said"]
        for peer in ("ome_zarr_py", "zarr_fsspec", "zarr_obstore", "tensorstore", "napari_ome_zarr"):
            report = ask(peer_python, peer, url, folder=tmp_path)
            assert (tuple(report["shape"]), report["digest"]) == (served.shape, expected), peer


@pytest.mark.parametrize("dims", ["tczyx", "zcyx", "yxc"])
def test_neuroglancer_draws_an_image_in_a_browser(peer_python: Path, tmp_path: Path, dims: str):
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed")

    with embedded("ngff-peers"):
        steps = {dim: 0.5 for dim in dims if dim in "zyx"}
        url = from_xarray(waves(dims), name=f"waves {dims}", pixel_size=steps, unit="µm").ngff_url()
        shown = "xyz" if "z" in dims else "xy"

        drawn = ask(peer_python, "neuroglancer", url, CHROMIUM, shown, folder=tmp_path)

    # The lines that mark the position cross the picture and give a little contrast of their own.
    assert drawn["along_x"] > 40
    assert drawn["along_y"] < drawn["along_x"] / 2
