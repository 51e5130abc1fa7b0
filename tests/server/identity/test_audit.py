"""The audit log: what people and operators did is written down, bounded, without a secret."""

import json
from pathlib import Path

import pytest

from arkitekt_di.server.identity.audit import NOBODY, OPERATOR, Action, AuditLog
from arkitekt_di.settings.models import IdentitySettings
from tests.server.identity.harness import PASSWORD, Browser, Hub
from tests.server.identity.provider import Try, get_code, register
from tests.server.identity.test_apps_page import login_on
from tests.server.identity.test_operator import arkitekt, data, listed

__all__ = ["data"]
pytestmark = pytest.mark.anyio


async def written(hub: Hub) -> list[tuple[str, str, str]]:
    return [(note.action, note.actor, note.subject) for note in reversed(await hub.identity.audit.last(100))]


async def test_what_a_person_does_is_written_down_in_order(hub: Hub, browser: Browser) -> None:
    await hub.log_in()
    await browser.log_in("ADA", "a wrong password")
    await browser.log_in("nobody here", PASSWORD)
    await browser.log_in()
    await browser.submit("/apps", login=login_on((await browser.get("/apps")).text))
    denied = await hub.ask()
    await browser.get(f"/configure/{denied['user_code']}")
    await browser.submit(f"/configure/{denied['user_code']}", answer="deny")
    await get_code(hub, browser, Try((await register(hub)).client_id))
    await browser.get("/apps")
    await browser.submit("/logout")

    assert await written(hub) == [
        ("login-failed", "ada", ""),
        ("login-failed", NOBODY, ""),
        ("login", "ada", ""),
        ("app-ended", "ada", "cell-counter"),
        ("app-denied", "ada", "cell-counter"),
        ("app-allowed", "ada", "the native"),
        ("logout", "ada", ""),
    ]
    notes = await hub.identity.audit.last(100)
    assert {note.remote for note in notes} == {"127.0.0.1"}
    assert {note.at for note in notes} == {int(hub.clock())}


async def test_credentials_that_are_used_twice_are_written_down_once_with_who_sent_them(
    hub: Hub, browser: Browser
) -> None:
    issued = await hub.ask()
    await hub.approve(issued)
    await hub.poll(issued)
    await hub.poll(issued)
    await hub.poll(issued)
    tokens = await hub.log_in(name="eve")
    await hub.refresh(tokens)
    await hub.refresh(tokens)
    await hub.refresh(tokens)
    attempt = Try((await register(hub)).client_id)
    code = await get_code(hub, browser, attempt)
    await hub.token(**attempt.redemption(code))
    await hub.token(**attempt.redemption(code))

    reused = list(reversed(await hub.identity.audit.last(9, action="credential-reused")))

    assert [(note.actor, note.subject) for note in reused] == [
        ("ada", "cell-counter"),
        ("eve", "cell-counter"),
        ("ada", "the native"),
    ]
    assert {note.remote for note in reused} == {"127.0.0.1"}
    assert reused[1].organization_id == hub.people["eve"].organization_id


async def test_a_revocation_by_the_client_is_written_down_where_it_ended_something(hub: Hub) -> None:
    tokens, eves = await hub.log_in(), await hub.log_in(name="eve")
    revoked = {"token": tokens["refresh_token"], "client_id": tokens["client_id"]}

    for fields in (revoked, revoked, {**revoked, "token": "x"}, {**revoked, "token": eves["refresh_token"]}):
        assert (await hub.send("POST", "/o/revoke/", data=fields)).status == 200

    assert await written(hub) == [("token-revoked", "ada", "cell-counter")]


async def test_the_first_person_is_the_first_event(hub: Hub, browser: Browser) -> None:
    link = await hub.identity.setup_url()
    assert link is not None
    path = link.removeprefix(hub.url)
    await browser.get(path)
    await browser.submit(path, name="ada", organization="Lab", password=PASSWORD, again=PASSWORD)

    assert await written(hub) == [("hub-opened", "ada", "Lab")]


async def test_the_log_forgets_what_is_too_old_and_what_is_too_much(hub: Hub) -> None:
    log = AuditLog(hub.database, IdentitySettings(audit_s=100, audit_events=3), hub.clock)
    for subject in "abcde":
        await log.note(Action.LOGIN, "ada", subject=subject)
    assert [note.subject for note in await log.last(10)] == ["e", "d", "c"]

    hub.clock.advance(100)
    await log.note(Action.LOGIN, "ada", subject="f")

    assert [note.subject for note in await log.last(10)] == ["f"]


async def test_texts_of_strangers_are_cut_and_cannot_break_a_line(hub: Hub, browser: Browser) -> None:
    issued = await hub.ask({"identifier": "x\u202e" + "y" * 250, "version": "1"})
    await hub.log_in()
    await browser.log_in()
    await browser.get(f"/configure/{issued['user_code']}")
    await browser.submit(f"/configure/{issued['user_code']}", answer="deny")

    (note, *_) = await hub.identity.audit.last(1)
    assert len(note.subject) <= 128
    assert note.subject.isprintable()


async def test_events_are_found_by_organization_actor_and_action(hub: Hub, browser: Browser) -> None:
    await hub.log_in(name="ada")
    await hub.log_in(name="eve")
    await browser.log_in("ada")
    await browser.get("/device")
    await browser.submit("/logout")
    await browser.log_in("eve")
    log = hub.identity.audit

    assert {note.actor for note in await log.last(9, organization_id=hub.people["eve"].organization_id)} == {"eve"}
    assert {note.actor for note in await log.last(9, actor="ADA")} == {"ada"}
    assert {note.action for note in await log.last(9, action="logout")} == {"logout"}
    assert len(await log.last(1)) == 1


def test_what_an_operator_does_is_written_down_and_read_with_a_command(data: Path) -> None:
    arkitekt("users", "add", "ada", "--organization", "Lab", "--admin", data=data, typed=f"{PASSWORD}\n")
    arkitekt("users", "add", "eve", "--organization", "Other", data=data, typed=f"{PASSWORD}\n")
    arkitekt("users", "join", "eve", "--organization", "lab", data=data)
    arkitekt("users", "reset-password", "eve", data=data, typed="another horse battery\n")
    (added,) = listed("clients", "add", "s", "--kind", "service", "--organization", "lab", data=data)
    (renewed,) = listed("clients", "new-secret", added["client_id"], data=data)
    arkitekt("clients", "remove", added["client_id"], data=data)
    arkitekt("users", "remove", "eve", "--organization", "lab", data=data)

    said = arkitekt("audit", "list", "--json", data=data)
    events = json.loads(said)

    assert {event["actor"] for event in events} == {OPERATOR}
    assert [(event["action"], event["subject"]) for event in events] == [
        ("user-added", "ada as admin"),
        ("user-added", "eve as member"),
        ("role-set", "eve as member"),
        ("password-reset", "eve"),
        ("client-added", added["client_id"]),
        ("secret-renewed", added["client_id"]),
        ("client-removed", added["client_id"]),
        ("user-removed", "eve as member"),
    ]
    for secret in (PASSWORD, "another horse battery", added["client_secret"], renewed["client_secret"]):
        assert secret not in said
    assert len(listed("audit", "list", "--limit", "2", data=data)) == 2
    assert [event["action"] for event in listed("audit", "list", "--action", "role-set", data=data)] == ["role-set"]
