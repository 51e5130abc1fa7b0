import gzip
import json
from collections.abc import Callable, Iterator

import pytest
from anyio.from_thread import start_blocking_portal
from graphql import get_introspection_query, parse
from hypothesis import given, settings
from hypothesis import strategies as st

from arkitekt_di.server.database import Database
from arkitekt_di.server.graphql.limits import MAX_FIELDS, size_of
from tests.server.images.documents import CREATE, GET, LIST
from tests.server.images.image_hub import ImageHub, open_hub

pytestmark = pytest.mark.anyio
URL = "/mikro/graphql"
ADA = {"Authorization": "Bearer ada", "Content-Type": "application/json"}


async def test_the_service_gives_a_sign_of_life(hub: ImageHub) -> None:
    async with hub.client.get("/mikro/ht") as response:
        assert response.status == 200
        assert await response.json() == {"status": "ok"}


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer mallory"}, {"Authorization": "Basic ada"}])
async def test_nothing_is_answered_without_a_token(hub: ImageHub, headers: dict[str, str]) -> None:
    async with hub.client.post(URL, json={"query": "{ __typename }"}, headers=headers) as response:
        assert response.status == 401
        assert response.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"5",
        b'"text"',
        b"[]",
        b'[{"query": "{ __typename }"}]',
        b"\xff\xfe",
        b'{"query": "{ __typename \\ud800 }"}',
        b'{"query": 5}',
        b'{"query": null}',
        b'{"query": ""}',
        b"{}",
        b'{"query": "{ __typename }", "variables": []}',
        b'{"query": "{ __typename }", "operationName": 5}',
        b'{"query": "{ __typename }", "operationName": ["a"]}',
        b'{"query": "{ __typename }", "extensions": 1}',
        b"[" * 100_000,
        b'{"query":' * 20_000,
    ],
)
async def test_a_body_that_is_no_request_is_refused_as_such(hub: ImageHub, body: bytes) -> None:
    async with hub.client.post(URL, data=body, headers=ADA) as response:
        assert response.status == 400


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"])
async def test_a_body_of_another_kind_is_refused(hub: ImageHub, kind: str) -> None:
    async with hub.client.post(URL, data=b"query=1", headers=ADA | {"Content-Type": kind}) as response:
        assert response.status == 400


@pytest.mark.parametrize("encode", [bytes, gzip.compress])
async def test_a_body_is_bounded_even_when_it_was_packed(hub: ImageHub, encode: Callable[[bytes], bytes]) -> None:
    body = json.dumps({"query": "{ __typename }" + " " * 300_000}).encode()
    headers = ADA | ({"Content-Encoding": "gzip"} if encode is gzip.compress else {})

    async with hub.client.post(URL, data=encode(body), headers=headers) as response:
        assert response.status == 413


async def test_operations_do_not_travel_in_addresses(hub: ImageHub) -> None:
    async with hub.client.get(URL, params={"query": "{ __typename }"}, headers=ADA) as response:
        assert response.status == 426


@pytest.mark.parametrize(
    "document",
    [
        "{",
        "{ unknown }",
        "query { arrayDataset(id: 5.5) { id } }",
        "mutation { createArrayDataset(input: {}) { id } }",
        "mutation { deleteEverything }",
        "subscription { arrayDatasets { delete } }",
        "fragment A on Query { ...A } { ...A }",
        "{ ...Missing }",
        "{ arrayDatasets { ...A } } fragment A on ArrayDataset { id ...B } fragment B on ArrayDataset { ...A }",
        "{ a" + "{ b" * 400 + "}" * 400 + "}",
        "query($v: " + "[" * 400 + "Int" + "]" * 400 + ") { __typename }",
        "{ arrayDatasets(filters: " + "{search: " * 300 + "1" + "}" * 300 + ") { id } }",
        "query($v: " + "[" * 290 + "Int" + "]" * 290 + ") { __typename }",
        "{ arrayDatasets(filters: {search: " + "[" * 290 + "1" + "]" * 290 + "}) { id } }",
        "type Query { a: Int }",
        "{ __typename @skip(if: 3) @unknown }",
        '{ arrayDataset(id: "\\u0000") { id } }',
        '{ arrayDatasets(filters: {search: "\\ud800"}) { id } }',
    ],
)
async def test_a_wrong_document_is_answered_with_an_error_that_has_a_code(hub: ImageHub, document: str) -> None:
    async with hub.client.post(URL, json={"query": document}, headers=ADA) as response:
        assert response.status in {200, 400}
        if response.status == 200:
            errors = (await response.json())["errors"]
            assert errors
            assert {error["extensions"]["code"] for error in errors} <= {"INVALID_REQUEST", "NOT_FOUND"}


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("{" + " __typename" * 1000 + "}", "tokens"),
        ("{" + " ".join(f"a{n}: __typename" for n in range(17)) + "}", "16 aliases"),
        ("{ a" + "{ b" * 17 + "}" * 17 + "}", "16 levels"),
    ],
)
async def test_a_document_that_asks_for_too_much_is_refused(hub: ImageHub, document: str, reason: str) -> None:
    answer = await hub.post({"query": document})

    assert reason in answer["errors"][0]["message"]
    assert answer["errors"][0]["extensions"]["code"] == "INVALID_REQUEST"


async def test_fragments_that_spread_one_another_twice_are_refused_at_once(hub: ImageHub) -> None:
    links = "".join(f" fragment F{n} on ArrayDataset {{ ...F{n + 1} ... {{ ...F{n + 1} }} }}" for n in range(20))
    document = "{ arrayDatasets { ...F0 } } fragment F20 on ArrayDataset { id }" + links

    assert size_of(parse(document)).fields == 1 + 2**20
    assert f"{MAX_FIELDS} fields" in (await hub.post({"query": document}))["errors"][0]["message"]


async def test_tools_may_read_the_schema(hub: ImageHub) -> None:
    answer = await hub.post({"query": get_introspection_query()})

    assert {kind["name"] for kind in answer["data"]["__schema"]["types"]} >= {"ArrayDataset", "ZarrUploadGrant"}


async def test_one_request_holds_several_operations_and_names_one(hub: ImageHub) -> None:
    answer = await hub.post({"query": "query A { a: __typename } query B { b: __typename }", "operationName": "B"})

    assert answer["data"] == {"b": "Query"}


async def test_what_nobody_expected_is_logged_and_not_told(
    hub: ImageHub, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    await hub.endpoint.stop()
    await database.stop()

    answer = await hub.post({"query": "query Mine { arrayDatasets { id } }"})

    (error,) = answer["errors"]
    assert (error["message"], error["extensions"]) == ("internal error", {"code": "INTERNAL"})
    (record,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert "Mine failed" in record.getMessage()
    assert record.exc_info is not None
    assert "the database is not open" in str(record.exc_info[1])


_json: st.SearchStrategy[object] = st.deferred(
    lambda: (
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(max_size=20)
        | st.lists(_json, max_size=4)
        | st.dictionaries(st.text(max_size=8), _json, max_size=4)
    )
)
VOCABULARY = """
query mutation subscription fragment on { } ( ) [ ] : ... $ @ ! = | & # " 1 -1 1.5 null true id a b Query arrayDatasets
arrayDataset input filters search pagination limit offset __typename __schema ArrayDataset
"""
_words = st.sampled_from(VOCABULARY.split())


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[object], int]]:
    """Return a function that sends a request to a hub and returns the status of the answer."""

    async def send(body: object) -> int:
        async with hub.client.post(URL, data=json.dumps(body), headers=ADA) as response:
            await response.read()
            return response.status

    folder = tmp_path_factory.mktemp("fuzzed")
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(open_hub(folder)) as hub:
        yield lambda body: portal.call(send, body)


@settings(max_examples=50, deadline=None)
@given(document=st.lists(_words, max_size=40).map(" ".join), variables=_json)
def test_no_request_makes_the_hub_fail(fuzzed: Callable[[object], int], document: str, variables: object) -> None:
    for query in (document, GET, LIST, CREATE):
        assert fuzzed({"query": query, "variables": variables}) < 500
