"""The command as a whole: help, versions, exit codes, and what a failing command says."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from arkitekt_di import __version__, errors
from arkitekt_di.cli.main import exit_code

main: Any = import_module("arkitekt_di.cli.main")  # the package has a function of that name

PROMISED = (
    *("init", "run", "call", "actions", "tasks", "images", "serve", "hub"),
    *("auth", "config", "graph", "discover", "demo", "doctor"),
)
"""Commands that the documents and scripts of others rely on."""

COMMANDS = tuple(typer.main.get_command(main.app).commands)  # type: ignore[attr-defined]  # it is a group


def arkitekt(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "arkitekt_di", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)


def test_help_names_every_command_and_what_it_is_for():
    ran = arkitekt("--help")

    assert ran.returncode == 0
    assert all(f" {command} " in ran.stdout for command in COMMANDS)
    assert set(PROMISED) <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str):
    ran = CliRunner().invoke(main.app, [command, "--help"])

    assert ran.exit_code == 0
    assert "Usage: " in ran.stdout


def test_the_version_is_that_of_the_package():
    assert arkitekt("--version").stdout == f"{__version__}\n"


def test_wrong_usage_has_exit_code_2():
    assert arkitekt("sreve").returncode == 2


def test_an_error_is_a_message_with_the_next_step_and_no_traceback(tmp_path: Path):
    ran = arkitekt("demo", "--url", "http://127.0.0.1:9", cwd=tmp_path)

    assert ran.returncode == 5
    assert "no hub answers at http://127.0.0.1:9" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_debug_shows_the_traceback(tmp_path: Path):
    ran = arkitekt("--debug", "demo", "--url", "http://127.0.0.1:9", cwd=tmp_path)

    assert ran.returncode == 5
    assert "Traceback" in ran.stderr


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.ConfigurationError([]), 3),
        (errors.CompositionError("no"), 3),
        (errors.LoginExpiredError("u", "r"), 4),
        (errors.HubUnreachableError("u", "r"), 5),
        (errors.ServiceUnreachableError("s", []), 5),
        (errors.TransferError("u", "r"), 5),
        (errors.ImageNotFoundError("i"), 1),
        (errors.ValueRefusedError("p", "r"), 2),
        (errors.AppNotLoadedError("t", "r"), 3),
        (errors.RemoteError("t", "m"), 6),
        (errors.CallTimeoutError("c", 1.0), 6),
        (ExceptionGroup("both failed", [errors.HubUnreachableError("u", "r"), OSError("stuck")]), 5),
        (OSError("no"), 1),
    ],
)
def test_each_kind_of_error_has_its_exit_code(error: Exception, code: int):
    assert exit_code(error) == code
