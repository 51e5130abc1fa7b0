"""Whatever is sent, the hub answers and never fails."""

import asyncio
import gzip
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from oauthlib.oauth2.rfc6749.errors import InvalidRequestError

from arkitekt_di.server.identity.forms import MAX_BODY, encode_form, parse_form
from arkitekt_di.server.identity.opaque import new_user_code, read_user_code
from arkitekt_di.server.identity.rate_limit import RateLimit, network_of
from tests.server.identity.harness import FakeClock, Hub, running

POSTS = (
    *(
        "/o/token/",
        "/o/revoke/",
        "/o/introspect/",
        "/o/authorize/",
        "/o/device-authorization/",
        "/o/app-authorization/",
    ),
    *("/report/", "/login", "/logout", "/device"),
)
GETS = (
    *("/login", "/device", "/configure/", "/setup/", "/o/userinfo/", "/.well-known/fakts", "/identity/"),
    *("/o/authorize/", "/o/authorize/?client_id="),
)
TYPES = ("application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=x", "x", "")
LETTERS = st.characters(codec="utf-8")
TEXT = st.text(LETTERS)
NAMES = st.sampled_from(["grant_type", "client_id", "device_code", "manifest", "key", "token", "form_token", "code"])
FORMS = st.dictionaries(NAMES, TEXT).map(lambda fields: encode_form(fields).encode())


class Server:
    """A hub for many examples: hypothesis is not async."""

    def __init__(self) -> None:
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        root = Path(self.folder.name)
        self.context = running(root, root / "keys")
        self.hub: Hub = self.runner.run(self.context.__aenter__())

    def status(self, method: str, path: str, **kwargs: object) -> int:
        self.hub.clock.advance(1000)  # no limit is reached
        return self.runner.run(self.hub.send(method, path, follow=False, **kwargs)).status

    def close(self) -> None:
        self.runner.run(self.context.__aexit__(None, None, None))
        self.runner.close()
        self.folder.cleanup()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FUZZ
@given(st.sampled_from(POSTS), st.sampled_from(TYPES), st.one_of(st.binary(), FORMS))
@example("/o/app-authorization/", "application/json", b'{"manifest": {"identifier": "\\ud800"}}')
@example("/o/app-authorization/", "application/json", b'{"manifest": {"identifier": "\\u0000"}}')
@example("/o/app-authorization/", "application/json", b"[" * 60_000)
@example("/o/token/", "application/x-www-form-urlencoded; charset=nonsense", b"grant_type=x")
@example("/o/token/", "application/x-www-form-urlencoded", b"grant_type=refresh_token&refresh_token=%ed%a0%80")
def test_no_body_is_an_error_of_the_hub(server: Server, path: str, kind: str, body: bytes) -> None:
    assert server.status("POST", path, data=body, headers={"Content-Type": kind}) < 500


@FUZZ
@given(st.sampled_from(GETS), st.text(LETTERS, max_size=40), st.binary(max_size=40))
@example("/setup/", "\x00", b"")
@example("/login", "?next=%ff%fe", b"")
def test_no_address_and_no_header_is_an_error_of_the_hub(server: Server, path: str, rest: str, header: bytes) -> None:
    value = header.decode("latin-1").translate(dict.fromkeys([*range(32), 127], " "))
    headers = {"Authorization": f"Bearer {value}", "Cookie": f"arkitekt-{server.hub.url.rpartition(':')[2]}={value}"}

    assert server.status("GET", path + rest, headers=headers) < 500


def test_bodies_that_are_too_large_are_refused_also_once_unpacked(server: Server) -> None:
    bomb = gzip.compress(b"a=" + b"b" * (50 * 1024 * 1024))
    assert len(bomb) < MAX_BODY
    form = {"Content-Type": TYPES[0]}

    assert server.status("POST", "/o/token/", data=b"a=" + b"b" * MAX_BODY, headers=form) == 413
    assert server.status("POST", "/o/token/", data=bomb, headers={**form, "Content-Encoding": "gzip"}) == 413
    assert server.status("POST", "/o/token/", data=b"junk", headers={**form, "Content-Encoding": "gzip"}) == 400


@given(st.dictionaries(TEXT.map(lambda text: text.replace("\0", "")), TEXT.map(lambda text: text.replace("\0", ""))))
def test_a_form_is_read_as_it_was_written(fields: dict[str, str]) -> None:
    if len(fields) <= 32 and list(fields) != [""]:
        assert parse_form(encode_form(fields).encode()) == fields


def test_a_form_has_a_bounded_number_of_fields() -> None:
    fields = [b"field-%d=x" % number for number in range(33)]

    assert len(parse_form(b"&".join(fields[:32]))) == 32
    with pytest.raises(InvalidRequestError, match="too many fields"):
        parse_form(b"&".join(fields))


@pytest.mark.parametrize("body", [b"a=%zz", b"a=%", b"%4=x", b"a=b%2", b"a=%ff", b"a=\xff\xfe", b"a=%00", b"%00=a"])
def test_a_form_that_would_have_to_be_repaired_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequestError):
        parse_form(body)


@given(st.binary())
def test_a_form_of_any_bytes_is_fields_or_refused(body: bytes) -> None:
    with suppress(InvalidRequestError):
        fields = parse_form(body)
        assert fields == {"": ""} or parse_form(encode_form(fields).encode()) == fields


@given(st.text(max_size=40))
def test_whatever_is_typed_is_a_code_or_none(typed: str) -> None:
    code = read_user_code(typed)
    assert code is None or read_user_code(code) == code


def test_codes_are_read_back_and_do_not_repeat() -> None:
    codes = {new_user_code() for _ in range(1000)}
    assert len(codes) == 1000
    assert {read_user_code(code.lower().replace("-", "")) for code in codes} == codes


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 20))))
def test_a_limit_holds_in_every_window_and_in_bounded_memory(tries: list[tuple[int, int]]) -> None:
    clock = FakeClock()
    limit = RateLimit(tries=3, window_s=10, clock=clock, capacity=8)
    granted: dict[int, list[float]] = {}

    for key, wait in tries:
        clock.advance(wait / 10)
        if limit.take(key):
            granted.setdefault(key, []).append(clock())
        assert len(limit) <= 8

    if len(granted) <= 8:
        for moments in granted.values():
            windows = [[later for later in moments if 0 <= later - start < 10] for start in moments]
            assert max(map(len, windows)) <= 6  # two windows of fixed length touch


def test_addresses_of_one_ipv6_site_count_as_one_sender() -> None:
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff")
    assert network_of("2001:db8::1") != network_of("2001:db8:0:1::1")
    assert network_of("192.0.2.1") != network_of("192.0.2.2")
    assert network_of("unknown") == "unknown"
