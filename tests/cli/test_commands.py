"""Every command: help, light imports, JSON, colours, completion, and what it says when something goes wrong."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from arkitekt_di.testing.shielding import shielded_environment
from tests.structure.test_imports import HEAVY

main: Any = import_module("arkitekt_di.cli.main")  # the package has a function of that name

Command = Any
"""A command as typer makes it; its classes are not public."""


def commands() -> Iterator[tuple[str, Command]]:
    """Yield every command with its words, but for groups."""

    def below(command: Command, words: tuple[str, ...]) -> Iterator[tuple[str, Command]]:
        if hasattr(command, "commands"):
            for name, one in command.commands.items():
                yield from below(one, (*words, name))
        else:
            yield " ".join(words), command

    yield from below(typer.main.get_command(main.app), ())


COMMANDS = dict(commands())

PRINT_NO_DATA = {
    "config init": "writes files",
    "config schema": "what it prints is JSON",
    "users add": "changes the hub",
    "users reset-password": "changes the hub",
    "users join": "changes the hub",
    "users remove": "changes the hub",
    "clients remove": "changes the hub",
    "mandates remove": "changes the hub",
    "keys rotate": "changes the hub",
}
"""Commands without ``--json``, and why."""

WITH_A_HUB = {
    *("demo", "run", "call", "actions", "tasks", "serve", "discover", "init"),
    *("images import", "images export", "images list", "images show"),
    *("auth login", "auth status", "auth token", "auth logout", "auth switch", "auth trust", "auth distrust"),
    *("users list", "clients add", "clients list", "clients new-secret"),
    *("mandates add", "mandates list", "audit list", "hub start", "hub stop"),
}
"""Commands whose JSON is read by tests of their own, where there is what they are about."""

ALONE = {
    "graph": [],
    "config show": [],
    "config get": ["mikro.codec"],
    "config set": ["mikro.codec", "zstd"],
    "config unset": ["mikro.codec", "--file", "right.yaml"],
    "config validate": ["wrong.yaml"],
    "config path": [],
    "hub status": [],
    "doctor": ["http://127.0.0.1:9"],
}
"""Commands that print JSON in an empty folder, with their arguments."""


@pytest.fixture(autouse=True)
def nobody_elses_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in shielded_environment(tmp_path / "folders").items():
        monkeypatch.setenv(name, value)
    (tmp_path / "wrong.yaml").write_text("mikro: {codek: zstd}\n")
    (tmp_path / "right.yaml").write_text("mikro: {codec: zstd}\n")


@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_and_each_of_its_options_say_what_they_are_for(words: str):
    command = COMMANDS[words]
    first = (command.help or "").partition("\n")[0]

    assert first.endswith((".", ":")), first
    assert len(first) < 120
    unsaid = [one.name for one in command.params if not one.help and not one.hidden]
    assert unsaid == []
    assert CliRunner().invoke(main.app, [*words.split(), "--help"]).exit_code == 0


def test_every_command_that_prints_data_prints_json():
    with_json = {
        words for words, command in COMMANDS.items() if "--json" in {o for p in command.params for o in p.opts}
    }

    assert with_json == set(COMMANDS) - set(PRINT_NO_DATA)
    assert with_json == set(ALONE) | WITH_A_HUB


@pytest.mark.parametrize("words", ALONE)
def test_the_json_of_a_command_is_json_and_nothing_else(words: str):
    ran = CliRunner().invoke(main.app, [*words.split(), *ALONE[words], "--json"])

    read = [json.loads(line) for line in ran.stdout.splitlines()] if words == "doctor" else json.loads(ran.stdout)
    assert read


def test_no_help_loads_anything_heavy():
    code = f"""
import sys
from typer.testing import CliRunner
from arkitekt_di.cli.main import app
for words in {[words.split() for words in COMMANDS]!r}:
    assert CliRunner().invoke(app, [*words, "--help"]).exit_code == 0, words
print(sorted(set({HEAVY!r}) & set(sys.modules) - {{"pydantic"}}))  # typer loads that itself, to look at types
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120)

    assert (ran.stdout, ran.stderr) == ("[]\n", "")


def seen_by_a_person(command: list[str], environment: dict[str, str]) -> str:
    """Return what a command writes to a terminal."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        seen = b""
        while True:
            try:
                piece = os.read(ours, 4096)
            except OSError:  # the other side is closed, as Linux says it
                piece = b""
            if not piece:
                break
            seen += piece
        process.wait(60)
    os.close(ours)
    return seen.decode()


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_a_terminal_gets_colours_unless_they_are_not_wanted():
    command = [sys.executable, "-m", "arkitekt_di", "doctor", "http://127.0.0.1:9"]
    environment = {key: value for key, value in os.environ.items() if key != "NO_COLOR"} | {"TERM": "xterm-256color"}

    coloured = seen_by_a_person(command, environment)
    plain = seen_by_a_person(command, environment | {"NO_COLOR": "1"})

    assert "\x1b[31m✗" in coloured
    assert "✗" in plain
    assert "\x1b[" not in plain


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("arkitekt-di im", ["images"]),
        ("arkitekt-di images ex", ["export"]),
        ("arkitekt-di graph --preset s", ["scheduler"]),
        ("arkitekt-di config show --preset j", ["jupy"]),
    ],
)
def test_a_shell_completes_commands_and_presets(line: str, expected: list[str]):
    words = line.split()
    environment = os.environ | {
        "_ARKITEKT_DI_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }
    code = "import sys; sys.argv = ['arkitekt-di']; from arkitekt_di.cli import main; main()"

    ran = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False, timeout=60
    )

    assert ran.stdout.split() == expected, ran.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_a_shell_is_shown(shell: str):
    ran = CliRunner().invoke(main.app, ["--show-completion", shell], prog_name="arkitekt-di")

    assert ran.exit_code == 0
    assert "arkitekt-di" in ran.stdout


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(28, "No space left on device"), "No space left on device. `arkitekt-di --debug ...` shows where"),
        (ZeroDivisionError("division by zero"), "ZeroDivisionError: division by zero. `arkitekt-di --debug ...`"),
        (ExceptionGroup("services failed to stop", [OSError("gone")]), "services failed to stop; gone. "),
    ],
    ids=["machine", "defect", "several"],
)
@pytest.mark.parametrize("is_debugging", [False, True], ids=["plain", "debug"])
def test_no_traceback_is_shown_without_debug_whatever_fails(
    error: Exception, said: str, is_debugging: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def fail() -> None:
        raise error

    monkeypatch.setattr(main, "app", fail)
    monkeypatch.setattr(sys, "argv", ["arkitekt-di", *(["--debug"] if is_debugging else []), "demo"])

    with pytest.raises(SystemExit) as ended:
        main.main()

    told = capsys.readouterr().err
    assert ended.value.code == 1
    assert ("Traceback" in told) is is_debugging
    assert is_debugging or f"arkitekt-di: {said}" in told
