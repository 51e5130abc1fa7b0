import asyncio
from typing import Any

import pytest

from arkitekt_di.server.identity import device_codes
from arkitekt_di.server.identity.opaque import USER_CODE_ALPHABET
from tests.server.identity.harness import MANIFEST, MIKRO, Hub, part

pytestmark = pytest.mark.anyio


async def test_an_approved_app_gets_tokens_its_services_and_who_approved_it(hub: Hub) -> None:
    issued = await hub.ask()
    assert (await hub.poll(issued)).error == (400, "authorization_pending")

    await hub.approve(issued)
    answer = await hub.poll(issued)

    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    tokens = answer.json
    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] == 3600
    assert tokens["scope"] == "openid profile"
    assert tokens["client_id"] == issued["client_id"]
    assert tokens["statuses"] == {"mikro": "granted", "other": "unavailable"}
    assert set(tokens["instances"]) == {"mikro"}
    assert tokens["instances"]["mikro"]["aliases"][0]["path"] == "mikro"
    assert tokens["self"]["deployment_name"] == "Hub <b>of</b> tests"
    assert tokens["self"]["sub"] == hub.people["ada"].user_id
    assert tokens["self"]["organization"] == "lab-of-ada"


async def test_the_access_token_carries_the_claims_that_services_of_arkitekt_read(hub: Hub) -> None:
    tokens = await hub.log_in()
    claims = part(tokens["access_token"], 1)
    ada = hub.people["ada"]

    assert part(tokens["access_token"], 0)["typ"] == "at+jwt"
    assert claims["iss"] == f"{hub.url}/o"
    assert claims["sub"] == ada.user_id
    assert claims["exp"] - claims["iat"] == 3600
    assert claims["aud"] == ["lok", MIKRO, "mikro"]
    assert claims["org"] == ada.organization_id
    assert claims["active_org"] == "lab-of-ada"
    assert claims["preferred_username"] == "ada"
    assert claims["roles"] == ["member"]
    assert claims["client_id"] == tokens["client_id"]
    assert (claims["client_app"], claims["client_release"]) == ("cell-counter", "2.1.0")
    assert (claims["client_device"], claims["client_role"]) == ("microscope-pc", "interface")
    assert claims["jti"]


async def test_codes_follow_rfc_8628(hub: Hub) -> None:
    issued = await hub.ask()

    assert issued["status"] == "granted"
    first, second = issued["user_code"].split("-")
    assert len(first) == len(second) == 4
    assert set(first + second) <= set(USER_CODE_ALPHABET)
    assert issued["verification_uri"] == f"{hub.url}/device"
    assert issued["verification_uri_complete"] == f"{hub.url}/configure/{issued['user_code']}"
    assert issued["interval"] == 1
    assert issued["expires_in"] == 300


async def test_an_app_may_ask_for_less_time_but_not_for_more(hub: Hub) -> None:
    assert (await hub.ask(expiration_time_seconds=60))["expires_in"] == 60
    assert (await hub.ask(expiration_time_seconds=10**12))["expires_in"] == 300


async def test_a_denied_code_is_access_denied(hub: Hub) -> None:
    issued = await hub.ask()
    assert await hub.identity._codes.deny(issued["user_code"])

    assert (await hub.poll(issued)).error == (400, "access_denied")
    assert (await hub.poll(issued)).error == (400, "access_denied")


async def test_an_expired_code_is_expired_even_when_it_was_approved(hub: Hub) -> None:
    waiting, approved = await hub.ask(), await hub.ask()
    await hub.approve(approved)
    hub.clock.advance(300)

    assert (await hub.poll(waiting)).error == (400, "expired_token")
    assert (await hub.poll(approved)).error == (400, "expired_token")
    assert not await hub.identity._codes.deny(waiting["user_code"])


async def test_polling_too_fast_slows_the_app_down_for_good(hub: Hub) -> None:
    issued = await hub.ask()

    assert (await hub.poll(issued)).error == (400, "authorization_pending")
    hub.clock.advance(0.3)
    assert (await hub.poll(issued)).error == (400, "slow_down")
    hub.clock.advance(2.0)
    assert (await hub.poll(issued)).error == (400, "slow_down")  # 6 s are asked for now
    hub.clock.advance(11.0)
    assert (await hub.poll(issued)).error == (400, "authorization_pending")


async def test_a_poll_every_second_is_never_too_fast(hub: Hub) -> None:
    issued = await hub.ask()

    for _ in range(5):
        hub.clock.advance(0.98)  # networks are not clocks
        assert (await hub.poll(issued)).error == (400, "authorization_pending")


async def test_one_of_fifty_concurrent_redemptions_gets_the_token(hub: Hub) -> None:
    issued = await hub.ask()
    await hub.approve(issued)

    answers = await asyncio.gather(*(hub.poll(issued) for _ in range(50)))

    assert sorted(answer.status for answer in answers) == [200] + [400] * 49
    assert {answer.json["error"] for answer in answers if answer.status == 400} == {"invalid_grant"}


async def test_a_code_that_is_used_again_ends_what_the_first_use_got(hub: Hub) -> None:
    issued = await hub.ask()
    await hub.approve(issued)
    tokens = (await hub.poll(issued)).json
    assert (await hub.userinfo(tokens["access_token"])).status == 200

    assert (await hub.poll(issued)).error == (400, "invalid_grant")

    assert (await hub.userinfo(tokens["access_token"])).status == 401
    assert (await hub.refresh(tokens)).error == (400, "invalid_grant")


async def test_a_code_is_bound_to_its_client_and_not_burned_by_another(hub: Hub) -> None:
    issued, other = await hub.ask(), await hub.ask()
    await hub.approve(issued)

    stolen = await hub.poll({**issued, "client_id": other["client_id"]})

    assert stolen.error == (400, "invalid_grant")
    assert (await hub.poll(issued)).status == 200


async def test_an_unknown_client_is_invalid_client(hub: Hub) -> None:
    issued = await hub.ask()

    assert (await hub.poll({**issued, "client_id": "nobody"})).error == (401, "invalid_client")


async def test_only_scopes_that_the_hub_knows_are_granted(hub: Hub) -> None:
    greedy = await hub.log_in({**MANIFEST, "scopes": ["admin", "profile", "everything"]})
    modest = await hub.log_in({**MANIFEST, "scopes": []})

    assert greedy["scope"] == "profile"
    assert modest["scope"] == "openid"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"manifest": {}},
        {"manifest": {"identifier": "a/b"}},
        {"manifest": MANIFEST, "requested_client_kind": "relying_party"},
        {"manifest": MANIFEST, "expiration_time_seconds": 0},
    ],
)
async def test_a_request_that_makes_no_sense_is_refused_in_fakts_and_in_oauth(hub: Hub, body: dict[str, Any]) -> None:
    answer = await hub.send("POST", "/o/app-authorization/", json=body)

    assert answer.status == 400
    assert (answer.json["status"], answer.json["error"]) == ("error", "invalid_request")


async def test_apps_cannot_register_without_end(hub: Hub) -> None:
    answers = [await hub.send("POST", "/o/app-authorization/", json={"manifest": MANIFEST}) for _ in range(61)]

    assert [answer.status for answer in answers] == [200] * 60 + [429]
    assert answers[-1].json == {"error": "slow_down"}
    hub.clock.advance(60)
    assert await hub.ask()


async def test_apps_that_wait_are_bounded_whoever_sends_them(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_codes, "MAX_WAITING", 2)
    first, _ = await hub.ask(), await hub.ask()

    refused = await hub.send("POST", "/o/app-authorization/", json={"manifest": MANIFEST})

    assert (refused.status, refused.json) == (429, {"error": "slow_down"})
    await hub.approve(first)
    assert await hub.ask()


async def test_apps_that_nobody_let_in_are_forgotten(hub: Hub) -> None:
    kept, dropped = await hub.ask(), await hub.ask()
    await hub.approve(kept)
    tokens = (await hub.poll(kept)).json
    hub.clock.advance(300 + 3600)
    await hub.ask()

    assert (await hub.poll(dropped)).error == (401, "invalid_client")
    assert (await hub.refresh(tokens)).status == 200
