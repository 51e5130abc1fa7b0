"""`arkitekt-di config`: data on stdout, talk on stderr, exit code 3 for wrong settings."""

import json
import re
import subprocess
import sys
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]  # ships no types
import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from arkitekt_di.cli.config import app
from arkitekt_di.settings.load import load_app_settings
from arkitekt_di.settings.models import AppSettings, ServerSettings
from arkitekt_di.settings.places import user_file

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_show_prints_a_settings_file_that_loads_to_the_same_settings(folder):
    shown = run("show", "--preset", "embedded", "--set", "mikro.codec=zstd")
    (folder / "shown.yaml").write_text(shown.stdout)

    assert shown.exit_code == 0
    loaded = load_app_settings(files=[folder / "shown.yaml"]).settings
    assert loaded.mikro.codec == "zstd"
    assert loaded.fakts.cache == "none"
    assert shown.stdout.rstrip("\n") == run("show", "--config", "shown.yaml").stdout.rstrip("\n")


def test_show_with_origins_says_where_each_value_came_from(folder, monkeypatch):
    (folder / "arkitekt.yaml").write_text("mikro:\n  chunk_px: 64\n")
    monkeypatch.setenv("ARKITEKT_KOIL__GRACE_S", "3")

    lines = run("show", "--origin", "--set", "mikro.codec=zstd").stdout.splitlines()

    assert f"  chunk_px: 64                            # {folder}/arkitekt.yaml:2:13" in lines
    assert "  grace_s: 3.0                            # environment ARKITEKT_KOIL__GRACE_S" in lines
    assert "  codec: zstd                             # --set" in lines
    assert "  transfers: 4                            # default" in lines


def test_show_writes_json_with_keys_values_and_origins():
    entries = {entry["key"]: entry for entry in json.loads(run("show", "--json", "--preset", "embedded").stdout)}

    assert entries["mikro.chunk_px"] == {"key": "mikro.chunk_px", "value": 512, "origin": "default"}
    assert entries["fakts.cache"]["value"] == "none"
    assert "embedded.yaml:" in entries["fakts.cache"]["origin"]


def test_show_is_coloured_for_a_terminal_and_cuts_nothing(folder, monkeypatch):
    (folder / f"{'long' * 50}.yaml").write_text("mikro:\n  codec: zstd\n")
    command = ["show", "--origin", "--config", f"{'long' * 50}.yaml"]
    plain = run(*command).stdout

    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured = run(*command).stdout

    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_show_hides_passwords(monkeypatch):
    monkeypatch.setenv("ARKITEKT_SERVER_DATABASE__URL", "postgresql+asyncpg://lab:hunter2@db/hub?password=hunter3")

    for arguments in (["show"], ["show", "--json"], ["show", "--origin"], ["get", "database.url"]):
        result = run(*arguments, "--kind", "hub")

        assert result.exit_code == 0
        assert "postgresql+asyncpg://lab:**********@db/hub?password=**********" in result.stdout
        assert "hunter" not in result.output


def test_get_prints_one_value():
    assert run("get", "mikro.codec").stdout == "lz4\n"
    assert run("get", "mikro.chunk_px").stdout == "512\n"
    assert run("get", "fakts.url").stdout == "null\n"


def test_get_suggests_the_key_that_was_meant():
    result = run("get", "mikro.codc")

    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr == "argument: mikro.codc: unknown key, did you mean 'mikro.codec'?\n"


@pytest.mark.parametrize("command", [["show"], ["get", "mikro.codec"]])
def test_wrong_settings_are_told_on_stderr_with_exit_code_3(folder, command):
    (folder / "arkitekt.yaml").write_text("mikro:\n  codc: lz4\nfakts:\n  url: http://elsewhere\n")

    result = run(*command)

    assert (result.exit_code, result.stdout) == (3, "")
    assert [line.partition(": ")[0] for line in result.stderr.splitlines()] == [
        f"{folder}/arkitekt.yaml:2:3",
        f"{folder}/arkitekt.yaml:4:8",
    ]


def test_an_unknown_preset_is_told_with_those_that_exist():
    result = run("show", "--preset", "esy")

    assert result.exit_code == 3
    assert (
        "there is no builder 'esy' (known: easy, jupy, port, scheduler, qt, embedded), did you mean 'easy'?"
        in result.stderr
    )


def test_validate_says_ok(folder):
    (folder / "a.yaml").write_text("mikro:\n  codec: zstd\n")

    result = run("validate", "a.yaml")

    assert (result.exit_code, result.stdout, result.stderr) == (0, "a.yaml: OK\n", "")


def test_validate_prints_every_problem_of_every_file_on_its_own_line(folder):
    (folder / "a.yaml").write_text("mikro:\n  codc: zstd\n  chunk_px: x\n")
    (folder / "b.yaml").write_text("")
    (folder / "c.yaml").write_text("koil: [")

    result = run("validate", "a.yaml", "b.yaml", "c.yaml", "d.yaml")

    assert result.exit_code == 3
    assert result.stdout == "b.yaml: OK\n"
    assert result.stderr.splitlines() == [
        "a.yaml:2:3: mikro.codc: unknown key, did you mean 'codec'?",
        "a.yaml:3:13: mikro.chunk_px: must be a whole number",
        "c.yaml:1:8: not valid YAML: expected the node content, but found '<stream end>'",
        "d.yaml: there is no such file",
    ]


def test_validate_knows_the_settings_of_a_hub(folder):
    (folder / "hub.yaml").write_text("listen:\n  port: 8000\n")

    assert run("validate", "hub.yaml", "--kind", "hub").exit_code == 0
    assert run("validate", "hub.yaml").exit_code == 3


def test_validate_refuses_in_a_project_file_what_loading_refuses(folder):
    for name in ("arkitekt.yaml", "other.yaml"):
        (folder / name).write_text("fakts:\n  url: http://hub\n")

    assert run("validate", "arkitekt.yaml").exit_code == 3
    assert run("validate", "other.yaml").exit_code == 0


@pytest.mark.parametrize(("kind", "model"), [("app", AppSettings), ("hub", ServerSettings)])
def test_schema_describes_every_key_and_accepts_the_defaults(kind, model):
    schema = json.loads(run("schema", "--kind", kind).stdout)

    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(model().model_dump_json()), schema)
    for definition in (schema, *schema["$defs"].values()):
        assert all(rule.get("description") for rule in definition["properties"].values())


@pytest.mark.parametrize("text", ["mikro: {codc: lz4}", "mikro: {chunk_px: 0}", "mikro: {codec: x}", "mikr: {}"])
def test_schema_refuses_what_the_loader_refuses(folder, text):
    (folder / "a.yaml").write_text(text)

    assert run("validate", "a.yaml").exit_code == 3
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(YAML(typ="safe").load(text), json.loads(run("schema").stdout))


@pytest.mark.parametrize("kind", ["app", "hub"])
def test_init_writes_a_file_that_sets_nothing_and_fits_its_schema(folder, kind):
    result = run("init", "made.yaml", "--kind", kind)

    assert (result.exit_code, result.stdout) == (0, "")
    assert run("validate", "made.yaml", "--kind", kind).exit_code == 0
    schema = json.loads((folder / "made.schema.json").read_text())
    assert (folder / "made.yaml").read_text().startswith("# yaml-language-server: $schema=./made.schema.json\n")
    jsonschema.validate(YAML(typ="safe").load(folder / "made.yaml") or {}, schema)


def test_every_key_that_init_comments_out_is_valid_once_the_comment_is_gone(folder):
    run("init", "made.yaml", "--kind", "hub")
    text = (folder / "made.yaml").read_text()
    lines = [line.replace("#", "", 1) if line.lstrip().startswith("#") and line.lstrip()[1] != " " else line
             for line in text.splitlines()]  # fmt: skip
    (folder / "made.yaml").write_text("\n".join(lines))

    assert run("validate", "made.yaml", "--kind", "hub").exit_code == 0
    assert json.loads(run("get", "listen.port", "--kind", "hub", "--config", "made.yaml").stdout) == 0


def test_init_leaves_a_file_that_is_there_alone(folder):
    (folder / "arkitekt.yaml").write_text("# mine\n")

    result = run("init")

    assert result.exit_code == 2
    assert "File exists" in result.stderr
    assert (folder / "arkitekt.yaml").read_text() == "# mine\n"


def test_path_lists_the_places_from_the_strongest_to_the_weakest(folder, monkeypatch):
    user_file().parent.mkdir(parents=True)
    user_file().touch()
    monkeypatch.setenv("ARKITEKT_CONFIG", "mine.yaml")

    rows = [line.split("\t") for line in run("path").stdout.splitlines()]

    assert [(kind, state) for kind, _path, state in rows] == [
        ("named file", "not there"),
        ("project file", "not there"),
        ("user file", "found"),
        ("system file", "not there"),
        ("system file", "not there"),
    ]
    assert rows[1][1] == f"{folder}/arkitekt.yaml"


def test_the_commands_are_made_without_heavy_imports():
    code = (
        "import sys, arkitekt_di.cli.config, arkitekt_di.config\n"
        "print([name for name in ('pydantic', 'ruamel.yaml', 'platformdirs', 'rich', 'dependency_injector')"
        " if name in sys.modules])"
    )

    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)

    assert result.stdout == "[]\n"
