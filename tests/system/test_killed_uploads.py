"""A client, or the hub, that is killed at any moment leaves no half image, and the next try sends what is missing."""

import contextlib
import random
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from arkitekt_di import App, easy
from arkitekt_di.mikro import Image, from_xarray, get_image, search_images
from tests.serving import ServedHub, serving
from tests.system.killed_upload import DIMS, picture, settings

SCRIPT = Path(__file__).with_name("killed_upload.py")
SHARDS = 24
BOUND_S = 90.0


def app_at(hub: ServedHub) -> App:
    return easy("killed", url=hub.url, headless=True, no_cache=True)


def run_until(hub: ServedHub, seed: int, shards: int) -> subprocess.Popen[str]:
    """Start the client, and return when it has reported so many shards; or its end, where there are no more."""
    client = subprocess.Popen(
        [sys.executable, str(SCRIPT), hub.url, str(seed)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert client.stdout is not None
    assert client.stdout.readline() == "begun\n"
    for _ in range(shards):
        if not client.stdout.readline():
            break
    return client


def kill(client: subprocess.Popen[str]) -> None:
    with client:
        client.kill()


def store(seed: int) -> Image:
    """Store the picture again, under its key."""
    return from_xarray(picture(seed), name="killed", dims=DIMS, key=f"seed {seed}", settings=settings(seed))


def check(seed: int, image: Image) -> None:
    """One image, every byte of it right, on every level."""
    assert [found.id for found in search_images()] == [image.id]
    again = get_image(image.id)
    assert np.array_equal(again.data, picture(seed))
    assert [level.sizes["y"] for level in map(again.level, range(3))] == [256, 128, 64]
    for number in range(3):
        again.level(number).compute()


def killed_client_and_restarted_hub(folder: Path, seed: int) -> None:
    choice = random.Random(seed)  # noqa: S311  # a moment, not a secret
    with serving(folder, "--auto-approve") as hub:
        kill(run_until(hub, seed, choice.randrange(SHARDS + 2)))
        with app_at(hub):
            found = search_images()
            assert len(found) <= 1
            for image in found:  # it was killed after the hub had all of it
                assert np.array_equal(image.data, picture(seed))
        if choice.random() < 0.5:
            hub.kill()
    with serving(folder, "--auto-approve") as again, app_at(again):
        check(seed, store(seed))


@pytest.mark.parametrize("seed", range(1))
def test_a_client_that_is_killed_anywhere_is_gone_on_with(tmp_path: Path, seed: int) -> None:
    killed_client_and_restarted_hub(tmp_path / "data", seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1, 20))
def test_a_client_that_is_killed_anywhere_is_gone_on_with_at_length(tmp_path: Path, seed: int) -> None:
    killed_client_and_restarted_hub(tmp_path / "data", seed)


def killed_hub(folder: Path, seed: int) -> None:
    choice = random.Random(1000 + seed)  # noqa: S311  # a moment, not a secret
    with serving(folder, "--auto-approve") as hub:
        if seed % 2:
            client = run_until(hub, seed, choice.randrange(SHARDS + 1))
        else:  # while the hub checks, seals and records
            client = run_until(hub, seed, SHARDS)
            with contextlib.suppress(subprocess.TimeoutExpired):
                client.wait(choice.uniform(0.0, 1.0))
        hub.kill()
        with client:
            client.communicate(timeout=BOUND_S)  # it ends by itself, with an error or with its image
    with contextlib.closing(sqlite3.connect(folder / "hub.sqlite")) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    with serving(folder, "--auto-approve") as again, app_at(again):
        assert len(search_images()) <= 1
        check(seed, store(seed))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(20))
def test_a_hub_that_is_killed_anywhere_has_whole_images_only(tmp_path: Path, seed: int) -> None:
    killed_hub(tmp_path / "data", seed)
