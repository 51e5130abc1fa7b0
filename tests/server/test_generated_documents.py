"""GraphQL documents that schemathesis makes of what each endpoint says about itself: none is a failure of the hub."""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from graphql import (
    GraphQLArgument,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    NameNode,
    ObjectFieldNode,
    ValueNode,
    get_named_type,
)
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from schemathesis import Case
from schemathesis.graphql import nodes

from arkitekt_di.messages import definitions
from arkitekt_di.server.graphql.failures import INTERNAL
from tests.server.graphql_samples import INTROSPECTION, schema_of
from tests.server.operations import Operation, operations_of
from tests.server.whole_hub import WholeHub, whole_hub

ENDPOINTS = ("/mikro/graphql", "/rekuest/graphql")
GRAPHQL_OWN = {"Boolean", "Float", "ID", "Int", "String"}
WORDS = sorted(
    {
        field.alias or name
        for model in vars(definitions).values()
        if isinstance(model, type) and issubclass(model, BaseModel)
        for name, field in model.model_fields.items()
    }
)
"""Names of members that agents send: with random names alone, hardly an input would get past the first check."""


LEAVES: Mapping[type, Callable[[Any], ValueNode]] = {
    bool: nodes.Boolean,
    int: nodes.Int,
    float: nodes.Float,
    str: nodes.String,
}


def literal(value: Any) -> ValueNode:
    """Return how a value of JSON is written in a document."""
    if isinstance(value, dict):
        members = value.items()
        return nodes.Object([ObjectFieldNode(name=NameNode(value=name), value=literal(one)) for name, one in members])
    if isinstance(value, list):
        return nodes.List([literal(one) for one in value])
    return nodes.Null if value is None else LEAVES[type(value)](value)


def literals(values: st.SearchStrategy[Any]) -> st.SearchStrategy[ValueNode]:
    """Return *values* most of the time, and else whatever JSON can say."""
    return st.integers(0, 3).flatmap(lambda one: values if one else ANYTHING).map(literal)


def named(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(WORDS), values, max_size=5)


NUMBERS = st.integers(-(2**70), 2**70)
TEXTS = st.text(max_size=40)
ANYTHING = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | named(inner),
    max_leaves=12,
)
DECLARED = literals(named(ANYTHING))
SCALARS = {
    "ActionDemandInput": DECLARED,
    "ActionHash": literals(TEXTS),
    "Args": literals(st.dictionaries(st.from_regex(r"[a-z]{1,9}", fullmatch=True), st.integers(-9, 9), max_size=3)),
    "ArrayLike": literals(TEXTS),
    "AssetInput": DECLARED,
    "BlokImplementationInput": DECLARED,
    "ByteCount": literals(st.integers(-1, 2**40) | NUMBERS),
    "DateTime": literals(st.datetimes(timezones=st.none() | st.timezones()).map(datetime.isoformat)),
    "Extent": literals(st.integers(-1, 2**40)),
    "FileLike": literals(TEXTS),
    "HookInput": DECLARED,
    "ImplementationInput": DECLARED,
    "JSON": literals(ANYTHING),
    "LockImplementationInput": DECLARED,
    "ParquetLike": literals(TEXTS),
    "PortDemandInput": DECLARED,
    "RequiresInput": DECLARED,
    "ResolvedDependencyInput": DECLARED,
    "StateImplementationInput": DECLARED,
    "StateRequirementInput": DECLARED,
    "ThreeDVector": literals(st.lists(st.floats(-1e300, 1e300), max_size=4)),
    "Unit": literals(TEXTS | st.sampled_from(["micrometer", "second", "parsec"])),
}
"""What is sent for every scalar that is not GraphQL's own."""


class Documented:
    """A hub, and a strategy for each field of its endpoints."""

    def __init__(self, folder: Path) -> None:
        self.runner = asyncio.Runner()
        self.context = whole_hub(folder / "data")
        self.hub: WholeHub = self.runner.run(self.context.__aenter__())
        self.runner.run(self.hub.add("ada", "Lab"))
        self.url = str(self.hub.http._base_url).rstrip("/")
        self.cases = {
            f"{path}: {operation.label}": operation.as_strategy()
            for path in ENDPOINTS
            for operation in self._operations(path)
        }

    def schema(self, path: str) -> GraphQLSchema:
        """Return what the endpoint at *path* says about itself."""
        return schema_of(self._told(path))

    def _told(self, path: str) -> Any:
        return self.runner.run(self.hub.graphql(path, INTROSPECTION, {}, by="ada"))

    def _operations(self, path: str) -> list[Operation]:
        schema = schemathesis.graphql.from_dict(self._told(path)["data"])
        schema.location = self.url + path
        return operations_of(schema)

    def errors(self, case: Case[Any]) -> list[str]:
        """Send *case*; returns the codes of the errors in the answer, which there is whatever was sent."""
        headers = {"Authorization": f"Bearer {self.hub.tokens['ada']}"}
        # requests blocks, so the hub runs on beside it.
        answer = self.runner.run(asyncio.to_thread(case.call, headers=headers))
        assert answer.status_code < 500, case.body
        return [error["extensions"]["code"] for error in answer.json().get("errors", ())]

    def close(self) -> None:
        self.runner.run(self.context.__aexit__(None, None, None))
        self.runner.close()


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Documented]:
    for name, strategy in SCALARS.items():
        schemathesis.graphql.scalar(name, strategy)
    target = Documented(tmp_path_factory.mktemp("documented"))
    yield target
    target.close()


QUICK = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
LONG = settings(QUICK, max_examples=600)


def check(target: Documented, data: st.DataObject, caplog: pytest.LogCaptureFixture) -> None:
    field = data.draw(st.sampled_from(sorted(target.cases)))
    case = data.draw(target.cases[field])
    with caplog.at_level(logging.ERROR):
        assert INTERNAL not in target.errors(case), case.body
    assert [record.getMessage() for record in caplog.records] == []


def taken(schema: GraphQLSchema) -> set[str]:
    """Return the names of the scalars that *schema* takes in."""
    inputs: list[GraphQLArgument | GraphQLInputField] = []
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLInputObjectType):
            inputs += kind.fields.values()
        elif isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) and not kind.name.startswith("__"):
            inputs += (argument for field in kind.fields.values() for argument in field.args.values())
    kinds = (get_named_type(one.type) for one in inputs)
    return {kind.name for kind in kinds if isinstance(kind, GraphQLScalarType)}


def test_every_scalar_that_the_hub_takes_in_is_sent(target: Documented) -> None:
    """Schemathesis would send null for one that it does not know, and fail only where null will not do."""
    scalars = set[str]().union(*(taken(target.schema(path)) for path in ENDPOINTS))

    assert scalars - GRAPHQL_OWN == set(SCALARS)


def test_every_field_has_documents(target: Documented) -> None:
    assert len([field for field in target.cases if "/mikro/" in field]) > 60
    assert len([field for field in target.cases if "/rekuest/" in field]) > 15


@QUICK
@given(data=st.data())
def test_no_document_is_a_failure_of_the_hub(
    target: Documented, data: st.DataObject, caplog: pytest.LogCaptureFixture
) -> None:
    check(target, data, caplog)


@pytest.mark.long
@LONG
@given(data=st.data())
def test_no_document_is_a_failure_of_the_hub_at_length(
    target: Documented, data: st.DataObject, caplog: pytest.LogCaptureFixture
) -> None:
    check(target, data, caplog)
