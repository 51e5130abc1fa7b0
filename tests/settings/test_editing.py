"""`arkitekt-di config set` and `unset`: one key changes, everything else stays."""

import json
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from arkitekt_di.cli.config import app
from arkitekt_di.cli.settings_file import SettingsFile
from arkitekt_di.errors import ConfigurationError
from arkitekt_di.settings.load import load_app_settings
from arkitekt_di.settings.models import AppSettings
from arkitekt_di.settings.origins import Kind
from arkitekt_di.settings.places import user_file

WRITTEN = """\
# what our lab wants

mikro:
    codec: zstd   # smaller
    transfers: 8

herre:
    store: "file"
"""

VALUES = {
    "mikro.codec": st.sampled_from(["lz4", "zstd", "none"]),
    "mikro.transfers": st.integers(1, 64).map(str),
    "koil.grace_s": st.floats(0.5, 100).map(lambda number: f"{number:.2f}"),
    "herre.store": st.sampled_from(["auto", "file"]),
    "herre.client_id": st.sampled_from(["nightly", "a: b # c", "it's", "-", "1.10", "no", "[x", '"']).map(json.dumps),
    "fakts.lan": st.sampled_from(["true", "false"]),
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / ".git").mkdir()
    return tmp_path


def run(*arguments: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(app, list(arguments), input=typed)


def test_a_key_is_set_in_the_users_own_file_which_only_the_user_reads():
    told = run("set", "mikro.codec", "zstd")

    assert told.exit_code == 0
    assert user_file().read_text() == "mikro:\n  codec: zstd\n"
    assert stat.S_IMODE(user_file().stat().st_mode) == 0o600
    assert load_app_settings().settings.mikro.codec == "zstd"
    assert f"mikro.codec is taken from {user_file()}:2:10 here" in told.stderr


def test_what_else_stands_in_the_file_stays_as_it_was_written(folder: Path):
    file = folder / "lab.yaml"
    file.write_text(WRITTEN)
    file.chmod(0o640)

    run("set", "mikro.transfers", "16", "--file", str(file))
    run("set", "fakts.browser", "print", "--file", str(file))

    assert file.read_text() == WRITTEN.replace(": 8", ": 16") + "fakts:\n    browser: print\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    run("unset", "fakts.browser", "--file", str(file))
    assert file.read_text() == WRITTEN.replace(": 8", ": 16")


def test_a_link_to_a_file_stays_a_link(folder: Path):
    kept, link = folder / "kept.yaml", folder / "link.yaml"
    kept.write_text(WRITTEN)
    link.symlink_to(kept)

    run("set", "mikro.transfers", "2", "--file", str(link))

    assert link.is_symlink()
    assert kept.read_text() == WRITTEN.replace(": 8", ": 2")


def test_what_is_stronger_than_the_file_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ARKITEKT_MIKRO__CODEC", "none")

    told = json.loads(run("set", "mikro.codec", "zstd", "--json").stdout)

    assert told == {
        "file": str(user_file()),
        "key": "mikro.codec",
        "in_use_from": "environment ARKITEKT_MIKRO__CODEC",
    }


def test_a_secret_is_read_from_the_standard_input_and_never_shown():
    told = run("set", "herre.token", "-", typed="very-secret\n")

    settings = load_app_settings().settings
    assert settings.herre.token is not None
    assert settings.herre.token.get_secret_value() == "very-secret"
    assert "very-secret" not in told.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("set", "mikro.codek", "zstd"), "mikro.codek: unknown key, did you mean 'codec'?"),
        (("set", "mikro.transfers", "many"), "mikro.transfers"),
        (("set", "mikro.codec", "[zstd"), "mikro.codec: not valid YAML"),
        (("set", "mikro", "zstd"), "mikro"),
        (("set", "transport.insecure", "true"), "no file may set this"),
        (("unset", "mikro.chunk_px"), "mikro.chunk_px: is not set in this file"),
        (("unset", "koil.grace_s"), "koil.grace_s: is not set in this file"),
    ],
)
def test_what_would_not_load_is_refused_and_the_file_is_left_alone(folder: Path, words: tuple[str, ...], said: str):
    file = folder / "lab.yaml"
    file.write_text(WRITTEN)

    told = run(*words, "--file", str(file))

    assert told.exit_code == 3
    assert said in told.stderr
    assert file.read_text() == WRITTEN


def test_a_file_that_is_wrong_already_is_not_written_anew(folder: Path):
    file = folder / "lab.yaml"
    file.write_text("mikro: {codec: zstd, codec: none}\n")

    told = run("set", "mikro.transfers", "2", "--file", str(file))

    assert told.exit_code == 3
    assert file.read_text() == "mikro: {codec: zstd, codec: none}\n"


def test_the_file_of_a_project_takes_what_a_project_may_say(folder: Path):
    (folder / "below").mkdir()

    assert run("set", "--project", "mikro.codec", "zstd").exit_code == 0
    refused = run("set", "--project", "fakts.url", "http://elsewhere")

    assert (folder / "arkitekt.yaml").read_text() == "mikro:\n  codec: zstd\n"
    assert refused.exit_code == 3
    assert "a project file may not set this" in refused.stderr


def test_a_hub_reads_no_file_that_is_not_named(folder: Path):
    assert run("set", "--kind", "hub", "name", "Lab").exit_code == 2

    assert run("set", "--kind", "hub", "name", "Lab", "--file", "hub.yaml").exit_code == 0
    assert (folder / "hub.yaml").read_text() == "name: Lab\n"


CHANGES = st.one_of([st.tuples(st.just(key), values) for key, values in VALUES.items()])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(CHANGES, max_size=6))
def test_whatever_is_set_one_after_the_other_is_what_loads(tmp_path_factory, changes: list[tuple[str, str]]):
    path = tmp_path_factory.mktemp("any") / "any.yaml"
    path.write_text(WRITTEN)
    file = SettingsFile(path, Kind.NAMED_FILE, AppSettings)

    for key, value in changes:
        file.set(key, value)

    assert "# smaller" in path.read_text()
    loaded = load_app_settings(files=[path]).settings
    assert loaded == load_app_settings(sets=[f"{key}={value}" for key, value in (*BEFORE, *changes)]).settings
    for key in dict(changes):
        file.unset(key)
    with pytest.raises(ConfigurationError):
        file.unset("fakts.browser")


BEFORE = (("mikro.codec", "zstd"), ("mikro.transfers", "8"), ("herre.store", "file"))
