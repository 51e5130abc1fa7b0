"""What text in files, variables and assignments means."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from arkitekt_di.settings.assignments import argument_layers, assignment_layers, environment_layers
from arkitekt_di.settings.files import content_layer
from arkitekt_di.settings.interpolation import interpolated
from arkitekt_di.settings.load import NAMED_VARIABLES, load_app_settings, load_settings
from arkitekt_di.settings.origins import DEFAULT, Kind, Origin
from tests.settings.models import Proxy, Server, Shapes


def from_file(text, environ=None, name="a.yaml"):
    return load_settings(Shapes, [content_layer(text.encode(), Origin(Kind.NAMED_FILE, name), environ or {})])


@pytest.mark.parametrize(
    "text", ["", "# only a comment\n", "---\n", "null", "\ufeff", "server:\n", "server:\n  # port: 1\n"]
)
def test_a_file_that_says_nothing_sets_nothing(text):
    loaded = from_file(text)

    assert loaded.settings == Shapes()
    assert loaded.origins == {}


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("name: 1.10", "name", "1.10"),
        ("name: no", "name", "no"),
        ("name: 2026-11-22", "name", "2026-11-22"),
        ("name: 'null'", "name", "null"),
        ("name: |\n  two\n  lines\n", "name", "two\nlines\n"),
        ("limit: null", "limit", None),
        ("limit:", "limit", None),
        ("limit: '12'", "limit", 12),
        ("is_loud: true", "is_loud", True),
        ("tags: [a, 1]", "tags", ("a", "1")),
        ("tags:\n- a\n- b", "tags", ("a", "b")),
    ],
)
def test_the_type_of_the_setting_decides_what_text_means(text, key, value):
    assert getattr(from_file(text).settings, key) == value


def test_nested_optional_and_listed_sections_are_read():
    settings = from_file(
        "mirror: {port: 1}\nmirrors: [{host: a}, {}]\nproxies: {lab: {url: 'http://p:1', password: x}}"
    ).settings

    assert settings.mirror == Server(port=1)
    assert settings.mirrors == [Server(host="a"), Server()]
    assert settings.proxies == {"lab": Proxy(url="http://p:1", password=SecretStr("x"))}


def test_origins_have_the_place_of_each_value():
    loaded = from_file("name: x\nserver:\n  port: 1\ntags:\n  - a\n")

    assert {key: str(origin) for key, origin in loaded.origins.items()} == {
        "name": "a.yaml:1:7",
        "server.port": "a.yaml:3:9",
        "tags": "a.yaml:5:3",
    }
    assert loaded.origin("server.host") is DEFAULT


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${A}", "1"),
        ("x${A}y${B:2}", "x1y2"),
        ("${EMPTY:3}", ""),
        ("${URL:http://a:80/b}", "http://a:80/b"),
        ("$${A} $A $", "${A} $A $"),
        ("${B:}", ""),
    ],
)
def test_references_become_values_or_defaults(text, expected):
    assert interpolated(text, {"A": "1", "EMPTY": ""}) == (expected, [])


def test_the_value_of_a_variable_is_never_read_as_yaml():
    assert from_file("name: ${A}", {"A": "[x, {y: z}] # *a"}).settings.name == "[x, {y: z}] # *a"


def test_an_empty_reference_is_null_like_an_empty_value():
    assert from_file("limit: ${A:}").settings.limit is None


def test_a_path_in_a_file_is_relative_to_that_file(tmp_path):
    assert from_file("folder: pixels", name=str(tmp_path / "a.yaml")).settings.folder == tmp_path / "pixels"


def test_a_path_outside_files_is_relative_to_the_current_folder():
    assert load_settings(Shapes, assignment_layers(["folder=pixels"])).settings.folder == Path("pixels")


@pytest.mark.parametrize("layers", [assignment_layers(["folder=~/x"]), argument_layers({"folder": "~/x"})])
def test_a_tilde_is_the_home_folder(layers):
    assert load_settings(Shapes, layers).settings.folder == Path.home() / "x"


@pytest.mark.parametrize(
    ("assignment", "key", "value"),
    [
        ("name=a=b", "name", "a=b"),
        ("name=Lab: room 3 #4", "name", "Lab: room 3 #4"),
        ("name=007", "name", "007"),
        ("name='null'", "name", "null"),
        ("name=''", "name", ""),
        ("limit=null", "limit", None),
        ("limit=", "limit", None),
        (" limit =5", "limit", 5),
        ("tags=[a, b]", "tags", ("a", "b")),
        ("server={port: 5}", "server", Server(port=5)),
        ("is_loud=yes", "is_loud", True),
    ],
)
def test_assignments_set_values(assignment, key, value):
    assert getattr(load_settings(Shapes, assignment_layers([assignment])).settings, key) == value


def test_the_last_of_several_assignments_wins():
    assert load_settings(Shapes, assignment_layers(["limit=1", "limit=2"])).settings.limit == 2


def test_variables_set_sections_and_plain_keys_and_others_are_left_alone():
    environ = {
        "T_SERVER__PORT": "1",
        "T_NAME": "Lab: 3",
        "T_LIMIT": "",
        "T_TOKEN": "secret",
        "T_CONFIG": "x.yaml",
        "T_OTHER_SERVER__PORT": "2",
        "SERVER__PORT": "3",
        "t_server__port": "4",
    }

    loaded = load_settings(
        Shapes, environment_layers(environ, prefix="T_", foreign=["T_OTHER_"], plain=["name", "limit"])
    )

    assert loaded.settings == Shapes(name="Lab: 3", server=Server(port=1))
    assert {key: str(origin) for key, origin in loaded.origins.items()} == {
        "name": "environment T_NAME",
        "server.port": "environment T_SERVER__PORT",
    }


@pytest.mark.parametrize(
    "arguments",
    [
        {"server.port": 1, "server.host": "a"},
        {"server": {"port": 1, "host": "a"}},
        {"server": {"port": 1}, "server.host": "a"},
        {"server": Server(port=1, host="a")},
        {"server": Server(port=1), "server.host": "a"},
    ],
)
def test_arguments_may_be_dotted_nested_or_sections(arguments):
    assert load_settings(Shapes, argument_layers(arguments)).settings.server == Server(port=1, host="a")


@pytest.mark.parametrize(
    "arguments",
    [
        {"server.port": 1, "server": {"port": 2}},
        {"server": {"port": 1}, "server.port": 2},
        {"server": Server(port=1), "server.port": 2},
    ],
)
def test_the_last_of_several_arguments_wins(arguments):
    assert load_settings(Shapes, argument_layers(arguments)).settings.server.port == 2


def test_a_secret_given_as_argument_stays_one():
    loaded = load_settings(Shapes, argument_layers({"proxies": {"lab": Proxy(url="u", password=SecretStr("x"))}}))

    assert loaded.settings.proxies["lab"].password == SecretStr("x")


# --- variables with names of their own -----------------------------------------------------------


TEXTS = {variable: key for variable, key in NAMED_VARIABLES.items() if key != "transport.insecure"}


@pytest.mark.parametrize(("variable", "key"), TEXTS.items())
def test_a_variable_with_a_name_of_its_own_sets_its_key_as_it_stands(variable, key):
    section, _, name = key.partition(".")

    loaded = load_app_settings(environ={variable: "{a: [b"})

    value = getattr(getattr(loaded.settings, section), name)
    assert (value.get_secret_value() if isinstance(value, SecretStr) else str(value)).endswith("{a: [b")
    assert str(loaded.origin(key)) == f"environment {variable}"
    assert load_app_settings(environ={variable: ""}).settings == load_app_settings(environ={}).settings


def test_our_own_variable_goes_before_it_and_a_file_after(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text("fakts: {url: from.file}\n")

    def url(**environ):
        return load_app_settings(files=[file], environ=environ).settings.fakts.url

    assert url() == "from.file"
    assert url(FAKTS_URL="theirs") == "theirs"
    assert url(FAKTS_URL="theirs", ARKITEKT_FAKTS__URL="ours") == "ours"
