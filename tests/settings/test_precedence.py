"""The strongest layer that sets a key wins, and its origin says so."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arkitekt_di.errors import ConfigurationError
from arkitekt_di.settings.load import load_app_settings, load_server_settings
from arkitekt_di.settings.models import AppSettings, MikroSettings
from arkitekt_di.settings.origins import Kind
from arkitekt_di.settings.places import project_file, system_files, user_file
from arkitekt_di.settings.trust import REFUSED_IN_FILES, REFUSED_IN_PROJECT_FILES

VALUES = {
    "mikro.chunk_px": st.integers(min_value=1, max_value=10**6),
    "mikro.transfers": st.integers(min_value=1, max_value=64),
    "koil.grace_s": st.floats(min_value=0.001, max_value=1e6, allow_nan=False),
    "mikro.codec": st.sampled_from(["lz4", "zstd", "none"]),
    "koil.loop": st.sampled_from(["asyncio", "uvloop"]),
}
SAYS = st.fixed_dictionaries({}, optional=VALUES)

ORDER = [
    "argument",
    "--set",
    "environment",
    "named",
    "variable",
    "project",
    "user",
    "environment of Python",
    "machine",
    "preset",
]
KINDS = {
    "argument": Kind.ARGUMENT,
    "--set": Kind.ASSIGNMENT,
    "environment": Kind.ENVIRONMENT,
    "named": Kind.NAMED_FILE,
    "variable": Kind.NAMED_FILE,
    "project": Kind.PROJECT_FILE,
    "user": Kind.USER_FILE,
    "environment of Python": Kind.SYSTEM_FILE,
    "machine": Kind.SYSTEM_FILE,
    "preset": Kind.PRESET,
}


def write(path, says):
    lines = ["# settings"]
    for key, value in says.items():
        section, name = key.split(".")
        lines += [f"{section}:"] if f"{section}:" not in lines else []
        lines.insert(lines.index(f"{section}:") + 1, f"  {name}: {value}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines))
    return path


def written_at(origin):
    assert origin.line is not None
    assert origin.column is not None
    return Path(origin.name).read_text().splitlines()[origin.line - 1][origin.column - 1 :]


def value_of(loaded, key):
    section, name = key.split(".")
    return getattr(getattr(loaded.settings, section), name)


# The folders are the same for each example, and every example writes every file anew.
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(layers=st.fixed_dictionaries(dict.fromkeys(ORDER, SAYS)))
def test_the_strongest_layer_wins_and_the_origin_names_it(tmp_path, layers):
    machine, python = reversed(system_files())
    paths = {
        "named": tmp_path / "named.yaml",
        "variable": tmp_path / "variable.yaml",
        "project": tmp_path / "repository" / "arkitekt.yaml",
        "user": user_file(),
        "environment of Python": python,
        "machine": machine,
        "preset": tmp_path / "preset.yaml",
    }
    for name, path in paths.items():
        write(path, layers[name])

    loaded = load_app_settings(
        paths["preset"],
        arguments=layers["argument"],
        sets=[f"{key}={value}" for key, value in layers["--set"].items()],
        files=[paths["named"]],
        environ={
            "ARKITEKT_CONFIG": str(paths["variable"]),
            **{
                f"ARKITEKT_{key.upper().replace('.', '__')}": str(value) for key, value in layers["environment"].items()
            },
        },
        start=tmp_path / "repository",
    )

    for key in VALUES:
        winner = next((name for name in ORDER if key in layers[name]), None)
        origin = loaded.origin(key)
        if winner is None:
            section, name = key.split(".")
            assert value_of(loaded, key) == getattr(getattr(AppSettings(), section), name)
            assert origin.kind is Kind.DEFAULT
        else:
            assert value_of(loaded, key) == layers[winner][key]
            assert origin.kind is KINDS[winner]
        if winner in paths:
            assert origin.name == str(paths[winner])
            assert written_at(origin) == str(layers[winner][key])


def test_of_several_named_files_the_last_one_wins(tmp_path):
    first = write(tmp_path / "1.yaml", {"mikro.transfers": 1, "mikro.chunk_px": 1})
    second = write(tmp_path / "2.yaml", {"mikro.transfers": 2})

    by_argument = load_app_settings(files=[first, second], environ={}, start=tmp_path)
    by_variable = load_app_settings(
        environ={"ARKITEKT_CONFIG": os.pathsep.join(["", str(first), str(second)])}, start=tmp_path
    )

    assert by_argument.settings == by_variable.settings
    assert by_argument.settings.mikro == MikroSettings(transfers=2, chunk_px=1)


def test_the_places_are_those_of_the_platform(own_places):
    assert user_file() == own_places / "user" / "arkitekt" / "config.yaml"
    assert system_files() == (
        Path(sys.prefix) / "etc" / "arkitekt" / "config.yaml",
        own_places / "machine" / "arkitekt" / "config.yaml",
    )


def test_the_nearest_project_file_is_found_from_a_folder_below(tmp_path):
    (tmp_path / ".git").mkdir()
    outer = write(tmp_path / "arkitekt.yaml", {})
    inner = write(tmp_path / "a" / "arkitekt.yaml", {})
    (tmp_path / "a" / "b").mkdir()
    (tmp_path / "c").mkdir()

    assert project_file(tmp_path / "a" / "b") == inner
    assert project_file(tmp_path / "c") == outer


@pytest.mark.parametrize("make_marker", [Path.mkdir, Path.touch], ids=["repository", "worktree"])
def test_the_search_for_a_project_file_ends_at_the_root_of_the_repository(tmp_path, make_marker):
    write(tmp_path / "arkitekt.yaml", {})
    (tmp_path / "repository" / "src").mkdir(parents=True)
    make_marker(tmp_path / "repository" / ".git")

    assert project_file(tmp_path / "repository" / "src") is None


def test_the_search_for_a_project_file_ends_at_the_home_folder(tmp_path, monkeypatch):
    write(tmp_path / "arkitekt.yaml", {})
    (tmp_path / "home" / "work").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))

    assert project_file(tmp_path / "home" / "work") is None


SOME = {"mikro.kind": "in_memory"}
"""Values of keys that do not take any text."""

REFUSED_KEYS = [key for key in REFUSED_IN_PROJECT_FILES if "." in key]


@pytest.mark.parametrize("key", REFUSED_KEYS)
def test_a_project_file_may_not_set_what_decides_about_trust(tmp_path, key):
    path = write(tmp_path / "arkitekt.yaml", {key: SOME.get(key, "x")})

    with pytest.raises(ConfigurationError) as caught:
        load_app_settings(environ={}, start=tmp_path)

    line, column = 3, len(key.split(".")[1]) + 5
    assert str(caught.value) == (
        f"{path}:{line}:{column}: {key}: a project file may not set this: {REFUSED_IN_PROJECT_FILES[key]}. "
        "Set it in your own config.yaml, in the environment or as an argument"
    )


@pytest.mark.parametrize("key", REFUSED_KEYS)
def test_the_user_may_set_what_a_project_file_may_not(tmp_path, key):
    write(user_file(), {key: SOME.get(key, "x")})

    loaded = load_app_settings(environ={}, start=tmp_path)

    assert loaded.origin(key).kind is Kind.USER_FILE


def test_a_project_file_may_name_no_code(tmp_path):
    path = tmp_path / "arkitekt.yaml"
    path.write_text("overrides:\n  mikro.records: evil:Records\n  herre:\n    flow: evil:Flow\n")

    with pytest.raises(ConfigurationError) as caught:
        load_app_settings(environ={}, start=tmp_path)

    said = [(problem.origin, problem.line, problem.key) for problem in caught.value.problems]
    assert said == [(str(path), 2, "overrides.mikro.records"), (str(path), 4, "overrides.herre.flow")]
    assert "it would run any code of the project" in str(caught.value)


@pytest.mark.parametrize("how", ["argument", "variable"])
def test_the_file_of_a_project_that_the_user_names_is_trusted(tmp_path, how):
    path = tmp_path / "arkitekt.yaml"
    path.write_text("overrides:\n  mikro.records: ours:Records\nfakts:\n  url: https://hub.lab.org\n")
    environ = {"ARKITEKT_CONFIG": str(path)} if how == "variable" else {}

    loaded = load_app_settings(files=[path] if how == "argument" else [], environ=environ, start=tmp_path)

    assert loaded.settings.overrides == {"mikro.records": "ours:Records"}
    assert loaded.origin("overrides.mikro.records").kind is Kind.NAMED_FILE


def test_a_class_may_be_named_with_dots_or_in_sections_and_the_strongest_layer_wins(tmp_path):
    path = tmp_path / "named.yaml"
    path.write_text("overrides:\n  mikro.records: weak:Records\n  fakts:\n    presenter: ours:Presenter\n")

    loaded = load_app_settings(
        files=[path],
        arguments={"overrides": {"mikro.records": "strong:Records"}},
        sets=["overrides.herre=ours:Herre"],
        environ={"ARKITEKT_OVERRIDES__KOIL": "ours:Koil"},
        start=tmp_path,
    )

    assert loaded.settings.overrides == {
        "mikro.records": "strong:Records",
        "fakts.presenter": "ours:Presenter",
        "herre": "ours:Herre",
        "koil": "ours:Koil",
    }
    assert loaded.origin("overrides.mikro.records").kind is Kind.ARGUMENT
    assert loaded.origin("overrides.fakts.presenter").line == 4


@pytest.mark.parametrize("kind", ["named", "project", "user"])
def test_no_file_lets_logins_travel_in_the_open(tmp_path, kind):
    path = {"named": tmp_path / "named.yaml", "project": tmp_path / "arkitekt.yaml", "user": user_file()}[kind]
    write(path, {"transport.insecure": True})

    with pytest.raises(ConfigurationError, match=r"transport\.insecure: no file may set this"):
        load_app_settings(files=[path] if kind == "named" else [], environ={}, start=tmp_path)


def test_an_argument_or_a_variable_lets_logins_travel_in_the_open_for_one_call(tmp_path):
    said = {"ARKITEKT_TRANSPORT__INSECURE": "true"}

    assert load_app_settings(environ=said, start=tmp_path).settings.transport.insecure
    assert load_app_settings(
        arguments={"transport.insecure": True}, environ={}, start=tmp_path
    ).settings.transport.insecure
    assert not load_app_settings(environ={}, start=tmp_path).settings.transport.insecure


@pytest.mark.parametrize(
    ("said", "is_insecure"),
    [("1", True), ("true", True), ("YES", True), ("0", False), ("false", False), ("no", False), ("", False)],
)
def test_the_variable_of_other_clients_means_what_it_says(tmp_path, said, is_insecure):
    loaded = load_app_settings(environ={"FAKTS_ALLOW_INSECURE_TRANSPORT": said}, start=tmp_path)

    assert loaded.settings.transport.insecure is is_insecure


def test_a_variable_that_is_neither_yes_nor_no_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match=r"transport\.insecure"):
        load_app_settings(environ={"FAKTS_ALLOW_INSECURE_TRANSPORT": "perhaps"}, start=tmp_path)


def test_every_refused_key_exists():
    for key in (*REFUSED_KEYS, *REFUSED_IN_FILES):
        section, name = key.split(".")
        assert name in type(getattr(AppSettings(), section)).model_fields


def test_an_app_leaves_the_variables_of_a_hub_alone(tmp_path):
    environ = {"ARKITEKT_SERVER_LISTEN__PORT": "1", "ARKITEKT_OTHER": "x", "ARKITEKT_URL": "x"}

    assert load_app_settings(environ=environ, start=tmp_path).origins == {}


def test_a_hub_reads_its_variables_and_named_files_only(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "arkitekt.yaml", {"mikro.transfers": 1})
    named = write(tmp_path / "hub.yaml", {"listen.port": 1, "listen.host": "h", "identity.device_code_s": 7})

    loaded = load_server_settings(
        [named],
        arguments={"listen": {"port": 3}},
        sets=["objects.grant_s=9"],
        environ={
            "ARKITEKT_SERVER_LISTEN__PORT": "2",
            "ARKITEKT_SERVER_NAME": "Lab: 1",
            "ARKITEKT_SERVER_SERVICE_HOST": "10.0.0.1",  # as Kubernetes sets for a service of this name
            "ARKITEKT_MIKRO__CHUNK_PX": "no matter",
        },
    )

    assert {key: str(origin) for key, origin in loaded.origins.items()} == {
        "identity.device_code_s": f"{named}:6:18",
        "listen.host": f"{named}:3:9",
        "listen.port": "argument",
        "name": "environment ARKITEKT_SERVER_NAME",
        "objects.grant_s": "--set",
    }
    assert (loaded.settings.name, loaded.settings.listen.host, loaded.settings.listen.port) == ("Lab: 1", "h", 3)


def test_the_environment_of_the_process_is_the_default(monkeypatch):
    monkeypatch.setenv("ARKITEKT_MIKRO__CHUNK_PX", "77")
    monkeypatch.setenv("ARKITEKT_SERVER_LISTEN__PORT", "88")

    assert load_app_settings().settings.mikro.chunk_px == 77
    assert load_server_settings().settings.listen.port == 88
