"""A hub that no authority vouches for is known by its key: asked about once, refused when it changes."""

import ssl
import stat

import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from arkitekt_di.errors import CertificateError, HubChangedError, HubNotTrustedError, HubUnreachableError
from arkitekt_di.fakts.known_hub import read_hub
from arkitekt_di.fakts.location import HubLocation
from arkitekt_di.fakts.pins import FileHubPins, InMemoryHubPins, Pin
from arkitekt_di.messages.fakts import ChallengeKey
from arkitekt_di.settings.models import TransportSettings
from arkitekt_di.testing.hub import InMemoryHub, public_key
from arkitekt_di.transport.http import HttpClient
from tests.fakts.hubs import Ada, first_contact

pytestmark = pytest.mark.anyio

AUTHORITY = trustme.CA()
"""Nobody trusts it, so what it signs is as good as self-signed."""


def certificate():
    """Return a TLS context of a server, and its certificate."""
    issued = AUTHORITY.issue_cert("127.0.0.1")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    issued.configure_cert(context)
    return context, issued.cert_chain_pems[0].bytes().decode()


def fingerprint_of(key):
    return ChallengeKey.model_validate(public_key(key)).fingerprint


@pytest.fixture
async def hub():
    """Run a hub with a key and a certificate of its own."""
    hub = InMemoryHub(mandate_key="the mandate key")
    hub.identity_key = Ed25519PrivateKey.generate()
    context, pem = certificate()
    hub.certificates = [pem]
    await hub.start(context)
    yield hub
    await hub.stop()


async def restarted(hub, **members):
    """Start *hub* again at the same address, with a new certificate."""
    port = int(hub.url.rpartition(":")[2])
    await hub.stop()
    context, pem = certificate()
    hub.certificates = [pem]
    for name, value in members.items():
        setattr(hub, name, value)
    await hub.start(context, port=port)
    return pem


@pytest.fixture
def pins():
    return InMemoryHubPins()


@pytest.fixture
def read(pins):
    """Look at the hub as a fresh program does."""

    async def read(hub, person=None, *, is_hearsay=False, tls=None, **settings):
        contact = first_contact(person, pins, **settings)
        async with HttpClient(TransportSettings(connect_timeout_s=2, request_timeout_s=5), tls) as http:
            location = HubLocation(hub.url, is_hearsay=is_hearsay)
            return await read_hub(http, location, timeout_s=2, first_contact=contact)

    return read


async def test_a_new_hub_is_asked_about_once_and_then_known(read, hub, pins):
    ada = Ada("yes")

    known = await read(hub, ada)
    again = await read(hub, ada)

    assert known.fingerprint == again.fingerprint == fingerprint_of(hub.identity_key)
    [question] = ada.questions
    assert "hub in a test" in question
    assert known.fingerprint in question
    assert hub.url in question
    assert pins.load(hub.url).certificates == tuple(hub.certificates)


async def test_the_fingerprint_is_as_good_an_answer_as_yes(read, hub):
    assert await read(hub, Ada(fingerprint_of(hub.identity_key)))


@pytest.mark.parametrize("answer", ["no", "", "y", "YES"])
async def test_whatever_is_not_yes_is_no_and_nothing_is_sent(read, hub, pins, answer):
    with pytest.raises(HubNotTrustedError, match="did not say yes"):
        await read(hub, Ada(answer))

    assert pins.all() == []
    assert {(method, path) for method, path, _ in hub.requests} == {("GET", "/.well-known/fakts")}


async def test_another_fingerprint_as_the_answer_is_told_with_both(read, hub, pins):
    with pytest.raises(HubChangedError) as caught:
        await read(hub, Ada("SHA256:what-the-console-shows"))

    assert caught.value.known == "SHA256:what-the-console-shows"
    assert pins.all() == []


async def test_where_nobody_can_be_asked_a_new_hub_is_refused_with_the_command_that_trusts_it(read, hub):
    with pytest.raises(HubNotTrustedError) as caught:
        await read(hub)

    fingerprint = fingerprint_of(hub.identity_key)
    assert f"arkitekt-di auth trust {hub.url} --fingerprint {fingerprint}" in str(caught.value)


async def test_a_fingerprint_in_the_settings_needs_nobody(read, hub):
    assert (await read(hub, fingerprint=fingerprint_of(hub.identity_key))).fingerprint is not None


async def test_another_fingerprint_than_that_of_the_settings_is_refused_though_a_person_said_yes(read, hub):
    await read(hub, Ada("yes"))

    with pytest.raises(HubChangedError):
        await read(hub, Ada("yes"), fingerprint="SHA256:of another hub")


async def test_the_fingerprint_of_the_settings_counts_where_an_authority_vouches_too(read, hub):
    trusting = ssl.create_default_context()
    AUTHORITY.configure_trust(trusting)

    with pytest.raises(HubChangedError):
        await read(hub, tls=trusting, fingerprint="SHA256:of another hub")


async def test_another_key_at_the_same_address_is_told_with_both_fingerprints(read, hub):
    await read(hub, Ada())
    before = fingerprint_of(hub.identity_key)
    await restarted(hub, identity_key=Ed25519PrivateKey.generate())
    ada = Ada("yes")

    with pytest.raises(HubChangedError) as caught:
        await read(hub, ada)

    assert (caught.value.known, caught.value.found) == (before, fingerprint_of(hub.identity_key))
    assert f"arkitekt-di auth distrust {hub.url}" in str(caught.value)
    assert ada.questions == []


async def test_a_known_hub_that_proves_nothing_any_more_is_refused(read, hub):
    await read(hub, Ada())
    hub.identity_key = None

    with pytest.raises(HubChangedError, match="none is proven"):
        await read(hub, Ada())


async def test_a_new_certificate_is_accepted_where_the_known_key_vouches_for_it(read, hub, pins):
    await read(hub, Ada())
    renewed = await restarted(hub)
    ada = Ada()

    await read(hub, ada)

    assert ada.questions == []
    assert pins.load(hub.url).certificates == (renewed,)


async def test_a_document_that_is_passed_on_by_somebody_else_is_refused_though_the_key_has_signed_it(read, hub):
    """A relay in between has the genuine document for the genuine nonce, but not the genuine certificate."""
    await read(hub, Ada())
    genuine = list(hub.certificates)
    await restarted(hub)
    hub.certificates = genuine

    with pytest.raises(HubUnreachableError, match="certificate is not trusted"):
        await read(hub, Ada())


async def test_a_signature_for_another_request_proves_nothing(read, hub):
    hub.identity_key = replaying(hub.identity_key)

    with pytest.raises(HubUnreachableError, match="certificate is not trusted"):
        await read(hub, Ada())


def replaying(key):
    class Replaying:
        def sign(self, message):
            return key.sign(message.replace(b":", b":x", 1))

        def public_key(self):
            return key.public_key()

    return Replaying()


async def test_a_hub_that_moves_to_an_authority_stays_the_same_hub(read, hub, pins):
    await read(hub, Ada())
    await restarted(hub)
    hub.certificates = []
    trusting = ssl.create_default_context()
    AUTHORITY.configure_trust(trusting)

    known = await read(hub, tls=trusting)

    assert known.fingerprint == fingerprint_of(hub.identity_key)
    assert pins.load(hub.url).certificates == ()


async def test_what_an_authority_vouches_for_is_not_asked_about(read, hub, pins):
    trusting = ssl.create_default_context()
    AUTHORITY.configure_trust(trusting)
    ada = Ada()

    assert (await read(hub, ada, tls=trusting)).fingerprint is None
    assert (ada.questions, pins.all()) == ([], [])


async def test_what_was_only_heard_of_is_asked_about_though_an_authority_vouches_for_it(read, hub):
    """Anybody can have a certificate for a name of their own, and announce it."""
    trusting = ssl.create_default_context()
    AUTHORITY.configure_trust(trusting)
    ada = Ada("no")

    with pytest.raises(HubNotTrustedError):
        await read(hub, ada, tls=trusting, is_hearsay=True)

    assert "nobody has vouched" in ada.questions[0]


async def test_what_was_only_heard_of_and_has_no_key_cannot_be_trusted(read):
    async with InMemoryHub() as nameless:
        with pytest.raises(HubNotTrustedError, match="no key"):
            await read(nameless, Ada(), is_hearsay=True)


async def test_a_trusted_hub_is_known_at_a_new_address_by_its_key(read, hub):
    await read(hub, Ada())
    await hub.stop()
    await hub.start(*[context_for(hub)])
    ada = Ada()

    await read(hub, ada)

    assert ada.questions == []


def context_for(hub):
    context, pem = certificate()
    hub.certificates = [pem]
    return context


async def test_after_the_yes_only_the_certificate_that_was_trusted_is_talked_to(pins, hub):
    async with HttpClient(TransportSettings(connect_timeout_s=2, request_timeout_s=5)) as http:
        await read_hub(http, HubLocation(hub.url), timeout_s=2, first_contact=first_contact(Ada(), pins))
        assert (await http.post_form(f"{hub.url}/o/token/", "grant_type=none")).status == 400
        await restarted(hub)
        hub.requests.clear()

        with pytest.raises(CertificateError, match="another one"):
            await http.post_form(f"{hub.url}/o/token/", "refresh_token=canary")

    assert hub.requests == []


async def test_a_terminal_is_not_steered_by_the_name_of_a_hub(read, hub):
    hub.document["name"] = "lab\x1b[2J\x1b[H trusted"
    ada = Ada()

    await read(hub, ada)

    assert "\x1b" not in ada.questions[0]


# --- pins ----------------------------------------------------------------------------------------

PIN = Pin(origin="https://hub.example", name="a hub", key=ChallengeKey(key="AAAA"), certificates=("one",))


@pytest.fixture(params=["memory", "file"])
def store(request, tmp_path):
    return InMemoryHubPins() if request.param == "memory" else FileHubPins(tmp_path / "trusted")


async def test_a_pin_belongs_to_an_origin(store):
    store.save(PIN)

    assert store.load("https://hub.example/lab") == store.load("https://hub.example:443") == PIN
    assert store.load("https://hub.example:8443") is None
    assert store.load("http://hub.example") is None
    assert store.all() == [PIN]


async def test_a_pin_can_be_forgotten(store):
    store.save(PIN)

    store.forget("https://hub.example/")
    store.forget("https://hub.example/")

    assert store.load("https://hub.example") is None
    assert store.all() == []


async def test_pins_are_private_files(tmp_path):
    FileHubPins(tmp_path / "trusted").save(PIN)

    [file] = (tmp_path / "trusted").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


async def test_a_pin_under_the_name_of_another_hub_is_none(tmp_path):
    pins = FileHubPins(tmp_path)
    pins.save(PIN)
    [file] = tmp_path.iterdir()
    pins.save(PIN.model_copy(update={"origin": "https://other.example"}))
    [other] = set(tmp_path.iterdir()) - {file}
    file.replace(other)

    assert pins.load("https://other.example") is None
