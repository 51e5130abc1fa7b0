"""Secrets of every way of logging in are planted, and looked for wherever something is written out."""

import asyncio
import faulthandler
import logging
import sys
import time
import traceback
from contextlib import ExitStack, contextmanager

import pytest
from pydantic import SecretStr
from rich.console import Console

from arkitekt_di import easy
from arkitekt_di.errors import ArkitektError
from arkitekt_di.fakts.cache import FileClaimCache, InMemoryClaimCache
from arkitekt_di.fakts.notebook_presenter import prompt_html
from arkitekt_di.herre.authorization_code import AuthorizationCodeFlow
from arkitekt_di.herre.choice import Surroundings
from arkitekt_di.herre.chosen_flow import ChosenFlow
from arkitekt_di.herre.claim import ClaimFlow
from arkitekt_di.herre.client import OAuthClient
from arkitekt_di.herre.client_credentials import ClientCredentialsFlow
from arkitekt_di.herre.device_code import DeviceCodeFlow
from arkitekt_di.herre.flow import LoginFlow
from arkitekt_di.herre.static_token import StaticTokenFlow
from arkitekt_di.herre.store import FileTokenStore
from arkitekt_di.settings.listing import shown
from arkitekt_di.settings.load import load_app_settings
from arkitekt_di.settings.models import HerreSettings
from arkitekt_di.testing.clock import ManualClock
from arkitekt_di.testing.issuer import CLIENT_ID, CLIENT_SECRET, InMemoryIssuer
from arkitekt_di.transport.device_polling import DevicePolling
from tests.herre.browsers import Browser
from tests.herre.logins import logged_in, make_fakts

pytestmark = pytest.mark.anyio

HERE = Surroundings(has_terminal=True, has_browser=True)


@pytest.fixture
async def issuer():
    async with InMemoryIssuer() as issuer:
        issuer.id_claims = {"name": "Ada"}
        issuer.secrets_given.add("canary")
        yield issuer


@pytest.fixture
def said(caplog, capfd, tmp_path):
    """Collect what is written anywhere; to be begun in the test, since pytest has other levels before it."""

    @contextmanager
    def said():
        parts: list[str] = []
        with (tmp_path / "crash.txt").open("w+") as crashes, ExitStack() as levels:
            for name in ("", "oauthlib", "aiohttp", "asyncio", "filelock", "arkitekt_di"):
                levels.enter_context(caplog.at_level(logging.DEBUG, logger=name))
            logging.getLogger("arkitekt_di").debug("the log is on")
            yield parts
            faulthandler.dump_traceback(crashes, all_threads=True)
            crashes.flush()
            printed = capfd.readouterr()
            parts.extend([caplog.text, printed.out, printed.err, (tmp_path / "crash.txt").read_text()])
            parts.extend([str(record.args) for record in caplog.records])
        assert "the log is on" in caplog.text

    return said


def found_in(parts, secrets):
    everything = "\n".join(map(str, parts))
    return [secret for secret in secrets if secret in everything]


def looks_of(*things):
    """Return what a person sees of objects: in a terminal, in a notebook, in a debugger."""
    console = Console(width=200, force_terminal=True, record=True, quiet=True)
    seen = []
    for thing in things:
        console.print(thing)
        html = getattr(thing, "_repr_html_", str)
        seen += [repr(thing), str(thing), html(), str(vars(thing))]
    return [*seen, console.export_text()]


async def failing(action):
    with pytest.raises(ArkitektError) as caught:
        await action
    error = caught.value
    return [*traceback.format_exception(error), repr(error), str(error), repr(error.args)]


async def test_no_way_of_logging_in_shows_a_secret(http, hub, issuer, said, tmp_path):
    asyncio.get_running_loop().set_debug(True)
    settings = HerreSettings(issuer=issuer.url, client_id=CLIENT_ID)
    with_secret = settings.model_copy(update={"client_secret": SecretStr(CLIENT_SECRET)})
    fakts = make_fakts(http, hub.url, FileClaimCache(tmp_path / "claims"), key=SecretStr("the mandate key"))
    clock, browser = ManualClock(), Browser()
    client = OAuthClient(http, fakts, settings)
    flows: dict[str, LoginFlow] = {
        "code": AuthorizationCodeFlow(client, browser, timeout_s=5),
        "device": DeviceCodeFlow(client, http, browser, DevicePolling(clock, clock.sleep)),
        "secret": ClientCredentialsFlow(OAuthClient(http, fakts, with_secret)),
        "token": StaticTokenFlow(fakts, SecretStr("the given token")),
        "claim": ClaimFlow(fakts, http),
    }
    issuer.secrets_given |= {"the given token", "the mandate key"}

    with said() as parts:
        for name, flow in flows.items():
            chosen = ChosenFlow({}, flow, fakts, settings, lambda: HERE)
            store = FileTokenStore(tmp_path / name)
            async with logged_in(fakts, http, store, time.time, settings=settings, flow=flow) as herre:
                parts.extend(looks_of(herre, fakts, flow, chosen, settings, with_secret, herre._token))
                if name in {"code", "device"}:
                    issuer.good_refresh.clear()
                    parts.extend(await failing(herre.arefresh_token(await herre.aget_token())))
        parts.extend(prompt_html(prompt) for prompt in browser.prompts)

    verifiers = {form["code_verifier"] for form in issuer.forms if "code_verifier" in form}
    secrets = hub.secrets_given | issuer.secrets_given | verifiers
    assert found_in(parts, secrets) == []
    assert len(secrets) > 12
    assert (len(browser.prompts), len(verifiers)) == (2, 1)


async def test_an_answer_that_makes_no_sense_shows_no_secret(http, hub, issuer, said):
    settings = HerreSettings(issuer=issuer.url, client_id=CLIENT_ID)
    fakts = make_fakts(http, hub.url, InMemoryClaimCache())
    await fakts.start()
    client = OAuthClient(http, fakts, settings)
    with said() as parts:
        for extra in (
            {"access_token": {"nested": "canary"}},
            {"access_token": "canary", "token_type": "mac"},
            {"access_token": "canary", "expires_in": "canary"},
            {"id_token": "canary.canary.canary"},
        ):
            issuer.extra = extra
            parts.extend(await failing(AuthorizationCodeFlow(client, Browser(), timeout_s=5).login()))

    assert found_in(parts, issuer.secrets_given) == []


def test_secrets_that_were_set_are_hidden_wherever_settings_are_shown(tmp_path, said):
    planted = {
        "ARKITEKT_TOKEN": "canary-token",
        "FAKTS_TOKEN": "client:canary-login",
        "FAKTS_MANDATE_KEY": "canary-key",
        "ARKITEKT_HERRE__CLIENT_SECRET": "canary-secret",
    }
    loaded = load_app_settings(environ=planted, start=tmp_path)

    listed = [
        shown(name, getattr(section, name))
        for section in (loaded.settings.fakts, loaded.settings.herre)
        for name in type(section).model_fields
    ]
    with said() as parts:
        parts.extend([repr(loaded), loaded.settings.model_dump(), loaded.settings.model_dump_json(), *listed])

    assert found_in(parts, ["canary"]) == []


def test_an_app_that_fails_at_its_start_shows_no_secret(tmp_path, said):
    app = easy(
        "canaries",
        url="http://127.0.0.1:1",
        token="canary-token",
        no_cache=True,
        settings={"fakts.mandate_key": "canary-key", "herre.client_secret": "canary-secret"},
    )
    with said() as parts:
        try:
            with app:
                pytest.fail("nothing answers there")
        except ArkitektError as error:
            sys.excepthook(type(error), error, error.__traceback__)
            parts.extend([*traceback.format_exception(error), repr(error)])
        parts.extend([repr(app), str(app)])

    assert found_in(parts, ["no hub answers"])
    assert found_in(parts, ["canary-"]) == []
