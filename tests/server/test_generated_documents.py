"""GraphQL documents that schemathesis makes of what each endpoint says about itself: none is a failure of the hub."""

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from graphql import NameNode, ObjectFieldNode, ValueNode
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case
from schemathesis.graphql import nodes

from arkitekt_di.server.graphql.failures import INTERNAL
from tests.server.graphql_samples import INTROSPECTION
from tests.server.operations import Operation, operations_of
from tests.server.whole_hub import WholeHub, whole_hub


def member(name: str, value: ValueNode) -> ObjectFieldNode:
    return ObjectFieldNode(name=NameNode(value=name), value=value)


ENDPOINTS = ("/mikro/graphql", "/rekuest/graphql")
IDENTIFIERS = st.text(max_size=40).map(nodes.String)
SCALARS = {
    "Args": st.dictionaries(st.from_regex(r"[a-z]{1,9}", fullmatch=True), st.integers(-9, 9), max_size=3).map(
        lambda args: nodes.Object([member(name, nodes.Int(value)) for name, value in args.items()])
    ),
    "ArrayLike": IDENTIFIERS,
    "Extent": st.lists(st.integers(-1, 2**40), max_size=6).map(lambda sizes: nodes.List([*map(nodes.Int, sizes)])),
    "FileLike": IDENTIFIERS,
    "ParquetLike": IDENTIFIERS,
    "ThreeDVector": st.lists(st.floats(-1e300, 1e300), max_size=4).map(
        lambda vector: nodes.List([*map(nodes.Float, vector)])
    ),
}
"""What is sent for the scalars that only the hub knows."""


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

    def _operations(self, path: str) -> list[Operation]:
        told = self.runner.run(self.hub.graphql(path, INTROSPECTION, {}, by="ada"))
        schema = schemathesis.graphql.from_dict(told["data"])
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
