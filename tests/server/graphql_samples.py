"""Documents for every field of a GraphQL endpoint, made from what it says about itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    build_client_schema,
    get_introspection_query,
    get_named_type,
    is_leaf_type,
    is_object_type,
    is_required_argument,
    is_required_input_field,
)

INTROSPECTION = get_introspection_query()
PLAIN = {
    "Int": 1,
    "Float": 1.0,
    "Boolean": True,
    "DateTime": "2026-01-01T00:00:00+00:00",
    "ByteCount": 1,
    "Extent": 1,
    "JSON": {},
    "ThreeDVector": [1.0, 1.0, 1.0],
}
"""A value of each scalar that cannot name a record; every other scalar may, so it is given an identifier."""

DEPTH = 3


@dataclass(frozen=True)
class Call:
    """One field of the schema, ready to be asked."""

    kind: str
    field: str
    document: str
    variables: dict[str, Any]


def schema_of(introspected: Any) -> GraphQLSchema:
    """Return the schema that an endpoint told."""
    return build_client_schema(introspected["data"])


def calls(schema: GraphQLSchema, identifier: str, *, everything: bool, depth: int = DEPTH) -> Iterator[Call]:
    """Yield a call of every query and mutation in which *identifier* stands wherever a record can be named.

    Parameters
    ----------
    schema : GraphQLSchema
    identifier : str
    everything : bool
        Whether arguments that may be left out are given too.
    depth : int
        How many levels of what comes back are asked for.
    """
    for kind, root in (("query", schema.query_type), ("mutation", schema.mutation_type)):
        for name, field in (root.fields if root else {}).items():
            given = {
                argument: made
                for argument, about in field.args.items()
                if everything or is_required_argument(about)
                for made in [sample(about.type, identifier, everything=everything)]
            }
            declared = ", ".join(f"${argument}: {field.args[argument].type}" for argument in given)
            passed = ", ".join(f"{argument}: ${argument}" for argument in given)
            head = f"{kind} ({declared})" if given else kind
            arguments = f"({passed})" if given else ""
            yield Call(kind, name, f"{head} {{ {name}{arguments} {selection(field.type, depth)} }}", given)


def sample(kind: GraphQLInputType, identifier: str, *, everything: bool, depth: int = DEPTH) -> Any:
    """Return a value of an input type."""
    if isinstance(kind, GraphQLNonNull):
        return sample(kind.of_type, identifier, everything=everything, depth=depth)
    if isinstance(kind, GraphQLList):
        return [sample(kind.of_type, identifier, everything=everything, depth=depth)]
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    if isinstance(kind, GraphQLScalarType):
        return PLAIN.get(kind.name, identifier)
    assert isinstance(kind, GraphQLInputObjectType)
    if kind.is_one_of:
        name, field = next(iter(kind.fields.items()))
        return {name: sample(field.type, identifier, everything=everything, depth=depth - 1)}
    return {
        name: sample(field.type, identifier, everything=everything and depth > 0, depth=depth - 1)
        for name, field in kind.fields.items()
        if is_required_input_field(field) or (everything and depth > 0)
    }


def selection(kind: Any, depth: int = DEPTH) -> str:
    """Return everything that can be asked of an output type without arguments, some levels deep."""
    named = get_named_type(kind)
    if not isinstance(named, GraphQLObjectType):
        if is_leaf_type(named):
            return ""
        return "{ __typename }"
    parts = []
    for name, field in named.fields.items():
        inner = get_named_type(field.type)
        if any(is_required_argument(argument) for argument in field.args.values()):
            continue
        if is_leaf_type(inner):
            parts.append(name)
        elif depth and is_object_type(inner):
            parts.append(f"{name} {selection(inner, depth - 1)}")
    return f"{{ {' '.join(parts) or '__typename'} }}"
