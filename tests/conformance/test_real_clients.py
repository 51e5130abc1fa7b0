"""The clients that everybody else uses run against our hub, and ours runs the same scenario."""

import json
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dask.array
import platformdirs
import pytest
import xarray as xr

from arkitekt_di import easy
from arkitekt_di.mikro import from_xarray, get_image, get_rois, search_images
from tests.conformance.scenario import CROP, DIMS, NAME, assert_report, digest, pixels
from tests.serving import ServedHub, serving

pytestmark = [pytest.mark.conformance, pytest.mark.timeout(900)]

CLIENTS = ("fakts==6.1.0", "mikro==11.0.0")
HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def real_python() -> Path:
    """Return the Python of a virtual environment that has the real clients; kept between runs."""
    folder = platformdirs.user_cache_path("arkitekt-di-tests") / "-".join(CLIENTS).replace("==", "-")
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    done = folder / "complete"
    if not done.exists():
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run(
            [python, "-m", "pip", "install", "--quiet", *CLIENTS], check=True, timeout=600, capture_output=True
        )
        done.touch()
    return python


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[ServedHub]:
    with serving(tmp_path / "data", "--auto-approve") as hub:
        yield hub


def run_real_client(
    python: Path, hub: ServedHub, folder: Path, *arguments: str, script: str = "real_client.py"
) -> dict[str, Any]:
    ran = subprocess.run(
        [python, HERE / script, hub.url, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    report: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return report


def run_own_client(hub: ServedHub, image_id: str | None = None) -> dict[str, Any]:
    with easy("conformance", version="0.1.0", url=hub.url, headless=True, no_cache=True):
        if image_id is None:
            settings = {"level_px": 48, "scale_method": "nearest"}
            image_id = from_xarray(xr.DataArray(pixels(), dims=DIMS), name=NAME, settings=settings).id
        fetched = get_image(image_id)
        data = fetched.data
        return {
            "id": image_id,
            "fetched_id": fetched.id,
            "name": fetched.name,
            "dims": data.dims,
            "shape": data.shape,
            "dtype": str(data.dtype),
            "found": [hit.id for hit in search_images("formance st")],
            "not_found": [hit.id for hit in search_images("no such picture")],
            "is_lazy": isinstance(data.data, dask.array.Array),
            "crop": digest(data[CROP].values),
            "whole": digest(data.values),
            "levels": [tuple(level.values()) for level in fetched.levels],
            "level 1": digest(fetched.level(1).values),
        }


def test_the_unmodified_clients_store_find_and_read_an_image(real_python: Path, hub: ServedHub, tmp_path: Path):
    assert_report(run_real_client(real_python, hub, tmp_path))


def test_our_client_passes_the_same_assertions(hub: ServedHub):
    assert_report(run_own_client(hub))


def test_what_one_client_stored_the_other_reads(real_python: Path, hub: ServedHub, tmp_path: Path):
    ours = run_own_client(hub)
    theirs = run_real_client(real_python, hub, tmp_path)

    assert_report(run_real_client(real_python, hub, tmp_path, ours["id"]))
    assert_report(run_own_client(hub, theirs["id"]))


def test_what_the_unmodified_client_draws_ours_reads(real_python: Path, hub: ServedHub, tmp_path: Path):
    report = run_real_client(real_python, hub, tmp_path, script="real_drawing.py")

    assert report["names"] == ["nucleus", "wing", "wing"]
    assert report["listed"] == report["inside"] == [report["id"]]
    with easy("conformance", version="0.1.0", url=hub.url, headless=True, no_cache=True):
        (roi,) = get_rois(report["image"])
        assert (roi.id, roi.label, roi.kind, roi.dims) == (report["id"], "wing", "POLYGON", ("y", "x"))
        assert roi.vector_data.tolist() == [[1, 1], [1, 3], [3, 3]]
