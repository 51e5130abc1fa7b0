"""The certificate with which a hub speaks https: one that was given to it, or one that it made for itself."""

import asyncio
import datetime as dt
import ipaddress
import socket
import ssl
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from arkitekt_di.errors import CertificateUnusableError
from arkitekt_di.messages.fakts import TlsClaim
from arkitekt_di.private_file import read_private, write_private
from arkitekt_di.settings.models import ListenSettings

FILE_NAME = "tls.pem"
"""Private key and certificate of a self-signed hub, in its folder of keys."""

VALID_FOR = dt.timedelta(days=3650)
"""As long as the machine lives: clients pin this very certificate, so an early end would only teach them to click."""

BACKDATED = dt.timedelta(days=1)
"""Clocks of microscopes are not always right."""


class Certificate:
    """Proves to clients at the level of TLS who the hub is.

    Parameters
    ----------
    settings : ListenSettings
    folder : Path
        Private folder for the key of a self-signed certificate.
    """

    def __init__(self, settings: ListenSettings, folder: Path) -> None:
        self._settings = settings
        self._path = folder / FILE_NAME
        self._certificate: x509.Certificate | None = None
        self._context: ssl.SSLContext | None = None

    async def start(self) -> None:
        """Load the certificate; raises `CertificateUnusableError` where that cannot be done."""
        if self._settings.speaks_tls:
            self._context = await asyncio.to_thread(self._load)

    async def stop(self) -> None:
        """Forget the certificate."""
        self._context = self._certificate = None

    @property
    def context(self) -> ssl.SSLContext | None:
        """What a listening socket needs; None where the hub speaks plain http."""
        return self._context

    @property
    def fingerprint(self) -> str | None:
        """SHA-256 of the certificate as browsers show it, such as ``AB:CD:...``; None without TLS."""
        return None if self._certificate is None else self._certificate.fingerprint(hashes.SHA256()).hex(":").upper()

    @property
    def claim(self) -> TlsClaim | None:
        """What clients pin where no authority vouches for the certificate; None otherwise."""
        if self._certificate is None or not self._settings.tls_self_signed:
            return None
        return TlsClaim(certificates=(self._certificate.public_bytes(serialization.Encoding.PEM).decode(),))

    def _load(self) -> ssl.SSLContext:
        chain, key = self._settings.tls_cert, self._settings.tls_key
        if chain is None:
            self._make_where_needed()
            chain = self._path
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2  # RFC 9325, section 3.1.1
        try:
            context.load_cert_chain(chain, key, password=_no_password)
            self._certificate = x509.load_pem_x509_certificate(chain.read_bytes())
        except (OSError, ValueError) as error:  # an SSLError is an OSError
            raise CertificateUnusableError(str(chain), str(error)) from error
        return context

    def _make_where_needed(self) -> None:
        kept = read_private(self._path)
        if kept is not None and _is_valid(kept):
            return
        write_private(self._path, _self_signed(_names(self._settings)))


def _no_password() -> str:
    # OpenSSL would ask on the terminal, and a hub in the background would wait for ever.
    message = "the private key is encrypted"
    raise ValueError(message)


def _is_valid(pem: bytes) -> bool:
    try:
        return x509.load_pem_x509_certificate(pem).not_valid_after_utc > dt.datetime.now(dt.UTC)
    except ValueError:
        return False


def _names(settings: ListenSettings) -> list[str]:
    """Return every name under which clients may come; those that pin do not look at them, browsers do."""
    public = urlsplit(settings.public_url or "").hostname
    machine = socket.gethostname()
    names = ["localhost", "127.0.0.1", "::1", machine, f"{machine}.local", settings.host, public, *settings.hosts]
    return list(dict.fromkeys(name for name in names if name and name not in {"0.0.0.0", "::"}))  # noqa: S104


def _self_signed(names: Iterable[str]) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    now = dt.datetime.now(dt.UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Arkitekt hub")])
    public = key.public_key()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + VALID_FOR)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
