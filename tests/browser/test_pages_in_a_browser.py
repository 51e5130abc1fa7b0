"""The pages of the hub as a person meets them: in Chromium, over https, under the strict policies of the hub."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, Route

from tests.browser.axe import axe_source, violations
from tests.browser.person import PASSWORD, REDIRECT, BrowsedHub, Person, a_context, browsed_hub
from tests.server.identity.provider import Try

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def client_id(hub: BrowsedHub) -> str:
    return hub.register()


@pytest.fixture
def arrivals(stranger: Person) -> Iterator[list[dict[str, str]]]:
    """Return what arrives at the redirect URI of the client."""
    arrived: list[dict[str, str]] = []

    def answer(route: Route) -> None:
        arrived.append(dict(parse_qsl(urlsplit(route.request.url).query)))
        # Without an icon of its own, Chromium would ask for one, maybe after the route has ended.
        route.fulfill(body='<title>client</title><link rel="icon" href="data:,">', content_type="text/html")

    stranger.page.route("http://127.0.0.1:41999/**", answer)
    yield arrived
    stranger.page.unroute_all()


def test_the_link_of_the_first_run_opens_nothing_the_second_time(stranger: Person, hub: BrowsedHub) -> None:
    stranger.go(hub.setup_path)

    assert stranger.heading == "This link opens nothing"
    assert stranger.page.get_by_role("textbox").count() == 0


def test_a_wrong_password_is_told_in_one_sentence_and_keeps_the_name(stranger: Person) -> None:
    stranger.log_in(password="a wrong password")

    assert stranger.page.get_by_role("alert").inner_text() == "The user name or the password is wrong."
    assert stranger.page.get_by_label("User name").input_value() == "ada"
    assert stranger.page.get_by_label("Password").input_value() == ""
    assert stranger.focused == "input: Password"


def test_logging_in_changes_the_cookie_and_logging_out_ends_the_session(stranger: Person) -> None:
    stranger.go("/login")
    (before,) = stranger.page.context.cookies()
    stranger.log_in()
    (during,) = stranger.page.context.cookies()
    stranger.press("Log out")
    stranger.go("/apps")

    assert during["name"] == "__Host-arkitekt"
    assert (during["secure"], during["httpOnly"], during["sameSite"], during["path"]) == (True, True, "Lax", "/")
    assert before["value"] != during["value"]
    assert stranger.heading == "Log in"


def test_no_page_script_can_read_the_cookie(ada: Person) -> None:
    assert ada.page.evaluate("document.cookie") == ""


def test_an_app_is_let_in_by_its_code_and_shows_up_and_is_ended(ada: Person, hub: BrowsedHub) -> None:
    issued = hub.ask("cell-counter")
    ada.go("/device")
    ada.fill(Code=issued["user_code"].lower().replace("-", " "))
    ada.press("Continue")
    assert ada.heading == "Let this app in?"
    assert "Not verified" in ada.page.get_by_role("region", name="cell-counter").inner_text()
    assert hub.poll(issued).json()["error"] == "authorization_pending"

    ada.page.get_by_label("Yes, the app that I started shows this code").check()
    ada.press("Let it in")
    assert ada.heading == "The app is let in"
    token = hub.poll({**issued}).json()["access_token"]
    ada.go("/apps")
    app = ada.page.get_by_role("region", name="cell-counter")
    assert re.search(r"Last used\s+20\d\d-\d\d-\d\d \d\d:\d\d UTC", app.inner_text())
    app.first.get_by_role("button", name="End its access").click()

    user = hub.post("/o/userinfo/", headers={"Authorization": f"Bearer {token}"})
    assert user.status_code == 401


def test_a_link_alone_lets_nothing_in(ada: Person, hub: BrowsedHub) -> None:
    issued = hub.ask()
    ada.go(issued["verification_uri_complete"])
    ada.press("Let it in")  # without the tick: the browser itself holds the form back

    assert ada.heading == "Let this app in?"
    assert hub.poll(issued).json()["error"] == "authorization_pending"


def test_an_app_is_turned_away_without_ticking_anything(ada: Person, hub: BrowsedHub) -> None:
    issued = hub.ask()
    ada.go(issued["verification_uri_complete"])
    ada.press("Deny")

    assert ada.heading == "The app was turned away"
    assert hub.poll(issued).json()["error"] == "access_denied"


def test_a_stranger_comes_to_the_app_after_logging_in(stranger: Person, hub: BrowsedHub) -> None:
    stranger.go(hub.ask()["verification_uri_complete"])
    assert stranger.heading == "Log in"

    stranger.fill(User_name="ada", Password=PASSWORD)
    stranger.press("Log in")

    assert stranger.heading == "Let this app in?"


@pytest.mark.parametrize(("button", "answer"), [("Allow", "code"), ("Deny", "error")])
def test_consent_sends_the_browser_back_with_the_answer(
    ada: Person, client_id: str, arrivals: list[dict[str, str]], button: str, answer: str
) -> None:
    ada.go(Try(client_id, REDIRECT).path())
    assert ada.heading == "Log in to Lab wiki?"
    assert "a program on this computer (127.0.0.1:41999)" in ada.page.get_by_role("main").inner_text()

    ada.press(button)
    ada.page.wait_for_url(f"{REDIRECT}**")

    (arrived,) = arrivals
    assert set(arrived) == {answer, "state", "iss"}
    assert arrived["state"] == "state-of-the-client"
    assert arrived["iss"] == f"{ada.hub}/o"


def test_a_wrong_redirect_uri_never_moves_the_browser(ada: Person, client_id: str, arrivals: list[object]) -> None:
    ada.go(Try(client_id, "http://127.0.0.1:41999/other").path())

    assert ada.heading == "This request is not valid"
    assert ada.page.url.startswith(ada.hub)
    assert arrivals == []


def test_everything_can_be_done_with_the_keyboard_alone(stranger: Person, hub: BrowsedHub) -> None:
    issued = hub.ask()
    keys = stranger.page.keyboard
    stranger.go(issued["verification_uri_complete"])
    assert stranger.focused == "input: User name"
    keys.type("ada")
    assert stranger.tab() == "input: Password"
    keys.type(PASSWORD)
    keys.press("Enter")
    stranger.page.get_by_role("heading", name="Let this app in?").wait_for()

    stranger.tab_to("input: Yes, the app that I started shows this code")
    keys.press("Space")
    assert stranger.tab() == "button: Let it in"
    keys.press("Enter")
    stranger.page.get_by_role("heading", name="The app is let in").wait_for()

    assert hub.poll(issued).status_code == 200


def test_the_focus_goes_through_a_page_as_it_is_read(ada: Person) -> None:
    ada.go("/apps")

    order = [ada.tab() for _ in range(6)]

    assert order == [
        "a: Skip to the content",
        "a: My apps",
        "a: My keys",
        "a: Let an app in",
        "a: Organization",
        "button: Log out",
    ]


def test_the_skip_link_is_seen_when_it_has_the_focus_and_leads_to_the_content(ada: Person) -> None:
    ada.go("/device")
    ada.page.get_by_role("link", name="Skip to the content").focus()
    box = ada.page.get_by_role("link", name="Skip to the content").bounding_box()
    assert box is not None
    assert box["x"] >= 0

    ada.page.keyboard.press("Enter")
    assert ada.page.url.endswith("#content")


PAGES: dict[str, Callable[[Person, BrowsedHub, str], str]] = {
    "login": lambda _ada, _hub, _client: "/login?again=yes",
    "device": lambda _ada, _hub, _client: "/device",
    "approve": lambda _ada, hub, _client: str(hub.ask("a-name-" + "long" * 40)["verification_uri_complete"]),
    "consent": lambda _ada, _hub, client: Try(client, REDIRECT).path(),
    "apps": lambda _ada, _hub, _client: "/apps",
    "keys": lambda _ada, _hub, _client: "/keys",
    "organization": lambda _ada, _hub, _client: "/organization",
    "no such app": lambda _ada, _hub, _client: "/configure/BBBB-BBBB",
    "not valid": lambda _ada, _hub, _client: f"/o/authorize/?{urlencode({'client_id': 'nobody'})}",
}


@pytest.mark.parametrize("page", PAGES)
def test_every_page_has_a_name_one_heading_and_its_landmarks_and_fits_a_small_telephone(
    ada: Person, hub: BrowsedHub, client_id: str, page: str
) -> None:
    ada.page.set_viewport_size({"width": 320, "height": 640})
    ada.go(PAGES[page](ada, hub, client_id))

    assert ada.overflow() == 0
    assert ada.page.get_by_role("main").count() == 1
    assert ada.page.get_by_role("banner").count() == 1
    assert ada.page.get_by_role("heading", level=1).count() == 1
    assert ada.heading in ada.page.title()
    assert ada.page.locator("html").get_attribute("lang") == "en"
    for role in ("textbox", "checkbox", "button", "link", "combobox"):
        for element in ada.page.get_by_role(role).all():
            assert ada.page.get_by_role(role, name=re.compile(r"\S")).and_(element).count() == 1, element


def test_no_page_is_hard_to_use_by_the_rules_of_axe_in_light_and_in_dark(
    ada: Person, hub: BrowsedHub, client_id: str
) -> None:
    source = axe_source()
    found: dict[str, list[str]] = {}
    for page, path in PAGES.items():
        ada.go(path(ada, hub, client_id))
        found[page] = violations(ada.page, source)
    ada.page.emulate_media(color_scheme="dark")
    ada.go(PAGES["approve"](ada, hub, client_id))
    found["approve, dark"] = violations(ada.page, source)

    assert {page: problems for page, problems in found.items() if problems} == {}


def test_the_page_of_the_first_run_is_not_hard_to_use_by_the_rules_of_axe(browser: Browser, tmp_path: Path) -> None:
    with browsed_hub(tmp_path / "data") as fresh:
        context = a_context(browser, width=320)
        first = Person(context.new_page(), fresh.url)
        first.go(fresh.setup_path)

        assert first.overflow() == 0
        assert violations(first.page, axe_source()) == []
        assert first.complaints == []
        context.close()


def test_a_key_is_made_and_removed_and_shown_once(ada: Person) -> None:
    ada.go("/keys")
    ada.tab_to("input: What it is for")
    ada.page.keyboard.type("the microscope's PC")
    ada.page.keyboard.press("Enter")
    made = ada.page.get_by_role("status", name="the microscope's PC")
    key = made.locator("code").inner_text()
    assert len(key) >= 40
    assert violations(ada.page, axe_source()) == []

    ada.go("/keys")
    assert key not in ada.page.content()
    assert ada.page.get_by_role("region", name="the microscope's PC").count() == 1
    ada.press("Remove it, and end its logins")
    assert "the microscope's PC" not in ada.page.content()


def test_a_script_in_a_name_is_shown_and_never_run(ada: Person, hub: BrowsedHub) -> None:
    evil = "<img src=x onerror=document.title='taken'>"
    ada.go(hub.ask(evil)["verification_uri_complete"])

    assert ada.page.title() != "taken"
    assert ada.page.get_by_role("heading", name=evil).count() == 1
    assert ada.page.locator("main img").count() == 0


def test_the_policy_of_the_hub_stops_a_script_that_got_into_a_page(ada: Person) -> None:
    ada.go("/device")
    with ada.page.expect_console_message(lambda message: "Content Security Policy" in message.text):
        ada.page.evaluate(
            """() => {
                const script = document.createElement('script');
                script.textContent = "document.title = 'taken'";
                document.body.append(script);
            }"""
        )

    assert ada.page.title() != "taken"
    ada.complaints.clear()  # the policy spoke up, as it should


def test_no_other_site_can_put_a_page_into_a_frame(ada: Person) -> None:
    ada.page.route("https://other.example/", lambda route: route.fulfill(body="<p>other", content_type="text/html"))
    ada.go("https://other.example/")
    ada.page.evaluate(
        """url => new Promise(done => {
            const frame = document.createElement('iframe');
            frame.addEventListener('load', () => done());
            frame.src = url;
            document.body.append(frame);
        })""",
        f"{ada.hub}/login",
    )

    assert ada.page.frames[-1].url.startswith("chrome-error:")
    ada.complaints.clear()  # the browser says why
