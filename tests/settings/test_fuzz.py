"""Whatever a file, a variable or an argument holds: settings, or an error that names the place."""

import string

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from arkitekt_di.errors import ConfigurationError
from arkitekt_di.settings.assignments import argument_layers, assignment_layers, environment_layers
from arkitekt_di.settings.files import content_layer
from arkitekt_di.settings.load import load_settings
from arkitekt_di.settings.origins import Kind, Origin
from tests.settings.models import Shapes

VALID = b"""\
name: "Lab" # ours
mode: fast
limit: ${LIMIT:3}
tags: [a, 'b']
server:
  host: h
  port: 1
mirrors:
  - host: x
proxies: {lab: {url: u, password: p}}
"""

YAML_WORDS = [
    *"\n \t:-?[]{}#&*!|>'\"%@`,\\$", ": ", "\n  ", "\n- ", "---\n", "...\n", "<<", "!!int ", "${A}", "${", "null", "1",
    "%YAML 1.1\n", "%TAG ! x\n", "\\x", "\\U", *Shapes.model_fields, "\ufeff", "\x85", "\x00",
]  # fmt: skip

AT_ANY_SPEED = settings(deadline=None)
"""The machine may be busy: how long one example takes says nothing."""

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=3),
    max_leaves=8,
)


def load_or_refuse(layers):
    """Return the settings or the problems; any other error fails the test."""
    try:
        return load_settings(Shapes, layers), ()
    except ConfigurationError as error:
        return None, error.problems


def file_with(content):
    return content_layer(content, Origin(Kind.NAMED_FILE, "a.yaml"), {"A": "1"})


def test_the_valid_file_is_valid():
    assert load_or_refuse([file_with(VALID)])[1] == ()


@AT_ANY_SPEED
@given(st.binary(max_size=200))
def test_any_bytes(content):
    assert any(load_or_refuse([file_with(content)]))


@AT_ANY_SPEED
@given(st.lists(st.sampled_from(YAML_WORDS), max_size=25).map("".join))
@example("%YAML 1.1\n%YAML 1.1\n")
@example('name: "\\UFFFFFFFF"')
def test_any_text_that_looks_like_yaml(text):
    assert any(load_or_refuse([file_with(text.encode())]))


@AT_ANY_SPEED
@given(
    st.integers(0, len(VALID)), st.integers(0, 12), st.sampled_from(YAML_WORDS).map(str.encode) | st.binary(max_size=6)
)
def test_a_valid_file_with_a_wound(position, length, wound):
    assert any(load_or_refuse([file_with(VALID[:position] + wound + VALID[position + length :])]))


@AT_ANY_SPEED
@given(st.lists(st.text(alphabet=string.printable + "é\ud800", max_size=20), max_size=4))
def test_any_assignments(assignments):
    assert any(load_or_refuse(assignment_layers(assignments)))


@AT_ANY_SPEED
@given(st.sampled_from(["T_NAME", "T_TAGS", "T_SERVER__PORT", "T_MIRROR__", "T_FOLDER"]), st.text(max_size=20))
def test_any_value_of_a_variable(variable, value):
    assert any(load_or_refuse(environment_layers({variable: value}, prefix="T_", plain=list(Shapes.model_fields))))


@AT_ANY_SPEED
@given(st.dictionaries(st.sampled_from([*Shapes.model_fields, "server.port", "", "a..b"]), VALUES, max_size=4))
def test_any_arguments(arguments):
    assert any(load_or_refuse(argument_layers(arguments)))


@pytest.mark.parametrize("opening", [b"[", b"{a: ", b"- ", b"? "])
def test_depth_is_bounded(opening):
    assert load_or_refuse([file_with(b"tags: \n " + opening * 100_000)])[0] is None


def test_aliases_cannot_make_a_small_file_large():
    bomb = "a: &a [x, x]\n" + "".join(
        f"{new}: &{new} [*{old}, *{old}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )

    assert load_or_refuse([file_with(bomb.encode())])[0] is None
