"""The public front: what it names, and what the stub tells type checkers."""

import ast
from pathlib import Path

import pytest

import arkitekt_di

ROOT = Path(__file__).parents[2]


def test_the_front_names_what_it_exports_in_order():
    assert arkitekt_di.__all__ == sorted(arkitekt_di.__all__)
    assert all(getattr(arkitekt_di, name) is not None for name in arkitekt_di.__all__)
    assert set(arkitekt_di.__all__) <= set(dir(arkitekt_di))


def test_the_stub_tells_the_same_names():
    tree = ast.parse((ROOT / "arkitekt_di" / "__init__.pyi").read_text())
    imported = {alias.asname for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names}

    assert imported == set(arkitekt_di.__all__) - {"__version__"}


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'esy'"):
        getattr(arkitekt_di, "esy")  # noqa: B009  # type checkers know that it is not there
