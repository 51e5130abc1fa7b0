"""The keys that sign access tokens, kept as private files."""

import asyncio
import json
from pathlib import Path
from typing import Any

from joserfc.jwk import RSAKey

from arkitekt_di.private_file import read_private, write_private

ALGORITHM = "RS256"
KEY_BITS = 2048  # RFC 7518, section 3.3: at least


class SigningKeys:
    """RSA keys: the newest one signs, every one verifies.

    A rotation adds a key and keeps the others, so that tokens in the field stay good; a key is withdrawn by removing
    its file once the last token that it signed has expired.

    Parameters
    ----------
    folder : Path
        Holds one private JWK (RFC 7517) a file, mode 0600; the names sort by age.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._keys: dict[str, RSAKey] = {}

    async def start(self) -> None:
        """Load the keys; makes the first one."""
        self._keys = await asyncio.to_thread(self._load)
        if not self._keys:
            await self.rotate()

    async def rotate(self) -> None:
        """Sign with a fresh key from now on."""
        key, kid = await asyncio.to_thread(self._make)
        self._keys[kid] = key

    @property
    def current(self) -> tuple[str, RSAKey]:
        """Identifier and key that sign."""
        kid = next(reversed(self._keys))
        return kid, self._keys[kid]

    def find(self, kid: str) -> RSAKey | None:
        """Return the key of that identifier, which is a name in memory and never a path."""
        return self._keys.get(kid)

    def public(self) -> dict[str, Any]:
        """Return the JWKS (RFC 7517, section 5) with which anyone can verify."""
        return {
            "keys": [
                {**key.as_dict(private=False), "kid": kid, "use": "sig", "alg": ALGORITHM}
                for kid, key in self._keys.items()
            ]
        }

    def _load(self) -> dict[str, RSAKey]:
        keys: dict[str, RSAKey] = {}
        for path in sorted(self._folder.glob("signing-*.json")):
            content = read_private(path)
            if content is not None:
                key = RSAKey.import_key(json.loads(content))
                keys[key.thumbprint()] = key
        return keys

    def _make(self) -> tuple[RSAKey, str]:
        key = RSAKey.generate_key(KEY_BITS)
        kid = key.thumbprint()
        age = 1 + max((_age(path) for path in self._folder.glob("signing-*.json")), default=0)
        path = self._folder / f"signing-{age:06d}.json"
        write_private(path, json.dumps(key.as_dict(private=True)).encode())
        return key, kid


def _age(path: Path) -> int:
    number = path.stem.removeprefix("signing-")
    return int(number) if number.isdecimal() else 0
