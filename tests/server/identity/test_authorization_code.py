"""The authorization code grant: the person answers, the code is redeemed once."""

import asyncio
import base64
import hashlib

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from arkitekt_di.server.identity.client_kind import ClientKind
from tests.server.identity.harness import MANIFEST, MIKRO, PASSWORD, Browser, Hub, part
from tests.server.identity.provider import (
    REDIRECT,
    SITE,
    Try,
    answer_consent,
    challenge_of,
    get_code,
    get_tokens,
    register,
    sent_back,
)

pytestmark = pytest.mark.anyio


async def test_a_person_logs_in_allows_and_the_client_gets_tokens(hub: Hub, browser: Browser) -> None:
    client = await register(hub, services=[MIKRO])
    attempt = Try(client.client_id, "http://127.0.0.1:54321/callback")

    page = await browser.get(attempt.path())
    assert "/login?again=yes&next=" in page.url
    page = await browser.submit("/login", name="ada", password=PASSWORD, next=attempt.path())
    for words in ("the native", "Registered by an administrator", "a program on this computer (127.0.0.1:54321)"):
        assert words in page.text
    assert "Know who you are on this hub" in page.text
    assert "Your images: see, add, rename and delete them" in page.text
    back = await answer_consent(browser)
    assert back.headers["Location"].startswith("http://127.0.0.1:54321/callback?code=")
    answer = sent_back(back)
    assert (answer["state"], answer["iss"]) == (attempt.state, f"{hub.url}/o")
    granted = await hub.token(**attempt.redemption(answer["code"]))

    tokens = granted.json
    assert granted.headers["Cache-Control"] == "no-store"
    assert tokens["scope"] == "openid profile"
    assert MIKRO in part(tokens["access_token"], 1)["aud"]
    assert (await hub.userinfo(tokens["access_token"])).json["preferred_username"] == "ada"
    assert (await hub.refresh({**tokens, "client_id": client.client_id})).status == 200


async def test_the_id_token_is_signed_for_the_client_and_opens_nothing(hub: Hub, browser: Browser) -> None:
    client = await register(hub)
    tokens = await get_tokens(hub, browser, Try(client.client_id))

    keys = KeySet.import_key_set((await hub.send("GET", "/o/.well-known/jwks.json")).json)
    claims = jwt.decode(tokens["id_token"], keys, algorithms=["RS256"]).claims
    half = hashlib.sha256(tokens["access_token"].encode()).digest()[:16]

    assert claims["iss"] == f"{hub.url}/o"
    assert claims["aud"] == client.client_id
    assert claims["sub"] == hub.people["ada"].user_id
    assert claims["nonce"] == "nonce-of-the-client"
    assert claims["exp"] > claims["iat"] >= claims["auth_time"]
    assert claims["at_hash"] == base64.urlsafe_b64encode(half).decode().rstrip("=")
    assert part(tokens["id_token"], 0)["typ"] == "JWT"
    assert (await hub.userinfo(tokens["id_token"])).status == 401
    assert "login" not in claims


async def test_an_app_that_registers_itself_uses_the_code_on_its_own_computer_only(hub: Hub, browser: Browser) -> None:
    await register(hub)
    issued = await hub.ask(redirect_uris=["http://127.0.0.1/"])
    attempt = Try(issued["client_id"], "http://127.0.0.1:40000/")

    tokens = await get_tokens(hub, browser, attempt)
    page = await browser.get(attempt.path())
    refused = await hub.send(
        "POST", "/o/app-authorization/", json={"manifest": MANIFEST, "redirect_uris": ["https://evil.example/"]}
    )

    assert tokens["client_id"] == issued["client_id"]
    assert "Not verified" in page.text
    assert (refused.status, refused.json["error"]) == (400, "invalid_request")


async def test_a_web_site_shows_its_secret_and_keeps_the_query_of_its_address(hub: Hub, browser: Browser) -> None:
    client = await register(hub, ClientKind.WEB)
    assert client.secret is not None
    attempt = Try(client.client_id, SITE)
    await browser.get(attempt.path())
    await browser.submit("/login", name="ada", password=PASSWORD, next=attempt.path())
    assert "client.example.org" in browser.page.text
    assert "form-action 'self' https://client.example.org;" in browser.page.headers["Content-Security-Policy"]
    answer = sent_back(await answer_consent(browser))
    assert answer["from"] == "hub"

    assert (await hub.token(**attempt.redemption(answer["code"]))).error == (401, "invalid_client")
    secret = client.secret.get_secret_value()
    granted = await hub.token(**attempt.redemption(answer["code"]), client_secret=secret)

    assert granted.status == 200
    tokens = granted.json
    assert (await hub.refresh(tokens)).error == (401, "invalid_client")
    assert (await hub.refresh(tokens, client_secret=secret)).status == 200


async def test_deny_is_told_to_the_client_and_gives_nothing(hub: Hub, browser: Browser) -> None:
    client = await register(hub)
    await browser.log_in()
    await browser.get(Try(client.client_id).path())

    answer = sent_back(await answer_consent(browser, "deny"))

    assert answer == {"error": "access_denied", "state": "state-of-the-client", "iss": f"{hub.url}/o"}


async def test_the_answer_needs_the_form_of_this_browser_and_an_own_organization(hub: Hub, browser: Browser) -> None:
    client = await register(hub)
    attempt = Try(client.client_id)
    await hub.approve(await hub.ask(), "eve")
    await browser.log_in()
    fields = {**attempt.parameters(), "answer": "allow", "organization": hub.people["ada"].organization_id}

    forged = await hub.send("POST", "/o/authorize/", data=fields)
    await browser.get(attempt.path())
    other = await answer_consent(browser, organization=hub.people["eve"].organization_id)
    neither = await answer_consent(browser, "maybe")

    assert forged.status == 403
    assert (other.status, neither.status) == (400, 400)
    assert "Location" not in other.headers


async def test_one_person_lets_in_a_bounded_number_of_clients(hub: Hub, browser: Browser) -> None:
    client = await register(hub)
    await get_code(hub, browser, Try(client.client_id))
    await browser.get(Try(client.client_id).path())
    form = browser.page

    answers = []
    for _ in range(30):
        browser.page = form
        answers.append(sent_back(await answer_consent(browser)))

    assert ["code" in answer for answer in answers] == [True] * 29 + [False]
    assert answers[-1]["error"] == "temporarily_unavailable"


async def test_what_the_form_carries_is_checked_again(hub: Hub, browser: Browser) -> None:
    client = await register(hub)
    await browser.log_in()
    await browser.get(Try(client.client_id).path())

    answer = await answer_consent(browser, redirect_uri="https://evil.example/")

    assert answer.status == 400
    assert "Location" not in answer.headers


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "nobody"},
        {"client_id": None},
        {"redirect_uri": None},
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": "//evil.example"},
        {"redirect_uri": "javascript:alert(1)"},
    ],
)
async def test_a_wrong_client_or_address_gets_a_page_and_the_browser_stays(
    hub: Hub, browser: Browser, changes: dict[str, str | None]
) -> None:
    client = await register(hub)

    answer = await browser.get(Try(client.client_id).path(**changes), follow=False)

    assert answer.status == 400
    assert "Location" not in answer.headers
    assert "evil" not in answer.text


@pytest.mark.parametrize("name", ["client_id", "redirect_uri", "code_challenge", "state", "unknown"])
async def test_a_parameter_of_the_address_that_is_given_twice_is_refused(hub: Hub, name: str) -> None:
    client = await register(hub)
    path = f"{Try(client.client_id).path()}&unknown=1&{name}=x"

    answer = await hub.send("GET", path, follow=False)

    assert (answer.status, "Location" in answer.headers) == (400, False)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unauthorized_client"),
        ({"response_type": "none"}, "unauthorized_client"),
        ({"response_type": None}, "invalid_request"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"response_mode": "form_post"}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"request": "eyJhbGciOiJub25lIn0.e30."}, "request_not_supported"),
        ({"request_uri": "https://evil.example/"}, "request_uri_not_supported"),
        ({"prompt": "none"}, "login_required"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"nonce": "n" * 1025}, "invalid_request"),
    ],
)
async def test_other_mistakes_are_told_to_the_client_in_the_query(
    hub: Hub, changes: dict[str, str | None], error: str
) -> None:
    client = await register(hub)

    answer = await hub.send("GET", Try(client.client_id).path(**changes), follow=False)

    told = sent_back(answer)
    assert (told["error"], told["state"], told["iss"]) == (error, "state-of-the-client", f"{hub.url}/o")
    assert answer.headers["Location"].startswith(f"{REDIRECT}?")
    assert "#" not in answer.headers["Location"]
    assert "code" not in told


async def test_an_unknown_scope_is_left_out_and_the_answer_says_so(hub: Hub, browser: Browser) -> None:
    client = await register(hub)
    attempt = Try(client.client_id)

    code = await get_code(hub, browser, attempt, scope="openid offline_access admin")

    first = await hub.token(**attempt.redemption(code))
    assert first.json["scope"] == "openid offline_access"
    renewal = {"grant_type": "refresh_token", "client_id": client.client_id, "scope": "openid offline_access"}
    renewed = await hub.token(refresh_token=first.json["refresh_token"], **renewal)
    assert (renewed.status, renewed.json["scope"]) == (200, "openid offline_access")


async def test_prompts_and_max_age_ask_for_the_password_again(hub: Hub, browser: Browser) -> None:
    client = await register(hub)
    attempt = Try(client.client_id)
    await browser.log_in()

    assert sent_back(await browser.get(attempt.path(prompt="none"), follow=False))["error"] == "consent_required"
    assert (await browser.get(attempt.path(max_age="100"), follow=False)).status == 200
    hub.clock.advance(101)
    assert "/login" in (await browser.get(attempt.path(max_age="100"))).url
    again = await browser.get(attempt.path(prompt="login"))
    assert "/login?again=yes&next=" in again.url
    assert "prompt" not in again.url
    page = await browser.submit("/login", name="ada", password=PASSWORD, next=attempt.path(max_age="100"))
    assert "/o/authorize/" in page.url


# --- the code ------------------------------------------------------------------------------------


async def test_a_code_works_once_and_its_reuse_ends_what_it_gave(hub: Hub, browser: Browser) -> None:
    client = await register(hub)
    attempt = Try(client.client_id)
    code = await get_code(hub, browser, attempt)
    tokens = (await hub.token(**attempt.redemption(code))).json
    assert (await hub.userinfo(tokens["access_token"])).status == 200

    assert (await hub.token(**attempt.redemption(code))).error == (400, "invalid_grant")

    assert (await hub.userinfo(tokens["access_token"])).status == 401
    assert (await hub.refresh(tokens)).error == (400, "invalid_grant")


async def test_fifty_redemptions_of_one_code_give_tokens_once(hub: Hub, browser: Browser) -> None:
    client = await register(hub)
    attempt = Try(client.client_id)
    code = await get_code(hub, browser, attempt)

    answers = await asyncio.gather(*(hub.token(**attempt.redemption(code)) for _ in range(50)))

    assert sorted(answer.status for answer in answers) == [200] + [400] * 49
    won = next(answer for answer in answers if answer.status == 200)
    assert (await hub.userinfo(won.json["access_token"])).status == 401


async def test_a_code_lives_for_a_minute(hub: Hub, browser: Browser) -> None:
    client = await register(hub)
    attempt = Try(client.client_id)
    in_time, late = await get_code(hub, browser, attempt), await get_code(hub, browser, attempt)

    hub.clock.advance(59)
    assert (await hub.token(**attempt.redemption(in_time))).status == 200
    hub.clock.advance(1)
    assert (await hub.token(**attempt.redemption(late))).error == (400, "invalid_grant")


@pytest.mark.parametrize("verifier", ["v" * 43, "v" * 42, "v" * 129, "\N{SNOWMAN}" * 43])
async def test_a_wrong_verifier_uses_the_code_up(hub: Hub, browser: Browser, verifier: str) -> None:
    client = await register(hub)
    attempt = Try(client.client_id)
    code = await get_code(hub, browser, attempt)

    assert (await hub.token(**attempt.redemption(code, code_verifier=verifier))).error == (400, "invalid_grant")
    assert (await hub.token(**attempt.redemption(code))).error == (400, "invalid_grant")


async def test_a_challenge_is_not_its_own_verifier(hub: Hub, browser: Browser) -> None:
    client = await register(hub)
    attempt = Try(client.client_id)
    code = await get_code(hub, browser, attempt)

    stolen = attempt.redemption(code, code_verifier=challenge_of(attempt.verifier))

    assert (await hub.token(**stolen)).error == (400, "invalid_grant")


async def test_a_code_without_a_verifier_is_worth_nothing(hub: Hub, browser: Browser) -> None:
    client = await register(hub)
    attempt = Try(client.client_id)
    fields = attempt.redemption(await get_code(hub, browser, attempt))
    del fields["code_verifier"]

    answer = await hub.token(**fields)

    assert answer.error == (400, "invalid_request")
    assert "access_token" not in answer.json


async def test_a_code_is_bound_to_its_client_and_another_cannot_spoil_it(hub: Hub, browser: Browser) -> None:
    client, thief = await register(hub), await register(hub)
    attempt = Try(client.client_id)
    code = await get_code(hub, browser, attempt)

    stolen = attempt.redemption(code, client_id=thief.client_id)
    assert (await hub.token(**stolen)).error == (400, "invalid_grant")
    assert (await hub.token(**attempt.redemption(code))).status == 200


@pytest.mark.parametrize("redirect_uri", ["http://127.0.0.1:1/callback", "https://evil.example/", "x"])
async def test_another_redirect_uri_at_the_token_endpoint_is_an_invalid_grant(
    hub: Hub, browser: Browser, redirect_uri: str
) -> None:
    client = await register(hub)
    attempt = Try(client.client_id)
    code = await get_code(hub, browser, attempt)

    answer = await hub.token(**attempt.redemption(code, redirect_uri=redirect_uri))

    assert answer.error == (400, "invalid_grant")


async def test_a_code_of_a_person_who_left_is_worth_nothing(hub: Hub, browser: Browser) -> None:
    client = await register(hub)
    attempt = Try(client.client_id)
    code = await get_code(hub, browser, attempt)
    async with hub.database._engine.begin() as connection:  # type: ignore[union-attr]
        await connection.exec_driver_sql("DELETE FROM memberships")

    assert (await hub.token(**attempt.redemption(code))).error == (400, "invalid_grant")
