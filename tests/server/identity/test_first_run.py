import asyncio
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.server.identity.harness import PASSWORD, Browser, Hub, browsing, running

pytestmark = pytest.mark.anyio
FORM = {"name": "ada", "organization": "Babbage Lab", "password": PASSWORD, "again": PASSWORD}


async def setup_path(hub: Hub) -> str:
    url = await hub.identity.setup_url()
    assert url is not None
    return url.removeprefix(hub.url)


async def test_the_first_person_becomes_administrator_and_the_link_works_once(hub: Hub, browser: Browser) -> None:
    path = await setup_path(hub)
    assert (await browser.get(path)).status == 200

    page = await browser.submit(path, **FORM)

    assert "The hub is ready" in page.text
    assert "Logged in as" in (await browser.get("/device")).text
    assert await hub.identity.setup_url() is None
    assert (await browser.get(path)).status == 404
    await browser.get("/device")
    assert (await browser.submit(path, **{**FORM, "name": "eve"})).status == 404
    user_id = await hub.identity.users.recognise("ada", SecretStr(PASSWORD))
    assert user_id is not None
    (standing,) = await hub.identity.users.standings(user_id)
    assert (standing.role, standing.organization_name) == ("admin", "Babbage Lab")


async def test_two_people_with_the_link_at_once_make_one_administrator(hub: Hub) -> None:
    path = await setup_path(hub)
    async with browsing(hub) as first, browsing(hub) as second:
        await asyncio.gather(first.get(path), second.get(path))

        pages = await asyncio.gather(
            first.submit(path, **FORM), second.submit(path, **{**FORM, "name": "eve", "organization": "Eve"})
        )

    assert sorted(page.status for page in pages) == [200, 404]


@pytest.mark.parametrize("token", ["x", "", "../setup", "%00", "é"])
async def test_another_link_opens_nothing(hub: Hub, browser: Browser, token: str) -> None:
    await setup_path(hub)

    assert (await browser.get(f"/setup/{token}")).status == 404


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"again": "something else entirely"}, "differ"),
        ({"password": "short", "again": "short"}, "12 to 128"),
        ({"name": ""}, "1 to 64 printable"),
        ({"name": "Local"}, "belongs to the hub"),
        ({"organization": " local! "}, "belongs to the hub"),
        ({"name": "a\u202eb"}, "printable"),
    ],
)
async def test_a_form_that_will_not_do_says_why_and_the_link_stays_good(
    hub: Hub, browser: Browser, change: dict[str, str], words: str
) -> None:
    path = await setup_path(hub)
    await browser.get(path)

    page = await browser.submit(path, **{**FORM, **change})

    assert page.status == 400
    assert words in page.text
    assert PASSWORD not in page.text
    assert (await browser.submit(path, **FORM)).status == 200


async def test_a_hub_where_programs_log_in_still_waits_for_its_first_person(hub: Hub) -> None:
    assert (await hub.present_mandate()).status == 200

    assert await hub.identity.setup_url() is not None


async def test_a_restart_makes_another_link(tmp_path: Path, keys: Path) -> None:
    async with running(tmp_path, keys) as hub:
        first = await setup_path(hub)
    async with running(tmp_path, keys) as hub:
        assert await setup_path(hub) != first
        assert (await hub.send("GET", first)).status == 404
