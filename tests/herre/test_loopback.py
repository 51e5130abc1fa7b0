import asyncio
import gc
import logging

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arkitekt_di.errors import LoginError, LoginExpiredError, LoginRefusedError
from arkitekt_di.herre.authorization_answer import AuthorizationAnswer
from arkitekt_di.herre.loopback import LoopbackListener

pytestmark = pytest.mark.anyio

ISSUER = "https://login.example/realm"
WAIT_S = 10.0


def listening(*, sends_issuer=True):
    return LoopbackListener(AuthorizationAnswer(ISSUER, sends_issuer=sends_issuer))


@pytest.fixture
async def listener():
    async with listening() as listener:
        yield listener


async def come_back(listener, *, headers=None, method="GET", url=None, **fields):
    async with (
        aiohttp.ClientSession() as browser,
        browser.request(method, url or listener.redirect_uri, params=fields, headers=headers) as answer,
    ):
        return answer.status, await answer.text(), answer.headers


def good(listener):
    return {"state": listener._awaited.state, "code": "the-code", "iss": ISSUER}


async def test_the_browser_brings_the_code(listener):
    status, page, headers = await come_back(listener, **good(listener))

    assert await listener.code(timeout_s=WAIT_S) == "the-code"
    assert status == 200
    assert "You can close this page" in page
    assert "the-code" not in page
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in headers["Content-Security-Policy"]


async def test_it_is_on_the_loopback_at_a_free_port_of_its_own(listener):
    async with listening() as other:
        assert listener.redirect_uri != other.redirect_uri
        assert listener._awaited.state != other._awaited.state
        assert listener.redirect_uri.startswith("http://127.0.0.1:")
        assert [address[0] for address in listener._runner.addresses] == ["127.0.0.1"]  # no other interface


@pytest.mark.parametrize(
    "fields",
    [
        {"state": "wrong"},
        {"state": ""},
        {"state": "\udcff"},
        {"state": "wrong", "error": "access_denied"},
        {"state": "wrong", "iss": "https://evil.example"},
    ],
)
async def test_a_wrong_state_is_ignored_and_the_listener_survives(listener, fields):
    raw = {name: value.encode(errors="surrogateescape").decode("latin-1") for name, value in fields.items()}
    status, _, _ = await come_back(listener, **{**good(listener), **raw})

    assert status == 400
    await come_back(listener, **good(listener))
    assert await listener.code(timeout_s=WAIT_S) == "the-code"


async def test_a_missing_state_is_ignored(listener):
    assert (await come_back(listener, code="x"))[0] == 400


@pytest.mark.parametrize("host", ["evil.example", "localhost", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.evil.example"])
async def test_another_host_name_is_refused(listener, host):
    status, _, _ = await come_back(listener, headers={"Host": host}, **good(listener))

    assert status == 421
    await come_back(listener, **good(listener))
    assert await listener.code(timeout_s=WAIT_S) == "the-code"


async def test_localhost_is_refused_even_with_the_right_port(listener):
    port = listener.redirect_uri.split(":")[2].split("/")[0]

    assert (await come_back(listener, headers={"Host": f"localhost:{port}"}, **good(listener)))[0] == 421


@pytest.mark.parametrize("path", ["/", "/callback/", "/callback/x", "/Callback", "/favicon.ico", "//callback"])
async def test_there_is_one_path(listener, path):
    url = listener.redirect_uri.removesuffix("/callback") + path

    assert (await come_back(listener, url=url, **good(listener)))[0] == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "OPTIONS", "HEAD"])
async def test_there_is_one_method(listener, method):
    assert (await come_back(listener, method=method, **good(listener)))[0] == 405


async def test_it_answers_once(listener):
    await come_back(listener, **good(listener))

    assert (await come_back(listener, **{**good(listener), "code": "another"}))[0] == 410
    assert await listener.code(timeout_s=WAIT_S) == "the-code"


async def test_a_repeated_parameter_is_refused(listener):
    url = f"{listener.redirect_uri}?state={listener._awaited.state}&code=a&code=b&iss={ISSUER}"

    assert (await come_back(listener, url=url))[0] == 400


@pytest.mark.parametrize("issuer", ["https://evil.example", f"{ISSUER}/", ""])
async def test_an_answer_of_another_issuer_is_not_used(listener, issuer):
    await come_back(listener, **{**good(listener), "iss": issuer})

    with pytest.raises(LoginError, match="another issuer"):
        await listener.code(timeout_s=WAIT_S)


async def test_an_issuer_that_always_names_itself_has_to(listener):
    await come_back(listener, state=listener._awaited.state, code="the-code")

    with pytest.raises(LoginError, match="another issuer"):
        await listener.code(timeout_s=WAIT_S)


async def test_an_issuer_that_never_names_itself_need_not():
    async with listening(sends_issuer=False) as listener:
        await come_back(listener, state=listener._awaited.state, code="the-code")

        assert await listener.code(timeout_s=WAIT_S) == "the-code"


async def test_a_person_who_says_no_is_told_as_such(listener):
    answer = {
        "state": listener._awaited.state,
        "iss": ISSUER,
        "error": "access_denied",
        "error_description": "no\x1b[2J thanks",
    }
    status, page, _ = await come_back(listener, **answer)

    with pytest.raises(LoginRefusedError, match=r"access_denied: no\[2J thanks"):
        await listener.code(timeout_s=WAIT_S)
    assert status == 200
    assert "thanks" not in page


async def test_an_answer_without_a_code_is_an_error(listener):
    await come_back(listener, state=listener._awaited.state, iss=ISSUER)

    with pytest.raises(LoginError, match="no code"):
        await listener.code(timeout_s=WAIT_S)


async def test_waiting_is_bounded(listener):
    with pytest.raises(LoginExpiredError, match=r"within 0\.01 s"):
        await listener.code(timeout_s=0.01)


async def test_nothing_listens_afterwards():
    async with listening() as listener:
        pass

    with pytest.raises(aiohttp.ClientConnectorError):
        await come_back(listener, **good(listener))


async def test_an_answer_that_nobody_waits_for_is_dropped_in_silence(caplog):
    async with listening() as listener:
        await come_back(listener, state=listener._awaited.state, iss=ISSUER, error="access_denied")
    del listener
    gc.collect()

    assert caplog.text == ""


async def test_nothing_is_logged(caplog):
    caplog.set_level(logging.DEBUG)
    async with listening() as listener:
        await come_back(listener, **good(listener))
        state = listener._awaited.state

    assert "the-code" not in caplog.text
    assert state not in caplog.text


async def test_an_answer_that_cannot_be_read_is_not_logged_either(caplog):
    caplog.set_level(logging.DEBUG)
    async with listening() as listener:
        port = int(listener.redirect_uri.split(":")[2].split("/")[0])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /callback?code=the-code\x00 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        writer.write_eof()
        await reader.read()
        writer.close()

    assert "Error handling request" in caplog.text
    assert "the-code" not in caplog.text


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200))
def test_no_bytes_bring_it_down(content, anyio_backend):
    async def knock():
        async with listening() as listener:
            port = int(listener.redirect_uri.split(":")[2].split("/")[0])
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /callback?" + content + b" HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % port)
            writer.write_eof()
            first = await reader.readline()
            writer.close()
            assert b" 5" not in first[:12]
            await come_back(listener, **good(listener))
            assert await listener.code(timeout_s=WAIT_S) == "the-code"

    asyncio.run(knock())
