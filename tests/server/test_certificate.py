"""The hub speaks https: with a certificate that it was given, or with one of its own."""

import ssl
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
import trustme
from cryptography import x509
from pydantic import ValidationError

from arkitekt_di.errors import CertificateUnusableError
from arkitekt_di.server.address import Address
from arkitekt_di.server.certificate import Certificate
from arkitekt_di.server.directory import Directory, Offer, alias_at
from arkitekt_di.server.idleness import Idleness
from arkitekt_di.server.site import Site
from arkitekt_di.settings.models import ListenSettings
from tests.server.sites import Pages

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def served(settings: ListenSettings, folder: Path):
    """Serve pages over TLS; yields the address and the certificate."""
    certificate, address = Certificate(settings, folder), Address(settings)
    await certificate.start()
    site = Site(settings, address, Idleness(None), [Pages()], Directory(()), certificate)
    await site.start()
    yield address, certificate
    await site.stop()
    await certificate.stop()


async def get(url: str, trusted: ssl.SSLContext, **headers: str):
    async with aiohttp.ClientSession() as http, http.get(url, ssl=trusted, headers=headers) as answer:
        await answer.read()
        return answer


def pinned(certificate: Certificate) -> ssl.SSLContext:
    assert certificate.claim is not None
    return ssl.create_default_context(cadata="".join(certificate.claim.certificates))


@pytest.fixture
def given(tmp_path: Path) -> tuple[trustme.CA, ListenSettings]:
    authority = trustme.CA()
    issued = authority.issue_cert("localhost", "hub.example")
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    for blob in issued.cert_chain_pems:
        blob.write_to_path(str(chain), append=True)
    issued.private_key_pem.write_to_path(str(key))
    return authority, ListenSettings(tls_cert=chain, tls_key=key)


async def test_a_hub_of_its_own_certificate_is_trusted_by_those_who_pin_it_and_nobody_else(tmp_path: Path) -> None:
    async with served(ListenSettings(tls_self_signed=True), tmp_path) as (address, certificate):
        assert address.url.startswith("https://127.0.0.1:")
        assert (await get(f"{address.url}/fine", pinned(certificate))).status == 200
        for distrusting in (ssl.create_default_context(), ssl.create_default_context(cadata=_other())):
            with pytest.raises(aiohttp.ClientConnectorCertificateError):
                await get(f"{address.url}/fine", distrusting)


async def test_the_certificate_stays_the_same_and_its_key_is_closed_to_others(tmp_path: Path) -> None:
    seen = []
    for _ in range(2):
        async with served(ListenSettings(tls_self_signed=True), tmp_path) as (_, certificate):
            seen.append(certificate.fingerprint)

    assert seen[0] == seen[1]
    assert len(seen[0].split(":")) == 32
    assert (tmp_path / "tls.pem").stat().st_mode & 0o777 == 0o600


async def test_what_is_no_certificate_any_more_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "tls.pem").write_text("half a fi")
    async with served(ListenSettings(tls_self_signed=True), tmp_path) as (address, certificate):
        assert (await get(f"{address.url}/fine", pinned(certificate))).status == 200


async def test_the_certificate_names_every_way_to_the_hub(tmp_path: Path) -> None:
    settings = ListenSettings(
        tls_self_signed=True, host="192.0.2.7", public_url="https://hub.lab", hosts=("scope.lab",)
    )
    certificate = Certificate(settings, tmp_path)
    await certificate.start()
    assert certificate.claim is not None

    (pem,) = certificate.claim.certificates
    names = x509.load_pem_x509_certificate(pem.encode()).extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert {"localhost", "hub.lab", "scope.lab"} <= set(names.value.get_values_for_type(x509.DNSName))
    assert {"127.0.0.1", "::1", "192.0.2.7"} <= {str(one) for one in names.value.get_values_for_type(x509.IPAddress)}


async def test_a_given_certificate_is_shown_and_nobody_is_asked_to_pin_it(given, tmp_path: Path) -> None:
    authority, settings = given
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    async with served(settings, tmp_path) as (address, certificate):
        port = address.url.rpartition(":")[2]
        assert (await get(f"https://localhost:{port}/fine", trusting)).status == 200
        assert certificate.claim is None
        assert certificate.fingerprint
    assert not (tmp_path / "tls.pem").exists()


async def test_old_versions_of_tls_are_not_spoken(tmp_path: Path) -> None:
    async with served(ListenSettings(tls_self_signed=True), tmp_path) as (_, certificate):
        assert certificate.context.minimum_version is ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("wrong", ["no such file", "another's key", "no certificate", "encrypted"])
async def test_what_cannot_be_used_is_told_with_the_file(given, tmp_path: Path, wrong: str) -> None:
    _, settings = given
    if wrong == "no such file":
        settings.tls_cert.unlink()
    elif wrong == "another's key":
        trustme.CA().issue_cert("x").private_key_pem.write_to_path(str(settings.tls_key))
    elif wrong == "no certificate":
        settings.tls_cert.write_text("hello")
    else:
        settings.tls_key.write_bytes(_encrypted(settings.tls_key.read_bytes()))

    with pytest.raises(CertificateUnusableError, match=r"chain\.pem.*PEM"):
        await Certificate(settings, tmp_path).start()


async def test_plain_http_is_no_error_of_a_hub_that_speaks_https(tmp_path: Path) -> None:
    async with served(ListenSettings(tls_self_signed=True), tmp_path) as (address, certificate):
        with pytest.raises(aiohttp.ClientError):
            await get(address.url.replace("https", "http"), pinned(certificate))
        assert (await get(f"{address.url}/fine", pinned(certificate))).status == 200


@pytest.mark.parametrize(
    "settings", [{"tls_cert": "a"}, {"tls_key": "a"}, {"tls_cert": "a", "tls_key": "b", "tls_self_signed": True}]
)
def test_settings_name_one_certificate_or_none(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ListenSettings.model_validate(settings)


async def test_addresses_of_services_carry_the_certificate_to_pin(tmp_path: Path) -> None:
    certificate = Certificate(ListenSettings(tls_self_signed=True), tmp_path)
    await certificate.start()
    directory = Directory([Offer("live.arkitekt.mikro", "mikro", "mikro")], certificate=certificate)

    assert directory.tls == certificate.claim
    assert alias_at("https://127.0.0.1:1", identifier="x", path="").ssl is True


@pytest.mark.parametrize(
    ("settings", "host", "said"),
    [
        (ListenSettings(public_url="https://hub.lab"), "hub.lab", "max-age=31536000"),
        (ListenSettings(public_url="https://hub.lab", hsts_s=60), "hub.lab", "max-age=60"),
        (ListenSettings(public_url="https://hub.lab", hsts_s=0), "hub.lab", None),
        (ListenSettings(public_url="http://hub.lab"), "hub.lab", None),
        (ListenSettings(tls_self_signed=True, port=1), "localhost:1", None),
    ],
)
def test_browsers_are_told_to_come_by_https_where_that_is_always_so(settings, host: str, said: str | None) -> None:
    assert Address(settings).hsts(host) == said


@pytest.mark.parametrize("path", ["/fine", "/moved", "/broken", "/nowhere"])
async def test_every_answer_says_so(path: str) -> None:
    settings = ListenSettings(public_url="https://hub.lab")
    address = Address(settings)
    site = Site(settings, address, Idleness(None), [Pages()])
    await site.start()
    assert site._runner is not None
    async with aiohttp.ClientSession() as http:
        url = f"http://127.0.0.1:{site._runner.addresses[0][1]}{path}"
        async with http.get(url, headers={"Host": "hub.lab"}, allow_redirects=False) as answer:
            assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    await site.stop()


def _other() -> str:
    return trustme.CA().cert_pem.bytes().decode()


def _encrypted(pem: bytes) -> bytes:
    from cryptography.hazmat.primitives import serialization

    key = serialization.load_pem_private_key(pem, None)
    how = serialization.BestAvailableEncryption(b"secret")
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how)
