"""Every document that is sent is valid for the hub that answers it."""

import pytest
from graphql import build_schema, parse, validate

from arkitekt_di.mikro import documents
from arkitekt_di.server.mikro.schema import make_schema

SENT = {name: value for name, value in vars(documents).items() if name.isupper() and not name.startswith("_")}


@pytest.mark.parametrize("name", sorted(SENT))
def test_a_document_is_valid(name: str) -> None:
    schema = build_schema(make_schema().as_str())

    assert validate(schema, parse(SENT[name])) == []


def test_there_are_documents() -> None:
    assert len(SENT) >= 10
