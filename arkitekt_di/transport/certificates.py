"""Certificates that are trusted as themselves, whoever has signed them."""

import asyncio
import hashlib
import ssl
from collections.abc import Iterable

import aiohttp


def certificate_digest(pem: str) -> bytes:
    """Return the SHA-256 of a certificate in PEM; raises `ValueError` where it is none."""
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem.strip())).digest()


class PinnedCertificates(aiohttp.Fingerprint):
    """Lets a connection be used only where the server shows one of some certificates; authorities do not count.

    Parameters
    ----------
    certificates : iterable of str
        In PEM, at least one.

    Attributes
    ----------
    certificates : tuple of str
        In PEM, one each.
    pem : str
        The certificates, one after another.

    Raises
    ------
    ValueError
        One of them is no certificate, or there is none.
    """

    def __init__(self, certificates: Iterable[str]) -> None:
        self.certificates = tuple(f"{one.strip()}\n" for one in certificates)
        self.pem = "".join(self.certificates)
        self._digests = frozenset(map(certificate_digest, self.certificates))
        if not self._digests:
            message = "there is no certificate to trust"
            raise ValueError(message)
        super().__init__(min(self._digests))

    def check(self, transport: asyncio.Transport) -> None:
        """Raise `aiohttp.ServerFingerprintMismatch` for any other certificate; asked before anything is sent."""
        shown = hashlib.sha256(_shown(transport)).digest()
        if shown not in self._digests:
            host, port, *_ = transport.get_extra_info("peername")
            raise aiohttp.ServerFingerprintMismatch(self.fingerprint, shown, host, port)


class SeenCertificate(aiohttp.Fingerprint):
    """Takes note of the certificate that a server shows, and accepts any: for what is proven in another way.

    Attributes
    ----------
    pem : str
        The certificate; empty before a connection was made.
    """

    def __init__(self) -> None:
        super().__init__(bytes(hashlib.sha256().digest_size))
        self.pem = ""

    def check(self, transport: asyncio.Transport) -> None:
        """Take note."""
        self.pem = ssl.DER_cert_to_PEM_cert(_shown(transport))


def _shown(transport: asyncio.Transport) -> bytes:
    connection = transport.get_extra_info("ssl_object")
    shown = None if connection is None else connection.getpeercert(binary_form=True)
    return shown or b""
