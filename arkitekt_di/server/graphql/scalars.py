"""Scalars of the schema beside GraphQL's own, and what they are read from.

What cannot be read is a ``GraphQLError``: any other error would pass for a failure of the hub where the value is
written into the document.
"""

from typing import NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

ByteCount = NewType("ByteCount", int)
Unit = NewType("Unit", str)


def read_count(value: object) -> int:
    """Return a whole number; raises ``GraphQLError``."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)  # as GraphQL's own Int does
    message = "A count is a whole number."
    raise GraphQLError(message)


def read_text(value: object) -> str:
    """Return a text; raises ``GraphQLError``."""
    if isinstance(value, str):
        return value
    message = "This is a text."
    raise GraphQLError(message)


def read_vector(value: object) -> list[float]:
    """Return the numbers of a vertex; raises ``GraphQLError``."""
    if isinstance(value, list | tuple) and all(_is_number(one) for one in value):
        try:
            return [float(one) for one in value]
        except OverflowError as error:
            message = "A vertex has numbers of 64 bits."
            raise GraphQLError(message) from error
    message = "A vertex is a list of numbers."
    raise GraphQLError(message)


def stored(name: str, what: str) -> ScalarDefinition:
    """Return a scalar by which *what* is named, such as ``an array``."""

    def read(value: object) -> str:
        if isinstance(value, str):
            return value
        message = f"{what.capitalize()} is named by the identifier of its store."
        raise GraphQLError(message)

    return strawberry.scalar(name=name, parse_value=read, description="The store of a finished upload.")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


SCALARS: dict[object, ScalarDefinition] = {
    # GraphQL's own Int ends at 2**31: fewer bytes than a picture has.
    ByteCount: strawberry.scalar(
        name="ByteCount", serialize=int, parse_value=read_count, description="A number of bytes."
    ),
    Unit: strawberry.scalar(
        name="Unit", serialize=str, parse_value=read_text, description="A unit of OME-NGFF 0.5, such as micrometer."
    ),
}
