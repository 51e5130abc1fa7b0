import pytest

from arkitekt_di.errors import InsecureTransportError, NotAHubError
from arkitekt_di.fakts.location import HubLocation
from arkitekt_di.transport.origin import Origin


def is_private(url):
    return Origin.of(url).is_private


@pytest.mark.parametrize(
    ("given", "tried"),
    [
        ("localhost:8000", ("http://localhost:8000", "https://localhost:8000")),
        ("127.0.0.1:8000/", ("http://127.0.0.1:8000", "https://127.0.0.1:8000")),
        ("[::1]:8000", ("http://[::1]:8000", "https://[::1]:8000")),
        ("hub.example", ("https://hub.example",)),
        ("hub.example:8443/lab/", ("https://hub.example:8443/lab",)),
        (" https://hub.example ", ("https://hub.example",)),
        ("http://localhost:8000", ("http://localhost:8000",)),
    ],
)
def test_an_address_is_tried_as_a_person_means_it(given, tried):
    assert HubLocation(given).candidates(is_private) == tried


@pytest.mark.parametrize("given", ["http://hub.example", "http://192.168.1.5:8000", "HTTP://127.0.0.1.evil.example"])
def test_plain_http_to_another_machine_is_refused(given):
    with pytest.raises(InsecureTransportError):
        HubLocation(given).candidates(is_private)


@pytest.mark.parametrize("given", ["", "https://", "ftp://hub.example", "file:///etc/passwd", "https://hub:port"])
def test_what_is_no_address_is_told(given):
    with pytest.raises(NotAHubError):
        HubLocation(given).candidates(is_private)


@pytest.mark.parametrize(
    "given",
    ["https://ada:canary@hub.example", "https://hub.example/?t=canary", "https://hub/#canary", "ada:canary@hub"],
)
def test_an_address_with_a_secret_in_it_is_refused_without_repeating_it(given):
    with pytest.raises(NotAHubError) as caught:
        HubLocation(given).candidates(is_private)

    assert "canary" not in str(caught.value)


def test_plain_http_to_another_machine_is_tried_only_where_the_user_said_so_for_this_call():
    def anything(_url):
        return True

    assert HubLocation("http://hub.example").candidates(anything) == ("http://hub.example",)
    assert HubLocation("hub.example").candidates(anything) == ("https://hub.example",)
