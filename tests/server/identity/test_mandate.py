import asyncio
import logging
from pathlib import Path

import pytest
from pydantic import SecretStr

from arkitekt_di.errors import AccountRefusedError, AutomaticApprovalError, UserNotFoundError
from arkitekt_di.server.address import Address
from arkitekt_di.server.database import Database
from arkitekt_di.server.directory import Directory
from arkitekt_di.server.identity.identity import Identity
from arkitekt_di.settings.models import DatabaseSettings, IdentitySettings, ListenSettings
from tests.server.identity.harness import MANDATE_KEY, PASSWORD, Browser, Hub, running

pytestmark = pytest.mark.anyio
AUTOMATIC = IdentitySettings(approval="automatic")


async def test_the_mandate_key_logs_in_as_the_local_user_with_an_access_token_only(hub: Hub) -> None:
    tokens = (await hub.present_mandate()).json

    assert "refresh_token" not in tokens
    assert tokens["scope"] == "openid profile"
    assert set(tokens["instances"]) == {"mikro"}
    user = (await hub.userinfo(tokens["access_token"])).json
    assert (user["preferred_username"], user["active_org"]) == ("local", "local")


async def test_another_key_opens_nothing(hub: Hub) -> None:
    for key in (f"{MANDATE_KEY}x", MANDATE_KEY[:-1], "x", "é"):
        assert (await hub.present_mandate(key)).error == (400, "invalid_grant")
    assert (await hub.present_mandate("")).error == (400, "invalid_grant")


async def test_a_hub_that_came_without_a_key_has_no_local_user(tmp_path: Path, keys: Path) -> None:
    async with running(tmp_path, keys, mandate_key=None) as hub:
        assert (await hub.present_mandate("")).error == (400, "invalid_grant")
        assert (await hub.present_mandate()).error == (400, "invalid_grant")
        document = (await hub.send("GET", "/.well-known/fakts")).json
        assert "urn:fakts:grant-type:mandate-key" in document["grant_types_supported"]
        with pytest.raises(UserNotFoundError):
            await hub.identity.users.reset_password("local", SecretStr(PASSWORD))


async def test_an_app_that_logs_in_every_hour_is_registered_once(hub: Hub) -> None:
    answers = await asyncio.gather(*(hub.present_mandate() for _ in range(10)))
    hub.clock.advance(3600)
    later = await hub.present_mandate()

    assert {answer.status for answer in answers} == {200}
    assert len({answer.json["client_id"] for answer in [*answers, later]}) == 1
    agent = await hub.present_mandate(requested_client_role="agent")
    assert agent.json["client_id"] != later.json["client_id"]


async def test_a_revoked_login_ends_and_the_key_opens_another(hub: Hub) -> None:
    first = (await hub.present_mandate()).json
    fields = {"token": first["access_token"], "client_id": first["client_id"]}
    await hub.send("POST", "/o/revoke/", data=fields)
    assert (await hub.userinfo(first["access_token"])).status == 401

    second = (await hub.present_mandate()).json

    assert (await hub.userinfo(second["access_token"])).status == 200
    assert (await hub.userinfo(first["access_token"])).status == 401


async def test_nobody_logs_in_as_the_local_user_on_the_pages(hub: Hub, browser: Browser) -> None:
    await browser.get("/login")

    assert (await browser.submit("/login", name="local", password=MANDATE_KEY, next="/device")).status == 403
    with pytest.raises(UserNotFoundError):
        await hub.identity.users.reset_password("local", SecretStr(PASSWORD))
    with pytest.raises(AccountRefusedError):
        await hub.identity.users.create("LOCAL", SecretStr(PASSWORD), "Lab")


async def test_automatic_approval_lets_every_app_in_and_says_so(
    tmp_path: Path, keys: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(tmp_path, keys, settings=AUTOMATIC, mandate_key=None) as hub:
        tokens = (await hub.poll(await hub.ask())).json
        assert (await hub.userinfo(tokens["access_token"])).json["preferred_username"] == "local"
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert "every app is let in without a person: for tests only" in warnings


@pytest.mark.parametrize(
    "listen",
    [
        ListenSettings(host="::", port=8000),
        ListenSettings(host="192.168.1.4", port=8000),
        ListenSettings(host="127.0.0.1", port=8000, public_url="https://hub.example"),
    ],
)
def test_automatic_approval_is_refused_where_others_reach_the_hub(listen: ListenSettings, tmp_path: Path) -> None:
    database = Database(DatabaseSettings(), tmp_path)

    with pytest.raises(AutomaticApprovalError, match=r"Listen on 127\.0\.0\.1"):
        Identity(database, Address(listen), Directory([]), AUTOMATIC, tmp_path, None, "Hub")
