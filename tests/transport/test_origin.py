import pytest

from arkitekt_di.transport.origin import Origin


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8000/x",
        "http://127.0.0.1",
        "http://127.8.9.1:3",
        "http://[::1]:8000",
        "http://hub.localhost",
        "https://hub.example",
    ],
)
def test_credentials_may_go_where_nobody_can_read_along(url):
    assert Origin.of(url).is_private


@pytest.mark.parametrize(
    "url",
    [
        "http://hub.example",
        "http://127.0.0.1.evil.example",
        "http://127.0.0.1@evil.example",
        "http://localhost.evil.example",
        "http://192.168.1.5:8000",
        "http://0x7f.1",
        "http://notlocalhost",
    ],
)
def test_a_host_that_only_looks_like_this_machine_is_another(url):
    assert not Origin.of(url).is_private


@pytest.mark.parametrize(
    "url", ["ftp://hub.example", "javascript:alert(1)", "hub.example", "http://", "http://a:99999999"]
)
def test_what_is_not_http_has_no_origin(url):
    with pytest.raises(ValueError):  # noqa: PT011  # the standard library words some of them
        Origin.of(url)


def test_the_default_port_and_the_case_of_a_host_make_no_difference():
    assert Origin.of("HTTPS://Hub.Example/a") == Origin.of("https://hub.example:443/b")


def test_port_and_scheme_make_a_difference():
    assert len({Origin.of(url) for url in ("http://a", "https://a", "http://a:8080")}) == 3
