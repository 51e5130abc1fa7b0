"""Where a browser may be sent (RFC 9700, section 2.1; RFC 8252, sections 7 and 8)."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from arkitekt_di.server.identity.redirect_uris import (
    form_target,
    is_loopback,
    is_registered,
    is_registrable,
    place_of,
    with_parameters,
)

EXACT = "https://client.example.org/callback"
LOOPBACK = "http://127.0.0.1/callback"
REGISTERED = [EXACT, LOOPBACK, "http://[::1]:8080/cb?x=1", "http://localhost:8080/", "org.example.app:/callback"]


@pytest.mark.parametrize("uri", REGISTERED)
def test_what_is_registered_is_accepted_as_it_is(uri: str) -> None:
    assert is_registered(uri, REGISTERED)
    assert is_registrable(uri)


@pytest.mark.parametrize(
    "uri", ["http://127.0.0.1:1/callback", "http://127.0.0.1:65535/callback", "http://[::1]/cb?x=1"]
)
def test_the_port_of_a_loopback_address_may_vary(uri: str) -> None:
    assert is_registered(uri, REGISTERED)


@pytest.mark.parametrize(
    "uri",
    [
        f"{EXACT}/",
        f"{EXACT}?a=b",
        f"{EXACT}#f",
        "https://client.example.org:443/callback",
        "https://client.example.org/Callback",
        "https://CLIENT.example.org/callback",
        "https://client.example.org/c%61llback",
        "https://client.example.org/x/../callback",
        "https://client.example.org\\@evil.example/callback",
        "https://user@client.example.org/callback",
        "https://client.example.org.evil.example/callback",
        "http://client.example.org/callback",
        "http://127.0.0.1.evil.example/callback",
        "http://127.0.0.1:80@evil.example/callback",
        "http://127.0.0.1:0/callback",
        "http://127.0.0.1:65536/callback",
        "http://127.0.0.1:080/callback",
        "http://127.0.0.1:\u0661/callback",
        "http://127.0.0.2/callback",
        "http://127.1/callback",
        "http://0x7f.1/callback",
        "http://2130706433/callback",
        "http://localhost/callback",
        "http://localhost:8081/",
        "https://127.0.0.1/callback",
        "http://127.0.0.1/callback/",
        "http://127.0.0.1/callback#f",
        "http://127.0.0.1/callback\n",
        "http://[::1]/cb",
        "http://[0:0:0:0:0:0:0:1]/cb?x=1",
        "org.example.app:/Callback",
        "",
    ],
)
def test_anything_else_is_not(uri: str) -> None:
    assert not is_registered(uri, REGISTERED)


@given(st.text(st.characters(codec="utf-8"), max_size=3), st.integers(0, len(LOOPBACK)), st.integers(0, 3))
@example("@", 16, 0)
@example(":99999", 16, 0)
def test_a_loopback_address_with_anything_changed_but_its_port_is_another(text: str, place: int, dropped: int) -> None:
    changed = LOOPBACK[:place] + text + LOOPBACK[place + dropped :]

    if is_registered(changed, [LOOPBACK]) and changed != LOOPBACK:
        host, path = changed.removeprefix("http://").split("/", 1)
        name, port = host.split(":")
        assert (name, path) == ("127.0.0.1", "callback")
        assert 0 < int(port) <= 65535


@pytest.mark.parametrize(
    "uri",
    [
        "http://evil.example/",
        "javascript:alert(1)",
        "data:text/html,x",
        "myapp:/callback",
        "org.example.app:opaque",
        "https://user:secret@example.org/",
        "https:///path",
        "https://example.org/#fragment",
        "https://example.org/ space",
        "https://example.org/\r\nSet-Cookie: x=y",
        "https://example.org:port/",
        "https://example.org;script-src/",
        "https://'unsafe-inline'/",
        f"https://example.org/{'x' * 1000}",
        "//example.org/",
        "/local",
    ],
)
def test_what_cannot_be_registered(uri: str) -> None:
    assert not is_registrable(uri)


def test_only_numbers_of_this_computer_are_loopback() -> None:
    assert is_loopback("http://127.0.0.1:9/x")
    assert is_loopback("http://[::1]/")
    assert not is_loopback("http://localhost/")
    assert not is_loopback("https://127.0.0.1/")


def test_parameters_stand_behind_the_query_that_there_is() -> None:
    assert with_parameters("https://a.example/?b=c", [("code", "x&y")]) == "https://a.example/?b=c&code=x%26y"
    assert with_parameters("https://a.example/", [("code", "x")]) == "https://a.example/?code=x"


def test_people_and_browsers_are_told_where_they_go() -> None:
    assert place_of(EXACT) == "client.example.org"
    assert place_of(LOOPBACK) == "a program on this computer (127.0.0.1)"
    assert place_of("org.example.app:/x") == "an app on this device (org.example.app)"
    assert form_target("https://a.example:8443/x") == "https://a.example:8443"
    assert form_target("http://[::1]:9/x") == "http:"
    assert form_target("org.example.app:/x") == "org.example.app:"
