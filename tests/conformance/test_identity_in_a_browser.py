"""Unmodified clients log in at the hub over TLS, and a person in Chromium lets them in."""

import json
import re
import ssl
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msal
import pytest
from authlib.integrations.httpx_client import OAuth2Client as AuthlibClient
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from google_auth_oauthlib.flow import Flow
from requests_oauthlib import OAuth2Session

from tests.browser.person import CHROMIUM, BrowsedHub, Person, a_context, browsed_hub, chromium, set_up
from tests.conformance.test_real_clients import real_python
from tests.server.identity.secure_hub import answer_in
from tests.server.identity.test_operator import listed

__all__ = ["real_python"]
pytestmark = [pytest.mark.conformance, pytest.mark.timeout(900)]
HERE = Path(__file__).parent
BOUND_S = 120
REDIRECT = "http://127.0.0.1:41998/callback"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowsedHub]:
    with browsed_hub(tmp_path_factory.mktemp("conformance") / "data") as hub:
        yield hub


@pytest.fixture(scope="module")
def ada(hub: BrowsedHub) -> Iterator[Person]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    with chromium() as browser:
        context = a_context(browser)
        person = Person(context.new_page(), hub.url)
        set_up(person, hub)
        yield person
        context.close()


def test_unmodified_fakts_is_let_in_renews_reports_and_logs_out(
    real_python: Path, hub: BrowsedHub, ada: Person, tmp_path: Path
) -> None:
    command = [str(real_python), "-u", str(HERE / "identity_client.py"), hub.url, hub.certificate]
    with (
        (tmp_path / "errors.txt").open("w") as errors,
        subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=errors, text=True) as client,
    ):
        assert client.stdout is not None
        code = next((found[0] for line in client.stdout if (found := re.search(r"[B-Z]{4}-[B-Z]{4}", line))), None)
        assert code is not None, (tmp_path / "errors.txt").read_text()
        ada.go(f"/configure/{code}")
        shown = ada.page.get_by_role("main").inner_text()
        ada.page.get_by_label("Yes, the app that I started shows this code").check()
        ada.press("Let it in")
        output, _ = client.communicate(timeout=BOUND_S)
    assert client.returncode == 0, (tmp_path / "errors.txt").read_text()
    report = json.loads(output.splitlines()[-1])

    assert "unmodified-fakts" in shown
    assert report["alias"] == f"{hub.url}/mikro/graphql"
    assert report["tokens"] == 3
    assert report["functional"] == {"mikro": True}
    assert report["reported"] is True
    assert report["is_strict"] is True
    document = hub.served.url + "/.well-known/fakts"
    assert report["key"] == _get(document, hub)["challenge_key"]["key"]
    user = hub.post("/o/userinfo/", headers={"Authorization": f"Bearer {report['last']}"})
    assert user.status_code == 401, "the logout of the client did not end its login"
    ada.go("/apps")
    assert "unmodified-fakts" not in ada.page.get_by_role("main").inner_text()


@pytest.fixture(scope="module")
def client_id(hub: BrowsedHub) -> str:
    """Return the identifier under which an administrator has registered the clients of others."""
    words = ("clients", "add", "Lab wiki", "--kind", "native", "--redirect-uri", REDIRECT)
    with ThreadPoolExecutor(1) as aside:  # the command has an event loop of its own, and so has Playwright
        (client,) = aside.submit(listed, *words, data=hub.served.data).result()
    return str(client["client_id"])


@pytest.fixture
def known(hub: BrowsedHub, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return what the hub says about itself; requests lets the variable win over what a session trusts."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", hub.certificate)
    return _get(f"{hub.url}/o/.well-known/openid-configuration", hub)


def allow(person: Person, url: str) -> str:
    """Open *url* in Chromium, allow what it asks for, and return the address at which the browser ends."""
    person.page.route(f"{REDIRECT}**", lambda route: route.fulfill(body="done"))
    person.go(url)
    person.press("Allow")
    person.page.wait_for_url(f"{REDIRECT}**")
    arrived: str = person.page.url
    assert urlsplit(arrived).path == "/callback"
    return arrived


@pytest.mark.parametrize("kind", [AuthlibSession, AuthlibClient])
def test_unmodified_authlib_logs_in_with_a_code(
    hub: BrowsedHub, ada: Person, client_id: str, known: dict[str, Any], kind: type[AuthlibSession | AuthlibClient]
) -> None:
    options = {} if kind is AuthlibSession else {"verify": ssl.create_default_context(cafile=hub.certificate)}
    with kind(
        client_id,
        redirect_uri=REDIRECT,
        scope="openid profile",
        code_challenge_method="S256",
        token_endpoint_auth_method="none",
        revocation_endpoint_auth_method="none",
        **options,
    ) as session:
        url, _ = session.create_authorization_url(known["authorization_endpoint"], code_verifier="v" * 64)
        tokens = session.fetch_token(
            known["token_endpoint"], authorization_response=allow(ada, url), code_verifier="v" * 64
        )
        user = session.get(known["userinfo_endpoint"]).json()
        session.refresh_token(known["token_endpoint"], refresh_token=tokens["refresh_token"])
        session.revoke_token(known["revocation_endpoint"], token=session.token["refresh_token"])

        assert user["preferred_username"] == "ada"
        assert session.get(known["userinfo_endpoint"]).status_code == 401


def test_unmodified_requests_oauthlib_logs_in_with_a_code(ada: Person, client_id: str, known: dict[str, Any]) -> None:
    with OAuth2Session(client_id, redirect_uri=REDIRECT, scope=["openid", "profile"], pkce="S256") as session:
        url, _ = session.authorization_url(known["authorization_endpoint"])
        code = answer_in(allow(ada, url))["code"]  # it takes addresses of https only
        session.fetch_token(known["token_endpoint"], code=code, include_client_id=True)
        session.refresh_token(known["token_endpoint"], client_id=client_id)

        assert session.get(known["userinfo_endpoint"]).json()["preferred_username"] == "ada"


def test_unmodified_google_auth_oauthlib_logs_in_with_a_code(
    ada: Person, client_id: str, known: dict[str, Any]
) -> None:
    installed = {
        "client_id": client_id,
        "client_secret": "",
        "auth_uri": known["authorization_endpoint"],
        "token_uri": known["token_endpoint"],
    }
    flow = Flow.from_client_config({"installed": installed}, ["openid", "profile"], redirect_uri=REDIRECT)
    url, _ = flow.authorization_url()
    flow.fetch_token(code=answer_in(allow(ada, url))["code"])

    with flow.oauth2session, flow.authorized_session() as session:
        assert session.get(known["userinfo_endpoint"]).json()["preferred_username"] == "ada"


def test_unmodified_msal_logs_in_with_a_code_and_with_a_device_code(
    ada: Person, client_id: str, known: dict[str, Any], hub: BrowsedHub
) -> None:
    app = msal.PublicClientApplication(client_id, oidc_authority=known["issuer"], verify=hub.certificate)
    with pytest.warns(UserWarning, match="form_post"):  # Microsoft's own advice; the hub answers in the query
        asked = app.initiate_auth_code_flow([], redirect_uri=REDIRECT)
    by_code = app.acquire_token_by_auth_code_flow(asked, answer_in(allow(ada, asked["auth_uri"])))
    device = app.initiate_device_flow([])
    ada.go(device["verification_uri_complete"])
    ada.page.get_by_label("Yes, the app that I started shows this code").check()
    ada.press("Let it in")
    by_device = app.acquire_token_by_device_flow(device)
    app.http_client.close()

    assert by_code["id_token_claims"]["preferred_username"] == "ada"
    assert by_device["access_token"] != by_code["access_token"]


def _get(url: str, hub: BrowsedHub) -> dict[str, Any]:
    import requests

    answer: dict[str, Any] = requests.get(url, verify=hub.certificate, timeout=BOUND_S).json()
    return answer
