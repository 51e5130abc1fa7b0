import pytest

from arkitekt_di.errors import (
    ConnectionLostError,
    HubRefusedError,
    LoginRequiredError,
    PermissionDeniedError,
    StorageFullError,
)
from arkitekt_di.transport.graphql import HttpGraphQL, operation_name

pytestmark = pytest.mark.anyio

DOCUMENT = """
query GetImage($id: ID!) { image(id: $id) { id } }
"""


class Tokens:
    """Gives the tokens in order; each renewal takes the next."""

    def __init__(self, *tokens):
        self.tokens = list(tokens)
        self.renewals = 0

    async def aget_token(self):
        return self.tokens[0]

    async def arefresh_token(self, stale):
        assert stale == self.tokens.pop(0)
        self.renewals += 1
        return self.tokens[0]


def client(http, hub, tokens):
    async def endpoint():
        return f"{hub.url}/mikro/graphql"

    return HttpGraphQL(http, tokens, endpoint)


@pytest.fixture
def good(http, hub):
    hub.good_access.add("good")
    return client(http, hub, Tokens("good"))


async def test_data_comes_back(good):
    assert await good.execute(DOCUMENT, {"id": "1"}) == {"ok": True}


async def test_a_refused_token_is_renewed_once_and_the_request_repeated(http, hub):
    hub.good_access.add("new")
    tokens = Tokens("old", "new")

    assert await client(http, hub, tokens).execute(DOCUMENT, {}) == {"ok": True}
    assert tokens.renewals == 1


async def test_a_renewed_token_that_is_refused_asks_for_a_login(http, hub):
    tokens = Tokens("canary-old", "canary-new", "canary-newer")

    with pytest.raises(LoginRequiredError, match="Open the app again") as caught:
        await client(http, hub, tokens).execute(DOCUMENT, {})

    assert tokens.renewals == 1
    assert "canary" not in str(caught.value)


async def test_errors_carry_operation_messages_and_codes(good, hub):
    hub.graphql = {"data": None, "errors": [{"message": "no such image", "extensions": {"code": "NOT_FOUND"}}]}

    with pytest.raises(HubRefusedError) as caught:
        await good.execute(DOCUMENT, {})

    assert caught.value.operation == "GetImage"
    assert caught.value.messages == ("no such image",)
    assert caught.value.codes == ("NOT_FOUND",)


@pytest.mark.parametrize(
    "errors", [["text"], "text", [{"message": None}], [{"extensions": 3}], [{"extensions": {"code": 3}}]]
)
async def test_strange_errors_are_errors_still(good, hub, errors):
    hub.graphql = {"errors": errors}

    with pytest.raises(HubRefusedError) as caught:
        await good.execute(DOCUMENT, {})

    assert caught.value.codes == ()


async def test_a_full_disk_is_told_as_such(good, hub):
    hub.graphql = {"errors": [{"message": "disk full", "extensions": {"code": "STORAGE_FULL"}}]}

    with pytest.raises(StorageFullError):
        await good.execute(DOCUMENT, {})


@pytest.mark.parametrize(
    ("status", "error"), [(403, PermissionDeniedError), (507, StorageFullError), (502, ConnectionLostError)]
)
async def test_statuses_become_our_errors(good, hub, status, error):
    hub.answers["/mikro/graphql"] = (status, ["not GraphQL"], {})

    with pytest.raises(error):
        await good.execute(DOCUMENT, {})


async def test_an_answer_without_data_is_no_answer(good, hub):
    hub.graphql = {"data": None}

    with pytest.raises(ConnectionLostError):
        await good.execute(DOCUMENT, {})


@pytest.mark.parametrize(
    ("document", "name"),
    [
        (DOCUMENT, "GetImage"),
        ("mutation  Create($x: Int) { create(x: $x) { id } }", "Create"),
        ("# query Fake\nsubscription S { s }", "S"),
        ("fragment F on Image { id }\nquery Q { image { ...F } }", "Q"),
        ("{ image { id } }", None),
    ],
)
def test_the_operation_is_named_by_the_document(document, name):
    assert operation_name(document) == name
