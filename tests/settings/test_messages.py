"""What a person reads when settings are wrong, to the letter."""

from pathlib import Path
from textwrap import dedent

import pytest

from arkitekt_di.errors import ConfigurationError
from arkitekt_di.settings.assignments import argument_layers, assignment_layers, environment_layers
from arkitekt_di.settings.files import MAX_BYTES, content_layer, file_layer
from arkitekt_di.settings.load import load_settings
from arkitekt_di.settings.origins import Kind, Origin
from tests.settings.models import Shapes


def errors_of(*layers):
    with pytest.raises(ConfigurationError) as caught:
        load_settings(Shapes, layers)
    return str(caught.value).splitlines()


def errors_in(text, environ=None):
    content = text if isinstance(text, bytes) else dedent(text).lstrip("\n").encode()
    return errors_of(content_layer(content, Origin(Kind.NAMED_FILE, "a.yaml"), environ or {}))


NOT_SUPPORTED = "which is not supported"
QUOTES = "put text in quotes"
NO_REFERENCE = "'${' begins no reference: write ${NAME} or ${NAME:default}, or $${ for the characters"

VALUES = [
    ("server:\n  port: many", "a.yaml:2:9: server.port: must be a whole number"),
    ("server:\n  port: 1.5", "a.yaml:2:9: server.port: must be a whole number"),
    ("server:\n  port: 70000", "a.yaml:2:9: server.port: must be at most 65535"),
    ("server:\n  port: 0", "a.yaml:2:9: server.port: must be at least 1"),
    ("server:\n  port: true", "a.yaml:2:9: server.port: must be a whole number"),
    ("server:\n  port:   # none\nname: x", "a.yaml:2:3: server.port: must be a whole number, not null (no value)"),
    ("server:\n  port: [1]", "a.yaml:2:9: server.port: must be a whole number, not a list"),
    ("server:\n  timeout_s: -2", "a.yaml:2:14: server.timeout_s: must be greater than 0.0"),
    ("server:\n  timeout_s: inf", "a.yaml:2:14: server.timeout_s: must be a finite number"),
    ("server:\n  timeout_s: soon", "a.yaml:2:14: server.timeout_s: must be a number"),
    ("limit: few", "a.yaml:1:8: limit: must be a whole number"),
    ("is_loud: maybe", "a.yaml:1:10: is_loud: must be true or false"),
    ("name: {a: b}", "a.yaml:1:7: name: must be text, not a section"),
    ("tags: x", "a.yaml:1:7: tags: must be a list"),
    ("tags: [a, [b]]", "a.yaml:1:11: tags.1: must be text, not a list"),
    ("mode: fats", "a.yaml:1:7: mode: must be one of 'fast' or 'safe', did you mean 'fast'?"),
    ("mode: x", "a.yaml:1:7: mode: must be one of 'fast' or 'safe'"),
    ("proxies: {a: {}}", "a.yaml:1:14: proxies.a.url: must be set"),
    ("mirrors:\n  - port: x", "a.yaml:2:11: mirrors.0.port: must be a whole number"),
    ("folder: ~no-such-user/x", "a.yaml:1:9: folder: no home folder of that name: write the whole path"),
]

KEYS = [
    ("nmae: x", "a.yaml:1:1: nmae: unknown key, did you mean 'name'?"),
    ("server:\n  prot: 1", "a.yaml:2:3: server.prot: unknown key, did you mean 'port'?"),
    ("mirror:\n  prot: 1", "a.yaml:2:3: mirror.prot: unknown key, did you mean 'port'?"),
    ("mirrors:\n- host: a\n- hots: b", "a.yaml:3:3: mirrors.1.hots: unknown key, did you mean 'host'?"),
    ("proxies:\n  a: {url: x, passwort: y}", "a.yaml:2:15: proxies.a.passwort: unknown key, did you mean 'password'?"),
    ("timeout_s: 1", "a.yaml:1:1: timeout_s: unknown key, did you mean 'server.timeout_s' or 'mirror.timeout_s'?"),
    ("server.port: 1", "a.yaml:1:1: server.port: unknown key: write 'port' below the section 'server:'"),
    ("server:\n  zzz: 1", "a.yaml:2:3: server.zzz: unknown key; known here: host, port, timeout_s"),
    ("1: x\nserver: {}", "a.yaml:1:1: 1: unknown key; known here: " + ", ".join(Shapes.model_fields)),
    ("? [a]\n: 1", "a.yaml:1:3: a key must be text"),
    ("null: 1", "a.yaml:1:1: a key must be text"),
    ("server: {: 1}", "a.yaml:1:11: server: a key must be text"),
    ("name: a\nname: b", "a.yaml:2:1: name: set a second time; the first is in line 1: keep one of them"),
    ("server: 5", "a.yaml:1:9: server: is a section: write its keys below it (host, port, timeout_s)"),
]

YAML = [
    ("name: 'x", "a.yaml:1:9: not valid YAML: found unexpected end of stream"),
    ("name: a: b", "a.yaml:1:8: not valid YAML: mapping values are not allowed here"),
    ("server:\n\tport: 1", "a.yaml:2:1: not valid YAML: found character '\\t' that cannot start any token"),
    ('name: "\\UFFFFFFFF"', "a.yaml: not valid YAML"),
    ("name: a\nmode: \x01", "a.yaml:2:7: a character that YAML does not allow"),
    (b"name: a\nmode: \xff", "a.yaml:2:7: not UTF-8 text: save the file with that encoding"),
    ("- name", "a.yaml:1:1: the file must hold sections, such as 'mikro:' with keys below it"),
    ("name", "a.yaml:1:1: the file must hold sections, such as 'mikro:' with keys below it"),
    ("name: a\n---\nname: b", "a.yaml:2:1: a second YAML document: keep one, without '---' lines"),
    ("name: !!python/name:x y", f"a.yaml:1:7: name: '!' begins a tag, {NOT_SUPPORTED}: remove it, or {QUOTES}"),
    ("name: !env x", f"a.yaml:1:7: name: '!' begins a tag, {NOT_SUPPORTED}: remove it, or {QUOTES}"),
    ("name: &a x", f"a.yaml:1:7: name: '&' begins an anchor, {NOT_SUPPORTED}: remove it, or {QUOTES}"),
    ("name: *a", f"a.yaml:1:7: name: '*' begins an alias, {NOT_SUPPORTED}: write the value itself, or {QUOTES}"),
    ("name: !a!b c", "a.yaml:1:7: not valid YAML: found undefined tag handle '!'"),
    ("tags: " + "[" * 40, "a.yaml:1:39: not valid YAML: more than 32 levels"),
    ("tags: [" + "1," * 10_000, "a.yaml:1:20004: not valid YAML: more than 10000 values"),
]

REFERENCES = [
    ("name: ${NOPE}", "a.yaml:1:7: name: the environment variable NOPE is not set: set it, or write ${NOPE:default}"),
    ("name: ${NOPE", f"a.yaml:1:7: name: {NO_REFERENCE}"),
    ("server:\n  port: ${PORT}", "a.yaml:2:9: server.port: must be a whole number"),
]


@pytest.mark.parametrize(("text", "expected"), [*VALUES, *KEYS, *YAML, *REFERENCES])
def test_each_mistake_in_a_file_has_its_own_message_at_its_place(text, expected):
    assert errors_in(text, environ={"PORT": "x"}) == [expected]


def test_braces_without_quotes_get_a_hint():
    assert "a.yaml:1:8: name: a key must be text, not a mapping: put a value with braces in quotes" in errors_in(
        "name: {{ NAME }}"
    )


def test_all_mistakes_are_told_at_once_in_the_order_of_the_layers_and_lines():
    text = """
        nmae: a
        server:
          port: x
          timeout_s: ${NOPE}
        mode: fats
        limit: 1
        limit: 2
        """

    assert errors_in(text) == [
        "a.yaml:1:1: nmae: unknown key, did you mean 'name'?",
        "a.yaml:3:9: server.port: must be a whole number",
        "a.yaml:4:14: server.timeout_s: the environment variable NOPE is not set: set it, or write ${NOPE:default}",
        "a.yaml:5:7: mode: must be one of 'fast' or 'safe', did you mean 'fast'?",
        "a.yaml:7:1: limit: set a second time; the first is in line 6: keep one of them",
    ]


def test_an_unknown_key_is_found_where_a_stronger_layer_would_hide_it():
    weak = content_layer(b"server:\n  prot: 1", Origin(Kind.NAMED_FILE, "weak.yaml"), {})
    strong = content_layer(b"server:\n  port: 1\nnmae: x", Origin(Kind.NAMED_FILE, "strong.yaml"), {})

    assert errors_of(strong, weak) == [
        "strong.yaml:3:1: nmae: unknown key, did you mean 'name'?",
        "weak.yaml:2:3: server.prot: unknown key, did you mean 'port'?",
    ]


def test_a_wrong_value_that_is_overridden_does_not_matter():
    weak = content_layer(b"server:\n  port: x", Origin(Kind.NAMED_FILE, "weak.yaml"), {})

    assert load_settings(Shapes, [*assignment_layers(["server.port=7"]), weak]).settings.server.port == 7


@pytest.mark.parametrize(
    ("assignment", "expected"),
    [
        ("server.prot=1", "--set: server.prot: unknown key, did you mean 'port'?"),
        ("server.port=x", "--set: server.port: must be a whole number"),
        ("server.port", "--set: server.port: must be section.key=value, such as mikro.chunk_px=512"),
        ("=1", "--set: must be section.key=value, such as mikro.chunk_px=512"),
        ("server..port=1", "--set: server..port: must be section.key=value, such as mikro.chunk_px=512"),
        ("tags=[a", "--set: tags: not valid YAML: expected ',' or ']', but got '<stream end>'"),
        ("server=1", "--set: server: is a section: write its keys below it (host, port, timeout_s)"),
        ("mode=FAST", "--set: mode: must be one of 'fast' or 'safe', did you mean 'fast'?"),
    ],
)
def test_each_mistake_in_an_assignment_names_the_key(assignment, expected):
    assert errors_of(*assignment_layers([assignment])) == [expected]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"server": {"prot": 1}}, "argument: server.prot: unknown key, did you mean 'port'?"),
        ({"server.port": "x"}, "argument: server.port: must be a whole number"),
        ({"server.port": []}, "argument: server.port: must be a whole number, not a list"),
        ({"name": 5}, "argument: name: must be text, not a number"),
        ({"mirrors": [{"hots": "x"}]}, "argument: mirrors.0.hots: unknown key, did you mean 'host'?"),
        ({".": 1}, "argument: .: must be a dotted key, such as 'mikro.chunk_px'"),
        ({"server": {5: 1}}, "argument: server.5: unknown key; known here: host, port, timeout_s"),
    ],
)
def test_each_mistake_in_an_argument_names_the_key(arguments, expected):
    assert errors_of(*argument_layers(arguments)) == [expected]


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("T_SERVR__PORT", "1", "environment T_SERVR__PORT: servr: unknown key, did you mean 'server'?"),
        ("T_SERVER__PROT", "1", "environment T_SERVER__PROT: server.prot: unknown key, did you mean 'port'?"),
        ("T_SERVER__PORT", "x", "environment T_SERVER__PORT: server.port: must be a whole number"),
        ("T_SERVER__", "x", "environment T_SERVER__: must be T_SECTION__KEY"),
        ("T_TAGS", "[a", "environment T_TAGS: tags: not valid YAML: expected ',' or ']', but got '<stream end>'"),
    ],
)
def test_each_mistake_in_the_environment_names_the_variable(variable, value, expected):
    assert errors_of(*environment_layers({variable: value}, prefix="T_", plain=["tags"])) == [expected]


def test_a_file_that_was_named_must_be_there(tmp_path):
    missing = tmp_path / "missing.yaml"

    assert errors_of(file_layer(missing, Kind.NAMED_FILE, {})) == [f"{missing}: there is no such file"]


def test_a_folder_is_not_a_settings_file(tmp_path):
    assert errors_of(file_layer(tmp_path, Kind.NAMED_FILE, {})) == [f"{tmp_path}: is not a file"]


def test_a_huge_file_is_refused_unread(tmp_path):
    path = tmp_path / "huge.yaml"
    path.write_bytes(b"#" * (MAX_BYTES + 1))

    assert errors_of(file_layer(path, Kind.NAMED_FILE, {})) == [
        f"{path}: is larger than 1024 KiB, which no settings file is"
    ]


@pytest.mark.parametrize("start", ["", "*", "&", "!", "!!", "!x!", "@", "%", "'", '"', "`", "[", "{", "~", "${", "|"])
@pytest.mark.parametrize("key", ["name", "mode", "limit", "tags", "server", "folder"])
def test_no_message_holds_the_value(start, key):
    canary = "hunter2"
    layer = content_layer(f"{key}: {start}{canary}!\nserver: {{port: x}}".encode(), Origin(Kind.NAMED_FILE, "a"), {})

    assert not [line for line in errors_of(layer) if canary in line]


def test_path_of_a_file_that_cannot_be_a_name_is_refused():
    assert errors_of(file_layer(Path("a\0b"), Kind.NAMED_FILE, {})) == ["a\0b: is not a file name"]
