import asyncio

import pytest
from pydantic import SecretStr

from tests.server.identity.harness import Hub, part

pytestmark = pytest.mark.anyio
DAY = 24 * 3600


async def test_a_refresh_renews_token_and_configuration(hub: Hub) -> None:
    first = await hub.log_in()
    hub.clock.advance(3600)
    assert (await hub.userinfo(first["access_token"])).status == 401

    second = (await hub.refresh(first)).json

    assert (await hub.userinfo(second["access_token"])).status == 200
    assert second["refresh_token"] != first["refresh_token"]
    assert (second["instances"], second["statuses"]) == (first["instances"], first["statuses"])


async def test_two_uses_at_once_give_one_token_and_end_the_family(hub: Hub) -> None:
    first = await hub.log_in()

    answers = await asyncio.gather(*(hub.refresh(first) for _ in range(10)))

    assert sorted(answer.status for answer in answers) == [200] + [400] * 9
    winner = next(answer for answer in answers if answer.status == 200)
    assert (await hub.refresh(winner.json)).error == (400, "invalid_grant")


async def test_a_scope_never_grows_and_asking_costs_no_login(hub: Hub) -> None:
    first = await hub.log_in()

    assert (await hub.refresh(first, scope="openid admin")).error == (400, "invalid_scope")
    narrow = (await hub.refresh(first, scope="openid")).json
    wide = (await hub.refresh(narrow)).json

    assert narrow["scope"] == "openid"
    assert part(narrow["access_token"], 1)["scope"] == "openid"
    assert wide["scope"] == "openid profile"


async def test_another_client_gets_nothing_and_spoils_nothing(hub: Hub) -> None:
    ada, eve = await hub.log_in(), await hub.log_in(name="eve")

    assert (await hub.refresh({**ada, "client_id": eve["client_id"]})).error == (400, "invalid_grant")
    assert (await hub.refresh({**ada, "client_id": "nobody"})).error == (401, "invalid_client")
    assert (await hub.refresh(ada)).status == 200


async def test_a_refresh_token_expires_when_it_is_not_used(hub: Hub) -> None:
    tokens = await hub.log_in()
    hub.clock.advance(30 * DAY)

    assert (await hub.refresh(tokens)).error == (400, "invalid_grant")


async def test_a_login_ends_after_half_a_year_however_often_it_was_renewed(hub: Hub) -> None:
    tokens = await hub.log_in()
    for _ in range(8):
        hub.clock.advance(20 * DAY)
        tokens = (await hub.refresh(tokens)).json
    hub.clock.advance(20 * DAY)

    assert (await hub.refresh(tokens)).error == (400, "invalid_grant")
    assert (await hub.userinfo(tokens["access_token"])).status == 401


@pytest.mark.parametrize("kind", ["refresh_token", "access_token"])
async def test_revoking_a_token_ends_its_login(hub: Hub, kind: str) -> None:
    tokens = await hub.log_in()

    fields = {"token": tokens[kind], "token_type_hint": kind, "client_id": tokens["client_id"]}
    answer = await hub.send("POST", "/o/revoke/", data=fields)

    assert (answer.status, answer.json) == (200, {})
    assert (await hub.refresh(tokens)).error == (400, "invalid_grant")
    assert (await hub.userinfo(tokens["access_token"])).status == 401


@pytest.mark.parametrize("kind", ["refresh_token", "access_token"])
async def test_nobody_revokes_the_token_of_another_client(hub: Hub, kind: str) -> None:
    ada, eve = await hub.log_in(), await hub.log_in(name="eve")

    fields = {"token": ada[kind], "client_id": eve["client_id"]}
    assert (await hub.send("POST", "/o/revoke/", data=fields)).status == 200

    assert (await hub.userinfo(ada["access_token"])).status == 200
    assert (await hub.refresh(ada)).status == 200


async def test_revoking_what_is_no_token_is_fine_but_needs_a_client(hub: Hub) -> None:
    tokens = await hub.log_in()

    unknown = {"token": "nothing", "client_id": tokens["client_id"]}
    assert (await hub.send("POST", "/o/revoke/", data=unknown)).status == 200
    assert (await hub.send("POST", "/o/revoke/", data={"token": "nothing"})).error == (401, "invalid_client")
    assert (await hub.send("POST", "/o/revoke/", data={"client_id": "x"})).error == (400, "invalid_request")


async def test_a_reset_password_ends_every_login_of_the_user(hub: Hub) -> None:
    tokens = await hub.log_in()

    await hub.identity.users.reset_password("ADA", SecretStr("another horse battery"))

    assert (await hub.refresh(tokens)).error == (400, "invalid_grant")
    assert (await hub.userinfo(tokens["access_token"])).status == 401
