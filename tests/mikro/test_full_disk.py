"""A full disk of this machine is told, and nothing is left on it; one of a hub: `tests/system/test_faults.py`."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from arkitekt_di import embedded
from arkitekt_di.mikro import from_xarray

SCRIPT = Path(__file__).with_name("full_disk.py")


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a file system of its own, as only Linux lets")
def test_a_disk_that_is_too_small_is_told_and_nothing_stays_on_it(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    rights = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    mounted = f'mount -t tmpfs -o size=1m tmpfs {small} && exec "$@"'
    command = ["unshare", "--mount", *rights, "sh", "-ec", mounted, "sh", sys.executable, str(SCRIPT), str(small)]

    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=SCRIPT.parents[2])

    assert ran.returncode == 0, ran.stderr
    words = f"no space left at {small}. Free some space there, then try again; nothing was stored in part []"
    assert ran.stdout.splitlines() == [words] * 5


def test_an_upload_needs_no_place_on_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As in a container without a home that can be written: only resuming is lost, and it is told."""
    (tmp_path / "file").touch()
    monkeypatch.setattr("arkitekt_di.mikro.pixels.resumption.user_state_path", lambda _: tmp_path / "file")
    pixels = np.arange(4 * 300 * 300, dtype=np.uint16).reshape(4, 300, 300)

    with embedded("homeless"):
        image = from_xarray(pixels, name="large", dims=("z", "y", "x"), settings={"shard_mib": 0.2})
        assert np.array_equal(image.data, pixels)

    assert "an upload that breaks off will begin anew" in caplog.text
