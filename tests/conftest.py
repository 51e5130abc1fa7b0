"""What every test may use."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings


def pytest_configure() -> None:
    """Let the processes that tests start keep what they compile: each would compile some hundred modules anew."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # A machine that is busy, or a collection of all that a long run has made, is no fault of what is tested.
    settings.register_profile("unhurried", deadline=None)
    settings.load_profile("unhurried")


@pytest.fixture
def anyio_backend() -> str:
    """Async tests run on asyncio, which is what the project is built on."""
    return "asyncio"


@pytest.fixture
def user_folders(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Return an environment in which the user's folders are empty; a local hub started there ends with the test."""
    folders = {f"XDG_{kind}_HOME": str(tmp_path / kind.lower()) for kind in ("CONFIG", "DATA", "STATE", "CACHE")}
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("ARKITEKT_", "FAKTS"))}
    environment |= folders | {"ARKITEKT_HERRE__STORE": "file"}  # not the keyring of whoever runs the tests
    yield environment
    if not (tmp_path / "data").exists():  # where a hub would have put everything
        return
    subprocess.run(
        [sys.executable, "-m", "arkitekt_di", "hub", "stop"],
        env=environment,
        capture_output=True,
        timeout=60,
        check=False,
    )
