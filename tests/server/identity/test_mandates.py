"""Keys that let programs in without a person: bound, bounded, revocable, and written down."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from arkitekt_di.cli.main import app
from arkitekt_di.errors import (
    MandateNotFoundError,
    MandateRefusedError,
    OrganizationNotFoundError,
    UserNotFoundError,
)
from arkitekt_di.server.identity.mandates import MAX_OF_ONE_PERSON, IssuedMandate
from arkitekt_di.server.identity.oauth_endpoint import WRONG_KEYS_A_MINUTE
from tests.server.identity.harness import MANDATE_KEY, MANIFEST, PASSWORD, Hub, running
from tests.server.identity.test_operator import arkitekt, data, listed

__all__ = ["data"]
pytestmark = pytest.mark.anyio
DAY_S = 86400


@pytest.fixture
async def lab(tmp_path: Path, keys: Path, anyio_backend: str) -> AsyncIterator[Hub]:
    """Serve a hub for people, which came with no key of its own."""
    async with running(tmp_path, keys, mandate_key=None) as hub:
        for name in ("ada", "eve"):
            await hub.log_in(name=name)
        yield hub


async def issue(lab: Hub, **more: Any) -> tuple[IssuedMandate, str]:
    made = await lab.identity.mandates.add("microscope", **{"user": "ada", **more})
    assert made.key is not None
    return made, made.key.get_secret_value()


def stored(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("hub.sqlite*"))


async def acts_as(lab: Hub, tokens: dict[str, Any]) -> tuple[str, str]:
    user = (await lab.userinfo(tokens["access_token"])).json
    return user["preferred_username"], user["active_org"]


async def test_a_key_logs_in_as_its_person_with_an_access_token_only(lab: Hub) -> None:
    _, key = await issue(lab)

    tokens = (await lab.present_mandate(key)).json

    assert await acts_as(lab, tokens) == ("ada", "lab-of-ada")
    assert "refresh_token" not in tokens
    assert set(tokens["instances"]) == {"mikro"}
    assert tokens["self"]["organization"] == "lab-of-ada"


async def test_a_key_of_a_service_acts_as_nobody_who_could_log_in(lab: Hub) -> None:
    made, key = await issue(lab, user=None, organization="lab-of-ada")

    name, organization = await acts_as(lab, (await lab.present_mandate(key)).json)

    assert (name, organization, made.is_service) == (made.user, "lab-of-ada", True)
    assert name.startswith("service ")
    assert name not in {one.user_name for one in await lab.identity.users.all()}


async def test_clients_before_fakts_6_show_the_same_key_as_a_redeem_token(lab: Hub) -> None:
    _, key = await issue(lab)

    async def redeem(**fields: str) -> Any:
        return await lab.token(grant_type="urn:fakts:grant-type:redeem", manifest=json.dumps(MANIFEST), **fields)

    assert await acts_as(lab, (await redeem(redeem_token=key)).json) == ("ada", "lab-of-ada")
    assert (await redeem(redeem_token="x")).error == (400, "invalid_grant")
    assert (await redeem(key=key)).error == (400, "invalid_grant")


async def test_a_removed_key_opens_nothing_and_what_it_opened_is_closed(lab: Hub) -> None:
    made, key = await issue(lab)
    _, other = await issue(lab)
    tokens, others = (await lab.present_mandate(key)).json, (await lab.present_mandate(other)).json
    await lab.identity.mandates.remove(made.mandate_id)

    refused = await lab.present_mandate(key)

    assert refused.error == (400, "invalid_grant")
    assert refused.json["error_description"] == "this hub has no such mandate key, or it was removed"
    assert (await lab.userinfo(tokens["access_token"])).status == 401
    assert (await lab.userinfo(others["access_token"])).status == 200
    with pytest.raises(MandateNotFoundError, match="mandates list"):
        await lab.identity.mandates.remove(made.mandate_id)


async def test_a_key_and_its_tokens_end_when_it_expires(lab: Hub) -> None:
    _, key = await issue(lab, days=1)
    lab.clock.advance(DAY_S - 10)
    tokens = (await lab.present_mandate(key)).json
    assert (await lab.userinfo(tokens["access_token"])).status == 200
    lab.clock.advance(10)

    refused = await lab.present_mandate(key)

    assert refused.error == (400, "invalid_grant")
    assert refused.json["error_description"] == "the mandate key has expired"
    assert (await lab.userinfo(tokens["access_token"])).status == 401


async def test_a_key_for_one_app_lets_no_other_in(lab: Hub) -> None:
    _, key = await issue(lab, app="segmenter")
    segmenter = json.dumps({**MANIFEST, "identifier": "segmenter"})

    assert (await lab.present_mandate(key, manifest=segmenter)).status == 200
    refused = await lab.present_mandate(key)

    assert refused.error == (400, "invalid_grant")
    assert refused.json["error_description"] == "the mandate key is for another app"


async def test_whoever_leaves_or_gets_a_new_password_loses_the_keys_there(lab: Hub) -> None:
    await lab.identity.users.join("ada", "lab-of-eve")
    _, here = await issue(lab, organization="lab-of-ada")
    _, there = await issue(lab, organization="lab-of-eve")
    _, eves = await issue(lab, user="eve")
    token = (await lab.present_mandate(there)).json["access_token"]

    await lab.identity.users.leave("ada", "lab-of-eve")
    assert (await lab.present_mandate(there)).error == (400, "invalid_grant")
    assert (await lab.userinfo(token)).status == 401
    assert (await lab.present_mandate(here)).status == 200

    await lab.identity.users.reset_password("ada", SecretStr(PASSWORD))
    assert (await lab.present_mandate(here)).error == (400, "invalid_grant")
    assert (await lab.present_mandate(eves)).status == 200


async def test_a_login_that_another_person_gave_to_the_same_client_is_not_taken_up(lab: Hub) -> None:
    """Its name is no secret: Eve lets the client of Ada's machine in for herself, and the machine stays Ada's."""
    _, key = await issue(lab)
    client_id = (await lab.present_mandate(key)).json["client_id"]
    lab.clock.advance(60)
    asked = (await lab.send("POST", "/o/device-authorization/", data={"client_id": client_id})).json
    await lab.approve(asked, "eve")
    eves = (await lab.poll(asked)).json

    assert await acts_as(lab, eves) == ("eve", "lab-of-eve")
    assert await acts_as(lab, (await lab.present_mandate(key)).json) == ("ada", "lab-of-ada")


async def test_one_app_with_one_key_is_registered_once_and_two_keys_share_nothing(lab: Hub) -> None:
    (_, one), (_, two) = await issue(lab), await issue(lab)

    answers = await asyncio.gather(*(lab.present_mandate(key) for key in [one] * 5 + [two]))

    assert {answer.status for answer in answers} == {200}
    assert len({answer.json["client_id"] for answer in answers[:5]}) == 1
    assert answers[5].json["client_id"] != answers[0].json["client_id"]


async def test_wrong_keys_are_limited_and_right_ones_are_not(lab: Hub) -> None:
    _, key = await issue(lab)
    for _ in range(WRONG_KEYS_A_MINUTE + 5):
        assert (await lab.present_mandate(key)).status == 200
    for number in range(WRONG_KEYS_A_MINUTE):
        assert (await lab.present_mandate(f"guess {number}")).error == (400, "invalid_grant")

    limited = await lab.present_mandate(key)

    assert limited.error == (429, "slow_down")
    lab.clock.advance(60)
    assert (await lab.present_mandate(key)).status == 200


async def test_its_last_use_is_shown(lab: Hub) -> None:
    made, key = await issue(lab)
    assert made.used_at is None
    lab.clock.advance(7)
    await lab.present_mandate(key)
    await lab.present_mandate(f"{key}x")

    (shown,) = await lab.identity.mandates.all()

    assert (shown.used_at, shown.key) == (int(lab.clock()), None)


async def test_the_first_login_by_a_key_is_written_down_and_no_key_is_stored(lab: Hub, tmp_path: Path) -> None:
    _, key = await issue(lab)
    for _ in range(3):
        await lab.present_mandate(key)

    (note,) = await lab.identity.audit.last(9, action="mandate-used")

    assert (note.actor, note.subject, note.remote) == ("ada", "cell-counter", "127.0.0.1")
    assert note.organization_id == lab.people["ada"].organization_id
    async with lab.database._engine.connect() as connection:  # type: ignore[union-attr]
        await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    assert key.encode() not in stored(tmp_path)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"name": " "}, MandateRefusedError),
        ({"name": "x" * 65}, MandateRefusedError),
        ({"name": "a\nb"}, MandateRefusedError),
        ({"app": "a/b"}, MandateRefusedError),
        ({"app": ""}, MandateRefusedError),
        ({"days": 0}, MandateRefusedError),
        ({"days": 3651}, MandateRefusedError),
        ({"user": "nobody"}, UserNotFoundError),
        ({"organization": "lab-of-eve"}, UserNotFoundError),
        ({"user": None, "organization": "nowhere"}, OrganizationNotFoundError),
        ({"user": None}, OrganizationNotFoundError),
    ],
)
async def test_what_cannot_be_made_is_refused(lab: Hub, changed: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        await lab.identity.mandates.add(**{"name": "x", "user": "ada", **changed})

    assert await lab.identity.mandates.all() == []


async def test_a_person_has_a_bounded_number_of_keys_and_only_where_they_are_a_member(lab: Hub) -> None:
    ada, eve, mandates = lab.people["ada"], lab.people["eve"], lab.identity.mandates
    for number in range(MAX_OF_ONE_PERSON):
        made = await mandates.add_own(ada.user_id, f"key {number}", organization_id=ada.organization_id)

    with pytest.raises(MandateRefusedError, match="Remove those"):
        await mandates.add_own(ada.user_id, "one more", organization_id=ada.organization_id)
    with pytest.raises(OrganizationNotFoundError):
        await mandates.add_own(eve.user_id, "x", organization_id=ada.organization_id)
    with pytest.raises(MandateNotFoundError):
        await mandates.remove(made.mandate_id, user_id=eve.user_id)


async def test_the_key_of_a_local_hub_ends_when_the_hub_is_served_to_others(tmp_path: Path, keys: Path) -> None:
    async with running(tmp_path, keys) as hub:
        await hub.present_mandate()
        assert await hub.identity.mandates.all() == []
    async with running(tmp_path, keys, mandate_key="another key of the same hub") as hub:
        assert (await hub.present_mandate(MANDATE_KEY)).error == (400, "invalid_grant")
        token = (await hub.present_mandate("another key of the same hub")).json["access_token"]

    async with running(tmp_path, keys, mandate_key=None) as hub:
        assert (await hub.present_mandate("another key of the same hub")).error == (400, "invalid_grant")
        assert (await hub.userinfo(token)).status == 401


async def test_an_operator_makes_lists_and_removes_keys(data: Path, keys: Path) -> None:
    await asyncio.to_thread(arkitekt, "users", "add", "ada", "--organization", "Lab", data=data, typed=f"{PASSWORD}\n")
    (own,) = await asyncio.to_thread(
        listed, "mandates", "add", "pc", "--user", "ada", "--app", "cell-counter", "--expires", "90d", data=data
    )
    (service,) = await asyncio.to_thread(listed, "mandates", "add", "robot", "--service-account", data=data)
    async with running(data, keys, mandate_key=None) as hub:
        tokens = (await hub.present_mandate(own["key"])).json
        assert await acts_as(hub, tokens) == ("ada", "lab")
        assert await acts_as(hub, (await hub.present_mandate(service["key"])).json) == (service["user"], "lab")
        rows = await asyncio.to_thread(listed, "mandates", "list", data=data)
        await asyncio.to_thread(arkitekt, "mandates", "remove", own["id"], data=data)
        assert (await hub.userinfo(tokens["access_token"])).status == 401
        assert (await hub.present_mandate(own["key"])).error == (400, "invalid_grant")

    assert [(row["name"], row["user"], row["app"], bool(row["expires"]), bool(row["last_used"])) for row in rows] == [
        ("pc", "ada", "cell-counter", True, True),
        ("robot", service["user"], "", False, True),
    ]
    events = await asyncio.to_thread(listed, "audit", "list", data=data)
    assert [event["subject"] for event in events if event["action"] == "mandate-added"] == [
        "pc for ada",
        f"robot for {service['user']}",
    ]
    assert [event["subject"] for event in events if event["action"] == "mandate-removed"] == ["pc for ada"]
    assert own["key"] not in json.dumps([*rows, *events])


@pytest.mark.parametrize(
    "words", [["x"], ["x", "--user", "ada", "--service-account"], ["x", "--user", "ada", "--expires", "soon"]]
)
def test_a_command_that_makes_no_sense_is_wrong_usage(data: Path, words: list[str]) -> None:
    assert CliRunner().invoke(app, ["mandates", "add", *words, "--data", str(data)]).exit_code == 2
