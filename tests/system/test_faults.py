"""What goes wrong in a lab: each ends in a message that one understands, in bounded time, with nothing half stored."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from arkitekt_di import App, easy
from arkitekt_di.containers.lifecycle import Lifecycle
from arkitekt_di.containers.server import ServerContainer
from arkitekt_di.errors import ConnectionLostError, HubUnreachableError, ServiceUnreachableError, StorageFullError
from arkitekt_di.mikro import from_xarray, get_image, search_images
from arkitekt_di.settings.models import ServerSettings
from tests.serving import ServedHub, serving, start_hub

HERE = Path(__file__).parent
PICTURE = np.arange(64 * 64, dtype="uint16").reshape(64, 64)
BOUND_S = 60.0


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[ServedHub]:
    with serving(tmp_path / "data", "--auto-approve") as hub:
        yield hub


def app_at(hub: ServedHub) -> App:
    return easy("faults", url=hub.url, headless=True, no_cache=True)


def run_arkitekt(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "arkitekt_di", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=BOUND_S,
        check=False,
    )


def stored_prefixes(hub: ServedHub) -> set[str]:
    return {path.name for path in (hub.data / "objects" / "zarr").iterdir()}


def kill_upload(hub: ServedHub, where: str) -> None:
    """Start a client that uploads, wait until it is stuck at *where*, and kill it."""
    command = [sys.executable, str(HERE / "stuck_upload.py"), hub.url, where]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as client:
        assert client.stdout is not None
        assert client.stdout.readline() == "stuck\n"
        client.kill()


@pytest.mark.parametrize("where", ["open", "0", "5", "11"])
def test_a_client_that_is_killed_leaves_no_image_and_the_next_run_works(hub: ServedHub, where: str):
    kill_upload(hub, where)

    with app_at(hub):
        assert search_images() == []
        image = from_xarray(PICTURE, name="next")
        assert np.array_equal(get_image(image.id).data, PICTURE)
        assert [found.name for found in search_images()] == ["next"]


def test_leftovers_of_a_killed_client_are_removed_later(hub: ServedHub):
    kill_upload(hub, "8")
    left = stored_prefixes(hub)
    assert left
    with app_at(hub):
        image = from_xarray(PICTURE, name="kept")
    kept = stored_prefixes(hub) - left
    assert kept
    assert left < stored_prefixes(hub)
    hub.process.send_signal(signal.SIGTERM)
    hub.process.wait(BOUND_S)

    async def serve_tomorrow() -> None:
        container: Any = ServerContainer(settings=ServerSettings(data=hub.data))
        container.mikro.add_kwargs(clock=lambda: time.time() + 24 * 3600)
        lifecycle = Lifecycle(container)
        await lifecycle.start()
        await container.mikro().collector.collect()
        await lifecycle.stop()

    asyncio.run(serve_tomorrow())

    assert stored_prefixes(hub) == kept
    with serving(hub.data, "--auto-approve") as again, app_at(again):
        assert np.array_equal(get_image(image.id).data, PICTURE)


def test_a_hub_that_is_killed_keeps_what_was_stored(hub: ServedHub):
    with app_at(hub):
        image = from_xarray(PICTURE, name="kept")
    hub.kill()

    with serving(hub.data, "--auto-approve") as again, app_at(again):
        assert np.array_equal(get_image(image.id).data, PICTURE)


def test_a_hub_that_stops_in_the_middle_is_told_in_bounded_time(hub: ServedHub):
    with app_at(hub):
        from_xarray(PICTURE, name="first")
        hub.kill()
        with pytest.raises(ConnectionLostError, match="Check that the hub is running"):
            from_xarray(PICTURE, name="lost")


def test_a_hub_that_stops_before_it_was_needed_is_told_with_the_addresses_tried(hub: ServedHub):
    with app_at(hub):
        hub.kill()
        with pytest.raises(ServiceUnreachableError, match=f"Tried:\n  {hub.url}/mikro: connection refused"):
            from_xarray(PICTURE, name="lost")


def test_reading_from_a_hub_that_is_gone_is_told_in_bounded_time(hub: ServedHub):
    with app_at(hub):
        data = from_xarray(PICTURE, name="gone").data
        hub.kill()
        started = time.monotonic()
        with pytest.raises(ConnectionLostError):
            data.load()
        assert time.monotonic() - started < BOUND_S


def test_an_expired_token_is_renewed_without_anybody_noticing(tmp_path: Path):
    with (
        serving(tmp_path / "data", "--auto-approve", "--set", "identity.access_token_s=1") as hub,
        app_at(hub) as app,
    ):
        first = app.koil.call(app.herre.aget_token)
        image = from_xarray(PICTURE, name="renewed")
        assert np.array_equal(get_image(image.id).data, PICTURE)
        assert app.koil.call(app.herre.aget_token) != first


def test_an_address_where_nobody_listens_is_told(tmp_path: Path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"

        with pytest.raises(HubUnreachableError, match="no hub answers at"), easy("nobody", url=url, no_cache=True):
            pass


def test_a_wrong_key_is_told_with_its_place(tmp_path: Path):
    (tmp_path / "lab.yaml").write_text("identity:\n  aproval: automatic\n")

    ran = run_arkitekt("serve", "--config", "lab.yaml", cwd=tmp_path)

    assert ran.returncode == 3
    assert "lab.yaml:2:3: identity.aproval" in ran.stderr
    assert "did you mean 'approval'" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_port_that_is_taken_is_told(tmp_path: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])

        ran = run_arkitekt("serve", "--port", port, "--data", "data", cwd=tmp_path)

    assert ran.returncode == 1
    assert f"port {port} on 127.0.0.1 is taken. Choose another with --port" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_second_hub_on_the_same_data_is_told(hub: ServedHub, tmp_path: Path):
    ran = run_arkitekt("serve", "--port", "0", "--data", str(hub.data), cwd=tmp_path)

    assert ran.returncode == 1
    assert f"another hub already serves {hub.data}" in ran.stderr


def test_automatic_approval_is_refused_where_others_can_reach_the_hub(tmp_path: Path):
    ran = run_arkitekt("serve", "--auto-approve", "--host", "0.0.0.0", "--data", "data", cwd=tmp_path)  # noqa: S104  # refused

    assert ran.returncode == 1
    assert "refused to approve logins without a person" in ran.stderr


def test_a_full_disk_is_told_and_nothing_is_half_stored(tmp_path: Path):
    data = tmp_path / "data"
    data.mkdir()
    # A file system of its own, in a mount namespace of its own, so that nothing needs cleaning up.
    rights = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    small = f'mount -t tmpfs -o size=6m tmpfs {data} && exec "$@"'
    hub = start_hub(data, "--auto-approve", prefix=["unshare", "--mount", *rights, "sh", "-ec", small, "sh"])
    noise = np.random.default_rng(0).integers(0, 2**16, (16, 512, 512), "uint16")
    try:
        with app_at(hub):
            with pytest.raises(StorageFullError, match="no space left"):
                from_xarray(noise, name="too large", dims=("z", "y", "x"))
            assert search_images() == []
            image = from_xarray(PICTURE, name="small")
            assert np.array_equal(get_image(image.id).data, PICTURE)
    finally:
        hub.stop()
