"""The key by which clients know a hub again: an Ed25519 pair in the data folder."""

import asyncio
import base64
import re
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from arkitekt_di.messages.fakts import MAX_NONCE, ChallengeKey, challenge_message, document_message
from arkitekt_di.private_file import keep_secret

FILE_NAME = "hub.key"
SEED_BYTES = 32  # RFC 8032, section 5.1.5
NONCE = re.compile(rf"[!-~]{{1,{MAX_NONCE}}}")


class HubKey:
    """Signs what the hub says to prove that it is itself.

    Parameters
    ----------
    folder : Path
        Private folder; ``hub.key`` in it, mode 0600, has the 32 bytes of the private key.  Whoever has them is the hub.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self._private: Ed25519PrivateKey | None = None

    async def start(self) -> None:
        """Read the key; makes it at the first start."""
        seed = await asyncio.to_thread(keep_secret, self._path, size=SEED_BYTES)
        self._private = Ed25519PrivateKey.from_private_bytes(seed)

    async def stop(self) -> None:
        """Forget the key."""
        self._private = None

    @property
    def public(self) -> ChallengeKey:
        """The public half, as clients get it."""
        return ChallengeKey(key=base64.b64encode(self._pair.public_key().public_bytes_raw()).decode())

    def sign_challenge(self, nonce: str) -> str:
        """Return the signature that answers a challenge, in base64."""
        return self._sign(challenge_message(nonce))

    def sign_document(self, nonce: str, document: bytes) -> str:
        """Return the signature over the hub's well-known document, in base64."""
        return self._sign(document_message(nonce, document))

    def _sign(self, message: bytes) -> str:
        return base64.b64encode(self._pair.sign(message)).decode()

    @property
    def _pair(self) -> Ed25519PrivateKey:
        if self._private is None:
            message = "the key of the hub is not loaded"
            raise RuntimeError(message)
        return self._private


def is_nonce(text: str) -> bool:
    """Tell whether the hub signs *text*: printable ASCII of a bounded length."""
    return NONCE.fullmatch(text) is not None
