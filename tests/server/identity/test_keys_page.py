"""The page where people make keys for programs."""

import re

import pytest

from tests.server.identity.harness import Browser, Hub

pytestmark = pytest.mark.anyio
KEY = re.compile(r"<code>([A-Za-z0-9_-]{43})</code>")


async def make(browser: Browser, **changes: str) -> str | None:
    """Fill in the form as a browser does; returns the key that is shown."""
    page = await browser.get("/keys")
    organization = page.text.split('<option value="')[1].split('"')[0]
    fields = {"name": "microscope", "app": "", "days": "90", "organization": organization, **changes}
    found = KEY.search((await browser.submit("/keys", **fields)).text)
    return None if found is None else found[1]


async def test_a_person_makes_a_key_sees_it_once_and_removes_it(hub: Hub, browser: Browser) -> None:
    await hub.log_in()
    await browser.log_in()
    key = await make(browser, app="cell-counter")
    assert key is not None
    tokens = (await hub.present_mandate(key)).json

    page = await browser.get("/keys")
    assert key not in page.text
    for words in ("microscope", "<dd>Lab of ada</dd>", "cell-counter", "2027-04-15 08:00 UTC", "2027-01-15 08:00 UTC"):
        assert words in page.text
    assert (await hub.userinfo(tokens["access_token"])).json["preferred_username"] == "ada"
    await browser.submit("/keys", remove=page.text.split('name="remove" value="')[1].split('"')[0])

    assert "microscope" not in browser.page.text
    assert (await hub.present_mandate(key)).error == (400, "invalid_grant")
    assert (await hub.userinfo(tokens["access_token"])).status == 401
    notes = [(note.action, note.actor, note.subject) for note in await hub.identity.audit.last(3)]
    assert notes == [
        ("mandate-removed", "ada", "microscope"),
        ("mandate-used", "ada", "cell-counter"),
        ("mandate-added", "ada", "microscope"),
    ]


@pytest.mark.parametrize(
    "changes", [{"name": ""}, {"app": "a/b"}, {"days": ""}, {"days": "0"}, {"days": "99999"}, {"days": "²"}]
)
async def test_a_form_that_makes_no_sense_makes_no_key(hub: Hub, browser: Browser, changes: dict[str, str]) -> None:
    await hub.log_in()
    await browser.log_in()

    assert await make(browser, **changes) is None

    assert browser.page.status == 400
    assert 'role="alert"' in browser.page.text
    assert await hub.identity.mandates.all() == []


async def test_nobody_makes_or_removes_keys_for_others(hub: Hub, browser: Browser) -> None:
    await hub.log_in()
    await hub.log_in(name="eve")
    await browser.log_in()
    await make(browser, name="a key of Ada")
    (mandate,) = await hub.identity.mandates.all()
    await browser.submit("/logout")
    await browser.log_in("eve")

    assert "a key of Ada" not in (await browser.get("/keys")).text
    assert (await browser.submit("/keys", remove=mandate.mandate_id)).status == 404
    assert await make(browser, organization=hub.people["ada"].organization_id) is None
    assert [one.name for one in await hub.identity.mandates.all()] == ["a key of Ada"]


async def test_a_stranger_is_sent_to_the_login_and_a_form_needs_its_token(hub: Hub, browser: Browser) -> None:
    await hub.log_in()
    assert "/login" in (await browser.get("/keys")).url
    assert (await hub.send("POST", "/keys", data={"name": "x", "days": "1"})).status == 403
    assert await hub.identity.mandates.all() == []
