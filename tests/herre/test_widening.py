"""A service wants more scopes than the login has: a person is asked for them, once (RFC 6750, section 3.1)."""

import asyncio
import time

import pytest

from arkitekt_di.errors import LoginRefusedError, LoginRequiredError, PermissionDeniedError
from arkitekt_di.fakts.cache import InMemoryClaimCache
from arkitekt_di.herre import Herre
from arkitekt_di.herre.choice import Surroundings
from arkitekt_di.herre.chosen_flow import ChosenFlow
from arkitekt_di.herre.claim import ClaimFlow
from arkitekt_di.herre.store import InMemoryTokenStore
from arkitekt_di.protocols.herre import WideningTokenSource
from arkitekt_di.settings.models import HerreSettings
from arkitekt_di.transport.graphql import HttpGraphQL
from tests.herre.logins import logged_in, make_fakts

pytestmark = pytest.mark.anyio

WATCHED = Surroundings(has_terminal=True)


def keeps_its_promise(herre: Herre) -> WideningTokenSource:
    return herre  # checked by mypy


@pytest.fixture
def store():
    return InMemoryTokenStore()


@pytest.fixture
def app(http, hub, store):
    """Return one run of an app; *here* may be changed meanwhile."""
    cache = InMemoryClaimCache()

    def app(here=WATCHED):
        fakts = make_fakts(http, hub.url, cache)
        look = here if callable(here) else (lambda: here)
        flow = ChosenFlow({}, ClaimFlow(fakts, http), fakts, HerreSettings(), look)
        return logged_in(fakts, http, store, time.time, flow=flow)

    return app


def graphql(http, hub, herre):
    async def endpoint():
        return f"{hub.url}/mikro/graphql"

    return HttpGraphQL(http, herre, endpoint)


async def test_a_person_is_asked_once_and_the_request_repeated(http, hub, app):
    async with app() as herre:
        hub.wanted_scope = "images:write"
        service = graphql(http, hub, herre)

        assert await service.execute("query Q { ok }", {}) == {"ok": True}
        assert await service.execute("query Q { ok }", {}) == {"ok": True}

        assert herre.scopes == ("openid", "images:write")
    assert hub.claims == 2


async def test_many_requests_at_once_ask_once(http, hub, app):
    async with app() as herre:
        hub.wanted_scope = "images:write"
        service = graphql(http, hub, herre)

        await asyncio.gather(*(service.execute("query Q { ok }", {}) for _ in range(5)))

    assert hub.claims == 2


async def test_the_next_run_has_what_was_granted(http, hub, app):
    async with app() as herre:
        hub.wanted_scope = "images:write"
        await graphql(http, hub, herre).execute("query Q { ok }", {})

    async with app() as herre:
        assert await graphql(http, hub, herre).execute("query Q { ok }", {}) == {"ok": True}
        assert herre.scopes == ("openid", "images:write")
    assert hub.claims == 2


async def test_a_no_leaves_the_login_as_it_was(http, hub, app, store):
    async with app() as herre:
        before = await herre.aget_token()
        hub.wanted_scope = "images:write"
        hub.poll_answers.append("access_denied")

        with pytest.raises(LoginRefusedError):
            await graphql(http, hub, herre).execute("query Q { ok }", {})

        assert await herre.aget_token() == before
        [kept] = store._kept.values()
        assert kept.access_token.get_secret_value() == before


async def test_where_nobody_can_be_asked_the_scopes_are_named(http, hub, app):
    here = [WATCHED]
    async with app(lambda: here[0]) as herre:
        here[0] = Surroundings()
        hub.wanted_scope = "images:write"

        with pytest.raises(LoginRequiredError, match="images:write"):
            await graphql(http, hub, herre).execute("query Q { ok }", {})
    assert hub.claims == 1


async def test_a_service_that_is_never_content_is_asked_twice(http, hub, app):
    async with app() as herre:
        service = graphql(http, hub, herre)
        said = 'Bearer error="insufficient_scope", scope="openid"'
        hub.answers["/mikro/graphql"] = (403, {}, {"WWW-Authenticate": said})
        hub.requests.clear()

        with pytest.raises(PermissionDeniedError):
            await service.execute("query Q { ok }", {})

    assert len(hub.requests) == 2
    assert hub.claims == 1


@pytest.mark.parametrize(
    "said",
    [
        "",
        "Bearer",
        'Bearer error="invalid_token", scope="images:write"',
        'Bearer error="insufficient_scope"',
        'Bearer error="insufficient_scope", scope=""',
        'Bearer error="insufficient_scope", scope="a\\"b"',
        'Bearer error="insufficient_scope", scope="sc\u00f6pe"',
        'Basic error="insufficient_scope", scope="images:write"',
        f'Bearer error="insufficient_scope", scope="{"x" * 129}"',
        f'Bearer error="insufficient_scope", scope="{" ".join(map(str, range(21)))}"',
    ],
    ids=["none", "bare", "other error", "no scope", "empty", "quote", "letter", "other scheme", "long", "many"],
)
async def test_any_other_refusal_asks_nobody(http, hub, app, said):
    async with app() as herre:
        hub.answers["/mikro/graphql"] = (403, {}, {"WWW-Authenticate": said})

        with pytest.raises(PermissionDeniedError):
            await graphql(http, hub, herre).execute("query Q { ok }", {})

    assert hub.claims == 1
