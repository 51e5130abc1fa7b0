import asyncio
import pickle
import time

import pytest
from pydantic import SecretStr

from arkitekt_di.errors import ConnectionLostError, LoginError, LoginRefusedError, LoginRequiredError
from arkitekt_di.fakts.cache import ClaimKey, InMemoryClaimCache
from arkitekt_di.herre import Herre
from arkitekt_di.herre.service import User
from arkitekt_di.herre.store import InMemoryTokenStore, TokenKey
from arkitekt_di.protocols.herre import TokenSource
from arkitekt_di.settings.models import HerreSettings
from arkitekt_di.testing.clock import ManualClock
from arkitekt_di.transport.graphql import HttpGraphQL
from tests.herre.logins import MANIFEST, logged_in, make_fakts

pytestmark = pytest.mark.anyio


@pytest.fixture
def clock():
    return ManualClock(time.time())


@pytest.fixture
def store():
    return InMemoryTokenStore()


@pytest.fixture
def cache():
    return InMemoryClaimCache()


@pytest.fixture
def app(http, hub, cache, store, clock):
    """Return how one run of an app begins."""

    def app(*, key=None, **members):
        fakts = make_fakts(http, hub.url, cache, key=key)
        return logged_in(fakts, http, store, clock, HerreSettings(**members))

    return app


@pytest.fixture
def kept(store, hub):
    """Return what the store has for the app."""
    return lambda: store.load(TokenKey(hub.url, MANIFEST.digest()))


def keeps_its_promise(herre: Herre) -> TokenSource:
    return herre  # checked by mypy


async def test_a_first_start_asks_a_person_once_and_gives_a_good_token(app, hub):
    async with app() as herre:
        assert await herre.aget_token() in hub.good_access
        assert herre.user == User("ada", "lab")

    assert hub.claims == 1


async def test_a_second_start_asks_nobody(app, hub):
    async with app() as herre:
        token = await herre.aget_token()
    before = len(hub.requests)

    async with app() as herre:
        assert await herre.aget_token() == token
        assert herre.user.sub == "ada"

    assert [path for _, path, _ in hub.requests[before:]] == ["/.well-known/fakts"]


async def test_a_start_with_an_expired_token_renews_it_and_asks_nobody(app, hub, clock):
    async with app() as herre:
        token = await herre.aget_token()
    clock.now += 3600

    async with app() as herre:
        assert await herre.aget_token() != token

    assert (hub.claims, hub.refreshes) == (1, 1)


async def test_a_start_with_a_token_but_no_configuration_renews_both(app, hub, cache):
    async with app():
        pass
    cache.forget(ClaimKey(hub.url, MANIFEST.digest()))

    async with app() as herre:
        assert herre.user.sub == "ada"

    assert (hub.claims, hub.refreshes) == (1, 1)


async def test_a_start_with_a_login_that_the_hub_has_ended_asks_a_person_again(app, hub, clock):
    async with app():
        pass
    hub.end_logins()
    clock.now += 3600

    async with app() as herre:
        assert await herre.aget_token() in hub.good_access

    assert hub.claims == 2


async def test_a_refused_start_leaves_nothing_behind(app, hub, kept):
    hub.poll_answers.append("access_denied")

    with pytest.raises(LoginRefusedError):
        async with app():
            pass

    assert kept() is None


async def test_a_token_is_renewed_before_it_expires(app, hub, clock):
    async with app(expiry_skew_s=60) as herre:
        token = await herre.aget_token()
        clock.now += 3600 - 61 - 10  # the claim itself took a moment
        assert await herre.aget_token() == token
        clock.now += 72

        assert await herre.aget_token() != token
        assert hub.refreshes == 1


async def test_many_callers_get_one_renewal(app, hub):
    async with app() as herre:
        stale = await herre.aget_token()

        tokens = await asyncio.gather(*(herre.arefresh_token(stale) for _ in range(50)))

        assert len(set(tokens)) == 1
        assert tokens[0] != stale
        assert hub.refreshes == 1


async def test_a_caller_that_comes_late_with_a_stale_token_gets_the_new_one(app, hub):
    async with app() as herre:
        stale = await herre.aget_token()
        new = await herre.arefresh_token(stale)

        assert await herre.arefresh_token(stale) == new
        assert hub.refreshes == 1


async def test_every_renewal_is_kept(app, hub, kept):
    async with app() as herre:
        for _ in range(3):
            new = await herre.arefresh_token(await herre.aget_token())
            assert kept().access_token.get_secret_value() == new

    assert hub.refreshes == 3


async def test_a_caller_that_gives_up_does_not_cut_a_renewal_off(app, hub, kept):
    async with app() as herre:
        stale = await herre.aget_token()
        hub.was_asked.clear()
        hub.may_answer.clear()
        caller = asyncio.create_task(herre.arefresh_token(stale))
        await hub.was_asked.wait()
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        hub.may_answer.set()

        new = await herre.arefresh_token(stale)

        assert hub.refreshes == 1
        assert kept().access_token.get_secret_value() == new


async def test_stopping_waits_for_a_renewal_that_is_under_way(app, hub, kept):
    async with app() as herre:
        stale = await herre.aget_token()
        hub.was_asked.clear()
        hub.may_answer.clear()
        caller = asyncio.create_task(herre.arefresh_token(stale))
        await hub.was_asked.wait()
        hub.may_answer.set()

    assert kept().access_token.get_secret_value() == await caller
    assert hub.refreshes == 1


async def test_a_login_that_the_hub_has_ended_is_wiped_and_told(app, hub, kept, clock):
    async with app() as herre:
        hub.end_logins()
        clock.now += 3600

        with pytest.raises(LoginRequiredError, match="Open the app again"):
            await herre.aget_token()
        with pytest.raises(LoginRequiredError):
            await herre.aget_token()

        assert kept() is None


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((400, {"error": "temporarily_unavailable"}, {}), LoginError),
        ((503, "busy", {}), ConnectionLostError),
        ((200, {"access_token": "half an answer"}, {}), ConnectionLostError),
    ],
)
async def test_a_hub_in_trouble_costs_nobody_the_login(app, hub, kept, answer, error):
    async with app() as herre:
        stale = await herre.aget_token()
        hub.answers["/o/token/"] = answer
        with pytest.raises(error):
            await herre.arefresh_token(stale)

        hub.answers.clear()

        assert await herre.arefresh_token(stale) in hub.good_access
        assert kept() is not None


async def test_a_hub_that_does_not_rotate_keeps_the_old_refresh_token_good(app, hub, kept):
    async with app() as herre:
        before = kept().refresh_token
        answer = {"access_token": "new", "client_id": "c", "self": {"deployment_name": "d"}}
        hub.answers["/o/token/"] = (200, answer, {})

        await herre.arefresh_token(await herre.aget_token())

        assert kept().refresh_token == before


KEY = SecretStr("the mandate key")


async def test_with_a_key_nothing_is_kept_and_a_claim_renews(app, hub, kept, clock):
    async with app(key=KEY) as herre:
        token = await herre.aget_token()
        clock.now += 3600

        assert await herre.aget_token() != token

    assert hub.claims == 2
    assert kept() is None


async def test_with_a_key_many_callers_get_one_claim(app, hub):
    async with app(key=KEY) as herre:
        stale = await herre.aget_token()

        tokens = await asyncio.gather(*(herre.arefresh_token(stale) for _ in range(50)))

    assert len(set(tokens)) == 1
    assert hub.claims == 2


async def test_a_start_that_is_given_up_does_not_cut_a_renewal_off(app, hub, kept, clock):
    async with app():
        pass
    clock.now += 3600
    hub.was_asked.clear()
    hub.may_answer.clear()

    async def run():
        async with app():
            pytest.fail("it was given up before")

    start = asyncio.create_task(run())
    await hub.was_asked.wait()
    start.cancel()
    await asyncio.sleep(0)
    hub.may_answer.set()
    with pytest.raises(asyncio.CancelledError):
        await start

    assert kept().access_token.get_secret_value() in hub.good_access
    assert kept().expires_at > clock.now


async def test_another_program_renewed_first_and_its_token_is_taken(app, hub):
    async with app() as one, app() as other:
        stale = await one.aget_token()
        new = await one.arefresh_token(stale)

        assert await other.arefresh_token(stale) == new
        assert hub.refreshes == 1


async def test_a_program_that_renews_for_ever_is_told(app, store, hub):
    async with app(lock_timeout_s=0.1) as herre, store.exclusive(TokenKey(hub.url, MANIFEST.digest()), timeout_s=1):
        with pytest.raises(LoginError, match="another program"):
            await herre.arefresh_token(await herre.aget_token())


async def test_a_renewal_brings_the_fresh_configuration(http, hub, cache, store, clock):
    fakts = make_fakts(http, hub.url, cache)
    async with logged_in(fakts, http, store, clock) as herre:
        hub.service_path = "moved"

        await herre.arefresh_token(await herre.aget_token())

        assert fakts.active.instances["mikro"].aliases[0].path == "moved"


async def test_a_stale_configuration_of_an_earlier_run_is_renewed_by_the_login(http, hub, cache, store, clock):
    hub.service_path = "moved"
    async with logged_in(make_fakts(http, hub.url, cache), http, store, clock):
        pass
    hub.service_path = "mikro"
    fakts = make_fakts(http, hub.url, cache)

    async with logged_in(fakts, http, store, clock):
        assert (await fakts.aget_alias("mikro")).path == "mikro"

    assert (hub.claims, hub.refreshes) == (1, 1)


async def test_logging_out_ends_the_login_here_and_at_the_hub(app, hub, kept):
    async with app() as herre:
        refresh = kept().refresh_token
        await herre.logout()

        assert kept() is None
        assert hub.revocations == 1
        assert refresh.get_secret_value() not in hub._good_refresh
        with pytest.raises(LoginRequiredError):
            await herre.aget_token()
        with pytest.raises(LoginRequiredError):
            await herre.logout()


async def test_logging_out_of_a_hub_that_is_away_forgets_the_login_and_tells(app, hub, kept):
    async with app() as herre:
        hub.answers["/o/revoke/"] = (503, "busy", {})

        with pytest.raises(ConnectionLostError):
            await herre.logout()

        assert kept() is None


async def test_logging_out_of_a_hub_that_revokes_nothing_forgets_the_login(app, hub, kept):
    hub.document["revocation_endpoint"] = None
    async with app() as herre:
        await herre.logout()

    assert kept() is None


async def test_a_service_that_refuses_the_token_gets_a_renewed_one(http, hub, cache, store, clock):
    fakts = make_fakts(http, hub.url, cache)

    async def endpoint():
        return (await fakts.aget_alias("mikro")).url("graphql")

    async with logged_in(fakts, http, store, clock) as herre:
        hub.good_access.clear()

        assert await HttpGraphQL(http, herre, endpoint).execute("query Q { ok }", {}) == {"ok": True}
        assert hub.refreshes == 1


async def test_it_shows_who_is_logged_in_and_cannot_be_pickled(app):
    async with app() as herre:
        assert "ada" in repr(herre)
        for secret in (herre, herre._token):
            with pytest.raises(TypeError, match="never pickled"):
                pickle.dumps(secret)

    assert repr(herre) == "Herre(not logged in)"


# --- a login that was made elsewhere -------------------------------------------------------------


@pytest.fixture
async def elsewhere(app, kept):
    """Return a login that was made on another machine, as FAKTS_TOKEN has it."""
    async with app():
        pass
    token = kept()
    return SecretStr(f"{token.client_id}:{token.refresh_token.get_secret_value()}")


async def test_a_login_from_elsewhere_is_used_up_once_and_then_kept(http, hub, elsewhere, clock):
    store, cache = InMemoryTokenStore(), InMemoryClaimCache()
    seen = []
    for _ in range(3):
        async with logged_in(make_fakts(http, hub.url, cache, token=elsewhere), http, store, clock) as herre:
            seen.append(await herre.aget_token())
        clock.now += 3600

    assert set(seen) <= hub.good_access
    assert (hub.claims, hub.refreshes) == (1, 3)


async def test_two_programs_that_start_with_one_login_from_elsewhere_both_run(http, hub, elsewhere, clock):
    store, cache = InMemoryTokenStore(), InMemoryClaimCache()

    async def run():
        async with logged_in(make_fakts(http, hub.url, cache, token=elsewhere), http, store, clock) as herre:
            return await herre.aget_token()

    assert set(await asyncio.gather(run(), run())) <= hub.good_access


async def test_another_login_from_elsewhere_is_another_login(http, hub, elsewhere, clock):
    store, cache = InMemoryTokenStore(), InMemoryClaimCache()
    async with logged_in(make_fakts(http, hub.url, cache, token=elsewhere), http, store, clock):
        pass

    other = make_fakts(http, hub.url, cache, token=SecretStr("client:another"))
    with pytest.raises(LoginRefusedError):
        async with logged_in(other, http, store, clock):
            pass
