"""Scalars of both endpoints, given what JSON can say: each reads it, or refuses it as GraphQL has it."""

import contextlib
from typing import Any

import pytest
from graphql import GraphQLError
from hypothesis import given, settings
from hypothesis import strategies as st
from strawberry.types.scalar import ScalarDefinition

from arkitekt_di.server.files.inputs import SCALARS as FILES
from arkitekt_di.server.graphql.scalars import SCALARS as SHARED
from arkitekt_di.server.images.inputs import SCALARS as IMAGES
from arkitekt_di.server.images.wire import SCALARS as PIXELS
from arkitekt_di.server.rois.inputs import SCALARS as ROIS
from arkitekt_di.server.tables.schema import SCALARS as TABLES
from arkitekt_di.server.tasks.inputs import SCALARS as TASKS

SCALARS = {
    scalar.name: scalar for each in (FILES, SHARED, IMAGES, PIXELS, ROIS, TABLES, TASKS) for scalar in each.values()
}
WORDS = st.text(max_size=5)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**400), 10**400) | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
)


def read(scalar: ScalarDefinition, value: Any) -> Any:
    assert scalar.parse_value is not None, "strawberry would take anything for it"
    return scalar.parse_value(value)


@settings(max_examples=300)
@given(scalar=st.sampled_from(list(SCALARS.values())), value=ANYTHING)
def test_a_value_is_read_or_refused_and_never_a_failure_of_the_hub(scalar: ScalarDefinition, value: object) -> None:
    with contextlib.suppress(GraphQLError):
        read(scalar, value)


@pytest.mark.parametrize(
    ("name", "value", "result"),
    [
        ("ByteCount", 2**40, 2**40),
        ("ByteCount", 3.0, 3),
        ("Extent", 2**31, 2**31),
        ("Unit", "micrometer", "micrometer"),
        ("ArrayLike", "7", "7"),
        ("ThreeDVector", [1, 2.5, -3], [1.0, 2.5, -3.0]),
        ("ActionHash", "abc", "abc"),
    ],
)
def test_what_fits_is_read(name: str, value: object, result: object) -> None:
    assert read(SCALARS[name], value) == result


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("ByteCount", True, "whole number"),
        ("ByteCount", "3", "whole number"),
        ("ByteCount", 3.5, "whole number"),
        ("Extent", [1], "whole number"),
        ("Unit", 3, "text"),
        ("ArrayLike", 7, "An array is named by the identifier"),
        ("FileLike", None, "A file is named by the identifier"),
        ("ParquetLike", {}, "A table is named by the identifier"),
        ("ThreeDVector", [1, "2", 3], "list of numbers"),
        ("ThreeDVector", [10**400], "64 bits"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(name: str, value: object, told: str) -> None:
    with pytest.raises(GraphQLError, match=told):
        read(SCALARS[name], value)
