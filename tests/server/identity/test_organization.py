"""What people are in organizations: who may see the page of one, and what ends when they leave it."""

import pytest
from pydantic import SecretStr

from arkitekt_di.errors import OrganizationNotFoundError, UserNotFoundError
from arkitekt_di.server.identity.standing import Role
from arkitekt_di.server.identity.users import Users
from tests.server.identity.harness import CHEAP, PASSWORD, Browser, Hub

pytestmark = pytest.mark.anyio


@pytest.fixture
async def users(hub: Hub) -> Users:
    """Ada administers a lab, Bob is a member of it, Eve administers another."""
    users = Users(hub.database, CHEAP, hub.clock)
    hub.people["ada"] = await users.create("ada", SecretStr(PASSWORD), "Lab", role=Role.ADMIN)
    hub.people["bob"] = await users.create("bob", SecretStr(PASSWORD), "Lab")
    hub.people["eve"] = await users.create("eve", SecretStr(PASSWORD), "Other", role=Role.ADMIN)
    return users


async def test_an_administrator_sees_the_people_and_events_of_their_organization_only(
    hub: Hub, users: Users, browser: Browser
) -> None:
    await browser.log_in("eve")
    await browser.submit("/logout")
    await browser.log_in("ada")

    page = (await browser.get("/organization")).text

    assert "bob" in page
    assert "eve" not in page
    assert "Other" not in page
    assert ">login<" in page
    assert 'href="/organization"' in page


async def test_for_a_member_the_page_does_not_exist(hub: Hub, users: Users, browser: Browser) -> None:
    await browser.log_in("bob")

    assert (await browser.get("/organization")).status == 404
    assert 'href="/organization"' not in browser.page.text


async def test_a_stranger_is_asked_to_log_in(hub: Hub, users: Users, browser: Browser) -> None:
    assert "/login?next=/organization" in (await browser.get("/organization")).url


async def test_a_role_is_what_the_next_token_says(hub: Hub, users: Users) -> None:
    tokens = await hub.log_in(name="bob")
    assert (await hub.userinfo(tokens["access_token"])).json["roles"] == ["member"]

    await users.join("Bob", "lab", role=Role.ADMIN)

    assert (await hub.userinfo(tokens["access_token"])).json["roles"] == ["admin"]


async def test_who_leaves_an_organization_loses_every_login_there_at_once(
    hub: Hub, users: Users, browser: Browser
) -> None:
    await users.join("bob", "other")
    here = await hub.log_in(name="bob")
    await browser.log_in("bob")

    await users.leave("bob", "lab")

    assert (await hub.userinfo(here["access_token"])).status == 401
    assert (await hub.refresh(here)).error == (400, "invalid_grant")
    assert (await browser.get("/apps")).url.endswith("/apps")  # still a member elsewhere
    assert [one.organization_slug for one in await users.named("bob")] == ["other"]

    await users.leave("bob", "other")

    assert "/login" in (await browser.get("/apps")).url
    assert (await browser.log_in("bob")).status == 403


async def test_coming_back_does_not_bring_an_old_login_back(hub: Hub, users: Users) -> None:
    tokens = await hub.log_in(name="bob")
    await users.leave("bob", "lab")
    await users.join("bob", "lab")

    assert (await hub.userinfo(tokens["access_token"])).status == 401
    assert (await hub.refresh(tokens)).error == (400, "invalid_grant")


async def test_what_was_allowed_and_not_redeemed_does_not_survive_leaving_or_a_new_password(
    hub: Hub, users: Users, browser: Browser
) -> None:
    for end in (users.leave("bob", "lab"), users.reset_password("bob", SecretStr("another horse battery"))):
        issued = await hub.ask()
        await hub.approve(issued, "bob")
        await end
        await users.join("bob", "lab")

        assert (await hub.poll(issued)).error == (400, "access_denied")


async def test_nobody_joins_what_does_not_exist_or_belongs_to_the_hub_itself(hub: Hub, users: Users) -> None:
    await users.ensure_local()
    for organization in ("nowhere", "local"):
        with pytest.raises(OrganizationNotFoundError):
            await users.join("bob", organization)
    for work in (users.join("nobody", "lab"), users.leave("nobody", "lab"), users.leave("bob", "other")):
        with pytest.raises(UserNotFoundError):
            await work
