import logging

import pytest

from tests.server.identity.harness import MANIFEST, Hub

pytestmark = pytest.mark.anyio
REPORT = {"alias_reports": {"mikro": {"alias_id": "mikro-hub", "reason": None, "valid": True}}, "functional": True}


async def report(hub: Hub, token: str, body: object) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return (await hub.send("POST", "/report/", json=body, headers=headers)).status


async def test_userinfo_tells_who_approved_the_app(hub: Hub) -> None:
    tokens = await hub.log_in()
    ada = hub.people["ada"]

    assert (await hub.userinfo(tokens["access_token"])).json == {
        "sub": ada.user_id,
        "preferred_username": "ada",
        "org": ada.organization_id,
        "active_org": "lab-of-ada",
        "organization_name": "Lab of ada",
        "roles": ["member"],
    }


async def test_userinfo_needs_the_scope_for_it(hub: Hub) -> None:
    tokens = await hub.log_in({**MANIFEST, "scopes": ["profile"]})

    answer = await hub.userinfo(tokens["access_token"])

    assert answer.status == 403
    assert 'error="insufficient_scope", scope="openid"' in answer.headers["WWW-Authenticate"]


async def test_two_users_see_themselves_only(hub: Hub) -> None:
    ada, eve = await hub.log_in(), await hub.log_in(name="eve")

    assert (await hub.userinfo(ada["access_token"])).json["preferred_username"] == "ada"
    assert (await hub.userinfo(eve["access_token"])).json["preferred_username"] == "eve"
    assert (await hub.userinfo(ada["access_token"])).json["org"] != (await hub.userinfo(eve["access_token"])).json[
        "org"
    ]


async def test_a_report_is_summed_up_in_the_log(hub: Hub, caplog: pytest.LogCaptureFixture) -> None:
    tokens = await hub.log_in()
    broken = {"alias_reports": {"mikro\nforged line": {"valid": False}}, "functional": False}

    with caplog.at_level(logging.INFO):
        assert await report(hub, tokens["access_token"], REPORT) == 200
        assert await report(hub, tokens["access_token"], broken) == 200

    lines = [one for one in caplog.records if one.name.endswith("app_endpoint")]
    assert [one.levelno for one in lines] == [logging.INFO, logging.WARNING]
    assert "\n" not in lines[1].getMessage()


async def test_reports_are_bounded(hub: Hub) -> None:
    token = (await hub.log_in())["access_token"]

    assert await report(hub, "nonsense", REPORT) == 401
    assert await report(hub, token, {"functional": True}) == 400
    assert await report(hub, token, {**REPORT, "padding": "x" * 70_000}) == 413
    assert await report(hub, token, {**REPORT, "alias_reports": {str(n): {} for n in range(65)}}) == 400
    for _ in range(60):
        last = await report(hub, token, REPORT)
    assert last == 429
    hub.clock.advance(60)
    assert await report(hub, token, REPORT) == 200
