import socket

import pytest
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st

from arkitekt_di.server.address import Address
from arkitekt_di.settings.models import ListenSettings

LOOPBACK = Address(ListenSettings(port=8000))
OPEN = Address(ListenSettings(host="::", port=8000, hosts=("Scope.lab",)))
PROXIED = Address(ListenSettings(port=8000, public_url="https://hub.example/"))


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "LOCALHOST:1", "[::1]:8000"])
def test_a_hub_on_loopback_answers_to_names_of_this_machine(host: str) -> None:
    assert LOOPBACK.allows_host(host)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[", "a@127.0.0.1", "localhost:x"])
def test_a_hub_on_loopback_answers_to_no_other_name(host: str) -> None:
    assert not LOOPBACK.allows_host(host)


def test_a_public_name_in_front_of_a_hub_on_loopback_makes_it_reachable_for_others() -> None:
    assert LOOPBACK.is_loopback
    assert not PROXIED.is_loopback
    assert PROXIED.allows_host("hub.example")
    assert not PROXIED.allows_host("evil.example")
    assert PROXIED.issuer == "https://hub.example/o"


def test_a_hub_on_every_interface_answers_with_the_name_it_was_asked_by() -> None:
    request = make_mocked_request("GET", "/", headers={"Host": "192.168.1.4:8000"})

    assert OPEN.url_for(request) == "http://192.168.1.4:8000"
    assert LOOPBACK.url_for(request) == "http://127.0.0.1:8000"


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_a_name_that_is_none_never_gets_into_an_address(host: str) -> None:
    request = make_mocked_request("GET", "/", headers={"Host": host})

    url = OPEN.url_for(request)

    assert url == OPEN.url or OPEN.allows_host(host)
    assert not set(url.removeprefix("http://")) & set("/@?#<>\"' \\")


@pytest.mark.parametrize("host", ["[::::]:80", "[1:2]", "a:99999", "a:b:c"])
def test_a_host_that_nothing_can_parse_is_refused(host: str) -> None:
    assert not OPEN.allows_host(host)


@pytest.mark.parametrize("host", ["192.168.1.4:8000", "[fd00::1]:8000", "scope.lab", "SCOPE.LAB:8000", "localhost"])
def test_a_hub_for_others_answers_to_numbers_and_to_names_that_it_knows(host: str) -> None:
    assert OPEN.allows_host(host)


def test_a_hub_for_others_answers_to_the_name_of_its_machine() -> None:
    assert OPEN.allows_host(socket.gethostname())
    assert OPEN.allows_host(f"{socket.gethostname()}.local:8000")


@pytest.mark.parametrize("host", ["evil.example", "192.168.1.4.evil.example", "1.2.3", "scope.lab.evil.example"])
def test_a_hub_for_others_answers_to_no_name_that_somebody_pointed_at_it(host: str) -> None:
    assert not OPEN.allows_host(host)
