"""What `config show` hides and how it writes values."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from arkitekt_di.settings.assignments import argument_layers
from arkitekt_di.settings.document import read_document
from arkitekt_di.settings.listing import HIDDEN, as_yaml, lines_of, shown, yaml_value
from arkitekt_di.settings.load import load_settings
from arkitekt_di.settings.models import DatabaseSettings
from arkitekt_di.settings.origins import DEFAULT
from arkitekt_di.settings.tree import Leaf
from tests.settings.models import Proxy, Shapes


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("anything", SecretStr("x"), HIDDEN),
        ("password", "x", HIDDEN),
        ("smtp_password", "x", HIDDEN),
        ("refresh_token", "x", HIDDEN),
        ("api_key", "x", HIDDEN),
        ("password", "", ""),
        ("password", None, None),
        ("access_token_s", 3600, 3600),
        ("mandate_key_file", Path("/keys/a"), "/keys/a"),
        ("url", "https://hub/a?b=c", "https://hub/a?b=c"),
        ("url", "https://u@hub:80/a", "https://u@hub:80/a"),
        ("url", "https://u:p@hub:80/a", f"https://u:{HIDDEN}@hub:80/a"),
        ("url", "https://u:p/q@x@hub", f"https://u:{HIDDEN}@hub"),
        ("urls", ["x://u:p@h"], [f"x://u:{HIDDEN}@h"]),
        ("url", "x://h?a=b&sslPassword=c&d=e", f"x://h?a=b&sslPassword={HIDDEN}&d=e"),
    ],
)
def test_secrets_are_hidden_and_nothing_else(name, value, expected):
    assert shown(name, value) == expected


def test_secrets_inside_lists_and_mappings_are_hidden():
    arguments = {"proxies": {"lab": Proxy(url="http://u:hunter2@p", password=SecretStr("hunter3"))}}

    lines = as_yaml(lines_of(load_settings(Shapes, argument_layers(arguments))), width=0).splitlines()

    assert f'proxies: {{"lab": {{"url": "http://u:{HIDDEN}@p", "password": "{HIDDEN}"}}}}  # argument' in lines
    assert "mirror: null  # default" in lines


def test_the_password_of_a_database_is_not_in_the_repr():
    assert "hunter2" not in repr(DatabaseSettings(url="postgresql://u:hunter2@h/d"))


@settings(deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_text_written_as_yaml_reads_back(text):
    document = read_document(yaml_value(text), DEFAULT)

    assert document == type(document)(Leaf(text, DEFAULT), ())
