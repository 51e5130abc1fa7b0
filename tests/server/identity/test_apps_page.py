"""What people see of the apps that they let in."""

import pytest

from tests.server.identity.harness import Browser, Hub
from tests.server.identity.provider import Try, get_tokens, register

pytestmark = pytest.mark.anyio


def login_on(page: str) -> str:
    return page.split('name="login" value="')[1].split('"', maxsplit=1)[0]


async def test_a_person_sees_an_app_and_ends_its_access(hub: Hub, browser: Browser) -> None:
    tokens = await hub.log_in()
    hub.clock.advance(3600)
    tokens = (await hub.refresh(tokens)).json
    await browser.log_in()

    page = await browser.get("/apps")
    for words in (
        "cell-counter",
        "microscope-pc",
        "Lab of ada",
        "Your images",
        "2027-01-15 08:00 UTC",
        "2027-01-15 09:00 UTC",
    ):
        assert words in page.text
    page = await browser.submit("/apps", login=login_on(page.text))

    assert "No app is let in" in page.text
    assert (await hub.userinfo(tokens["access_token"])).status == 401
    assert (await hub.refresh(tokens)).error == (400, "invalid_grant")


async def test_an_app_with_an_authorization_code_is_on_the_page_too(hub: Hub, browser: Browser) -> None:
    client = await register(hub)
    await get_tokens(hub, browser, Try(client.client_id))

    assert "the native" in (await browser.get("/apps")).text


async def test_the_use_of_a_token_is_noted_now_and_then(hub: Hub, browser: Browser) -> None:
    tokens = await hub.log_in()
    await browser.log_in()
    for minutes, shown in ((10, "08:00"), (20, "08:30")):
        hub.clock.advance(60 * minutes)
        await hub.userinfo(tokens["access_token"])
        assert f"2027-01-15 {shown} UTC</time></dd></div>\n</dl>" in (await browser.get("/apps")).text


async def test_nobody_sees_or_ends_what_is_anothers(hub: Hub, browser: Browser) -> None:
    ada = await hub.log_in()
    await hub.log_in(name="eve")
    await browser.log_in("ada")
    login = login_on((await browser.get("/apps")).text)
    await browser.submit("/logout")
    await browser.log_in("eve")

    assert login not in (await browser.get("/apps")).text
    assert (await browser.submit("/apps", login=login)).status == 404
    assert (await hub.userinfo(ada["access_token"])).status == 200


async def test_the_page_is_for_people_who_are_logged_in_and_its_form_for_their_browser(
    hub: Hub, browser: Browser
) -> None:
    assert (await browser.get("/apps")).url == f"{hub.url}/login?next=/apps"
    await hub.log_in()
    await browser.log_in()
    login = login_on((await browser.get("/apps")).text)

    assert (await browser.submit("/apps", login=login, form_token="forged")).status == 403
