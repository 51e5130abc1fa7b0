"""What the settings and builders make of the ways of logging in."""

import logging
import os
import ssl

import pytest
import trustme
from aiohttp import web
from pydantic import SecretStr

from arkitekt_di import easy, embedded
from arkitekt_di.errors import CertificateError, LoginRequiredError
from arkitekt_di.fakts.person import Nobody, TerminalPerson
from arkitekt_di.herre.choice import Way
from arkitekt_di.herre.keyring_store import KeyringTokenStore
from arkitekt_di.herre.provider import read_provider
from arkitekt_di.herre.store import FileTokenStore, InMemoryTokenStore, TokenKey
from arkitekt_di.testing.herre import token


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({}, KeyringTokenStore),
        ({"herre.store": "file"}, FileTokenStore),
        ({"fakts.cache": "none"}, InMemoryTokenStore),
    ],
)
def test_the_settings_say_where_logins_are_kept(settings, kind):
    app = easy("wiring", settings=settings).check()

    assert type(app.container.herre.tokens()) is kind


def test_the_arguments_of_the_builder_are_settings():
    app = easy("wiring", token="canary", issuer="https://login.example", headless=True)

    herre = app.settings.herre
    assert (herre.token, herre.issuer, herre.login) == (SecretStr("canary"), "https://login.example", "headless")
    assert "canary" not in repr(app.settings)


def test_a_headless_app_asks_nobody_whether_a_new_hub_is_trusted():
    assert type(easy("wiring").container.fakts.person()) is TerminalPerson
    assert type(easy("wiring", headless=True).container.fakts.person()) is Nobody


def test_one_setting_bounds_every_wait_for_a_person():
    container = easy("wiring", settings={"fakts.login_timeout_s": 7}).container

    assert container.fakts.device_code()._polling.timeout_s == 7
    flows = container.herre.flow()._flows
    assert flows[Way.DEVICE]._polling.timeout_s == 7
    assert (flows[Way.CODE]._timeout_s, flows[Way.PASTE]._timeout_s) == (7, 7)


def test_an_app_uses_the_token_that_it_is_given():
    with embedded("wiring", settings={"herre.token": "given"}) as app:
        assert app.koil.call(app.herre.aget_token) == "given"
        assert app.herre.user.sub is not None  # the hub still tells the services, by its key
        with pytest.raises(LoginRequiredError):
            app.koil.call(app.herre.arefresh_token, "given")


def test_a_replaced_flow_is_what_the_app_logs_in_with():
    class Fixed:
        key = TokenKey("https://login.example", "x")
        is_repeatable = True
        asks_person = False

        async def login(self, more=()):
            from arkitekt_di.herre.flow import Login

            return Login(token(self.key, access="from my own way"))

    app = embedded("wiring", overrides={"herre.flow": Fixed()})
    with app:
        assert app.koil.call(app.herre.aget_token) == "from my own way"
        assert app.herre.issuer == "https://login.example"


@pytest.mark.skipif(os.name != "posix", reason="modes of files")
def test_no_mask_of_the_system_opens_a_login_to_others(tmp_path):
    key = TokenKey("https://hub", "app")
    before = os.umask(0)
    try:
        FileTokenStore(tmp_path / "a" / "b").save(key, token(key))
    finally:
        os.umask(before)

    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.rglob("*")}
    assert modes.pop(f"{key.name}.json") == 0o600
    assert modes["b"] == 0o700


@pytest.mark.anyio
async def test_an_issuer_with_a_wrong_certificate_is_not_asked_over_plain_http(http, caplog):
    caplog.set_level(logging.CRITICAL, "asyncio")
    asked = []

    async def answer(request):
        asked.append(request.path)
        return web.json_response({})

    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(tls)
    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()

    with pytest.raises(CertificateError):
        await read_provider(http, f"https://127.0.0.1:{runner.addresses[0][1]}/realm")

    await runner.cleanup()
    assert asked == []
