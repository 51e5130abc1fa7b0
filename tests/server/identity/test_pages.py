"""What people see, and what protects them."""

import re
from pathlib import Path
from urllib.parse import urlencode

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from pydantic import SecretStr

from arkitekt_di.server.address import Address
from arkitekt_di.server.database import Database
from arkitekt_di.server.identity.legible import shown
from arkitekt_di.server.identity.pages import local_path
from arkitekt_di.server.identity.sessions import Visitor, WebSessions
from arkitekt_di.settings.models import DatabaseSettings, ListenSettings
from tests.server.identity.description import PAGES
from tests.server.identity.harness import MANIFEST, PASSWORD, Browser, FakeClock, Hub, browsing
from tests.server.identity.provider import Try, register

pytestmark = pytest.mark.anyio
SCRIPT = "<script>alert(1)<x y='z' onload=\"alert(2)\">"


@pytest.fixture
async def ada(hub: Hub) -> None:
    hub.people["ada"] = await hub.identity.users.create("ada", SecretStr(PASSWORD), "Babbage Lab")


def organization_on(page: str) -> str:
    found = re.search(r'name="organization" value="([0-9a-f]+)"', page)
    assert found is not None
    return found[1]


@pytest.mark.usefixtures("ada")
async def test_a_person_logs_in_sees_the_app_and_lets_it_in(hub: Hub, browser: Browser) -> None:
    issued = await hub.ask()
    path = f"/configure/{issued['user_code']}"

    page = await browser.get(path)
    assert page.url == f"{hub.url}/login?next={path}"
    page = await browser.submit("/login", name="Ada", password=PASSWORD, next=path)
    assert page.url == hub.url + path
    for words in ("cell-counter", "version 2.1.0", "127.0.0.1", "microscope-pc", "Not verified", issued["user_code"]):
        assert words in page.text
    assert "Your images: see, add, rename and delete them" in page.text
    assert "Know who you are on this hub" in page.text
    assert "Is this code on your screen?" in page.text
    page = await browser.submit(path, answer="approve", seen="yes", organization=organization_on(page.text))

    assert "The app is let in" in page.text
    assert (await hub.poll(issued)).status == 200
    assert (await browser.get(path)).status == 404


@pytest.mark.usefixtures("ada")
async def test_a_link_alone_approves_nothing(hub: Hub, browser: Browser) -> None:
    issued = await hub.ask()
    path = f"/configure/{issued['user_code']}"
    await browser.log_in()

    page = await browser.get(path)
    assert (await hub.poll(issued)).error == (400, "authorization_pending")
    page = await browser.submit(path, answer="approve", organization=organization_on(page.text))

    assert page.status == 400
    assert "Say that the code is on your screen" in page.text
    hub.clock.advance(2)
    assert (await hub.poll(issued)).error == (400, "authorization_pending")


@pytest.mark.usefixtures("ada")
async def test_a_person_turns_an_app_away(hub: Hub, browser: Browser) -> None:
    issued = await hub.ask()
    await browser.log_in()
    await browser.get(f"/configure/{issued['user_code']}")

    page = await browser.submit(f"/configure/{issued['user_code']}", answer="deny")

    assert "turned away" in page.text
    assert (await hub.poll(issued)).error == (400, "access_denied")


@pytest.mark.usefixtures("ada")
async def test_a_typed_code_finds_the_app_however_it_is_typed(hub: Hub, browser: Browser) -> None:
    issued = await hub.ask()
    await browser.log_in()

    page = await browser.submit("/device", code=f" {issued['user_code'].lower().replace('-', ' ')} ")

    assert page.url == f"{hub.url}/configure/{issued['user_code']}"
    assert "cell-counter" in page.text
    assert (await browser.submit("/device", code="AAAA")).status in {400, 403}


@pytest.mark.usefixtures("ada")
async def test_strangers_learn_nothing_about_which_codes_exist(hub: Hub, browser: Browser) -> None:
    issued = await hub.ask()

    real = await browser.get(f"/configure/{issued['user_code']}", follow=False)
    made_up = await browser.get("/configure/BCDF-GHJK", follow=False)

    assert real.status == made_up.status == 303
    assert real.headers["Location"] == f"/login?next=/configure/{issued['user_code']}"
    assert made_up.headers["Location"] == "/login?next=/configure/BCDF-GHJK"


@pytest.mark.usefixtures("ada")
async def test_guessing_codes_is_limited_and_own_codes_do_not_reset_the_limit(hub: Hub, browser: Browser) -> None:
    issued = await hub.ask()
    await browser.log_in()

    for _ in range(4):
        assert (await browser.get("/configure/BCDF-GHJK")).status == 404
        assert (await browser.get(f"/configure/{issued['user_code']}")).status == 200
    assert (await browser.get("/configure/BCDF-GHJK")).status == 404
    blocked = await browser.get(f"/configure/{issued['user_code']}")

    assert blocked.status == 429
    assert int(blocked.headers["Retry-After"]) == 600
    await browser.submit("/logout")
    await browser.log_in()
    assert (await browser.get(f"/configure/{issued['user_code']}")).status == 429
    hub.clock.advance(600)
    assert (await browser.get("/configure/BCDF-GHJK")).status == 404


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize("path", ["/login", "/logout", "/device", "/configure/BCDF-GHJK"])
async def test_a_form_without_its_token_is_forbidden(browser: Browser, path: str) -> None:
    await browser.log_in()

    for token in ("", "0" * 64):
        page = await browser.submit(path, form_token=token, name="ada", password=PASSWORD, answer="approve", seen="yes")
        assert page.status == 403


@pytest.mark.usefixtures("ada")
async def test_the_form_of_another_browser_is_forbidden(hub: Hub, browser: Browser) -> None:
    await browser.get("/login")
    async with browsing(hub) as other:
        await other.get("/login")
        other.page = browser.page  # what an attacker would have a victim send: a login as somebody else

        assert (await other.submit("/login", name="ada", password=PASSWORD)).status == 403


@pytest.mark.usefixtures("ada")
async def test_the_session_changes_at_login_and_ends_at_logout(hub: Hub, browser: Browser) -> None:
    await browser.get("/login")
    (before,) = browser.cookies.values()
    page = await browser.log_in()
    (after,) = browser.cookies.values()
    assert "Let an app in" in page.text
    assert after != before

    await browser.submit("/logout")

    assert "/login" in (await browser.get("/device")).url
    stale = {f"arkitekt-{hub.url.rpartition(':')[2]}": after}
    assert "/login" in (await hub.send("GET", "/device", cookies=stale)).url


@pytest.mark.usefixtures("ada")
async def test_sessions_end_when_idle_and_after_a_week(hub: Hub, browser: Browser) -> None:
    await browser.log_in()
    hub.clock.advance(8 * 3600)
    assert "/login" in (await browser.get("/device")).url

    await browser.log_in()
    for _ in range(24):
        hub.clock.advance(7 * 3600)
        page = await browser.get("/device")
    assert "/login" in page.url


@pytest.mark.usefixtures("ada")
async def test_cookies_are_closed_to_scripts_and_other_sites(hub: Hub) -> None:
    answer = await hub.send("GET", "/login")

    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"arkitekt-{hub.url.rpartition(':')[2]}=")
    assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= {piece.strip() for piece in cookie.split(";")}


async def check_headers(browser: Browser, path: str, form_targets: str) -> None:
    answer = await browser.get(path, follow=False)

    policy = (
        f"default-src 'none'; style-src 'self'; form-action {form_targets}; base-uri 'none'; frame-ancestors 'none'"
    )
    assert answer.headers["Content-Security-Policy"] == policy, path
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "<script" not in answer.text
    assert " style=" not in answer.text


async def test_every_page_forbids_scripts_frames_and_caches(hub: Hub, browser: Browser) -> None:
    client = await register(hub)
    consent = Try(client.client_id).path()
    paths = {path.replace("{code}", "x").replace("{token}", "x") for method, path in PAGES if method == "GET"}

    for path in (*sorted(paths), consent):
        await check_headers(browser, path, "'self'")
    await browser.log_in()
    for path in sorted(paths):
        await check_headers(browser, path, "'self'")
    await check_headers(browser, consent, "'self' http://127.0.0.1")  # where the answer leads
    assert "Log in to the native?" in browser.page.text

    style = await hub.send("GET", "/identity/pages.css")
    assert style.headers["Content-Type"] == "text/css"
    assert "url(" not in style.text


async def test_nothing_is_shared_with_other_origins(hub: Hub) -> None:
    preflight = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    for path in ("/o/token/", "/o/userinfo/", "/.well-known/fakts"):
        answer = await hub.send("OPTIONS", path, headers=preflight)
        assert "Access-Control-Allow-Origin" not in answer.headers
        answer = await hub.send("GET", path, headers={"Origin": "https://evil.example"})
        assert "Access-Control-Allow-Origin" not in answer.headers


async def test_markup_in_names_is_shown_and_never_run(hub: Hub, browser: Browser) -> None:
    await hub.identity.users.create(SCRIPT, SecretStr(PASSWORD), f"Lab {SCRIPT}")
    manifest = {
        **MANIFEST,
        "identifier": SCRIPT,
        "version": SCRIPT,
        "author": SCRIPT,
        "description": SCRIPT,
        "device_id": SCRIPT,
        "logo": "javascript:alert(1)",
        "requirements": [{"key": SCRIPT, "service": SCRIPT, "description": SCRIPT}],
    }
    issued = await hub.ask(manifest)
    path = f"/configure/{issued['user_code']}"
    await browser.log_in(name=SCRIPT)

    page = await browser.get(path)

    assert page.status == 200
    assert "<script" not in page.text
    assert 'onload="' not in page.text
    assert "javascript:" not in page.text
    assert "Hub &lt;b&gt;of&lt;/b&gt; tests" in page.text
    assert page.text.count("&lt;script&gt;alert(1)") >= 8
    answered = await browser.submit(path, answer="approve", seen="yes", organization=organization_on(page.text))
    assert "<script" not in answered.text
    wrong = await browser.submit("/logout")
    wrong = await browser.submit("/login", name=SCRIPT, password="wrong wrong wrong", next='/device"><script>')
    assert wrong.status == 403
    assert "<script" not in wrong.text


@pytest.mark.usefixtures("ada")
async def test_wrong_name_and_wrong_password_look_the_same(browser: Browser) -> None:
    await browser.get("/login")
    wrong = await browser.submit("/login", name="ada", password="not her password", next="/device")
    unknown = await browser.submit("/login", name="eve", password="not her password", next="/device")

    assert wrong.status == unknown.status == 403
    assert wrong.text.replace("ada", "eve") == unknown.text


@pytest.mark.usefixtures("ada")
async def test_guessing_a_password_is_limited_for_that_name_only(hub: Hub, browser: Browser) -> None:
    await hub.identity.users.create("eve", SecretStr(PASSWORD), "Lab")
    await browser.get("/login")

    for _ in range(5):
        assert (await browser.submit("/login", name="ada", password="guess guess guess", next="/device")).status == 403
    blocked = await browser.submit("/login", name="ADA", password=PASSWORD, next="/device")
    assert blocked.status == 429

    assert "Logged in as" in (await browser.log_in("eve")).text
    await browser.submit("/logout")
    hub.clock.advance(300)
    assert "Logged in as" in (await browser.log_in("ada")).text


@pytest.mark.usefixtures("ada")
async def test_guessing_for_ever_other_names_is_limited_too(hub: Hub, browser: Browser) -> None:
    await browser.get("/login")
    too_long = "x" * 129  # wrong without a hash, which would take most of the time here

    for number in range(50):
        answer = await browser.submit("/login", name=f"name {number}", password=too_long, next="/device")
        assert answer.status == 403

    assert (await browser.submit("/login", name="ada", password=PASSWORD, next="/device")).status == 429
    hub.clock.advance(300)
    assert "Logged in as" in (await browser.log_in("ada")).text


@pytest.mark.usefixtures("ada")
async def test_somebody_in_two_organizations_chooses_and_cannot_choose_a_third(hub: Hub, browser: Browser) -> None:
    eve = await hub.identity.users.create("eve", SecretStr(PASSWORD), "Secret Lab")
    issued = await hub.ask()
    path = f"/configure/{issued['user_code']}"
    await browser.log_in()
    await browser.get(path)

    page = await browser.submit(path, answer="approve", seen="yes", organization=eve.organization_id)

    assert page.status == 404
    assert "Secret Lab" not in page.text
    assert (await hub.poll(issued)).error == (400, "authorization_pending")


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "/\t/evil.example",
        "/\n//evil.example",
        "javascript:alert(1)",
        "",
        "device",
        " /device",
        "/déjà",
    ],
)
def test_only_paths_of_this_hub_are_followed_after_login(path: str) -> None:
    assert local_path(path) == "/device"


def test_paths_of_this_hub_are_followed() -> None:
    assert local_path("/configure/BCDF-GHJK") == "/configure/BCDF-GHJK"


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\r\nLocation: //evil.example",
        " //evil.example",
        "/ /evil.example",
        "/\u2215evil.example",
        "javascript:alert(1)",
        "evil.example",
    ],
)
async def test_login_never_leads_to_another_site(browser: Browser, target: str) -> None:
    page = await browser.get(f"/login?{urlencode({'next': target})}")
    assert 'value="/device"' in page.text
    answer = await browser.submit_and_stay("/login", name="ada", password=PASSWORD, next=target)
    assert (answer.status, answer.headers["Location"]) == (303, "/device")


def test_characters_that_hide_or_reorder_a_name_are_shown_as_such() -> None:
    assert shown("app\u202egpj.exe\n\x00") == "app\ufffdgpj.exe\ufffd\ufffd"
    assert len(shown("x" * 500)) == 120
    assert shown("Zählt 細胞") == "Zählt 細胞"


def test_cookies_over_https_are_bound_to_the_host(tmp_path: Path) -> None:
    address = Address(ListenSettings(port=8000, public_url="https://hub.example"))
    sessions = WebSessions(Database(DatabaseSettings(), tmp_path), address, tmp_path / "forms.key", FakeClock())
    response = web.Response()

    sessions.remember(make_mocked_request("GET", "/login"), response, Visitor("x" * 43))

    cookie = response.cookies["__Host-arkitekt"]
    assert (cookie["secure"], cookie["httponly"], cookie["path"], cookie["domain"]) == (True, True, "/", "")
