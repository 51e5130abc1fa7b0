"""Where tokens are kept between runs."""

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from arkitekt_di.messages.oauth import Token
from arkitekt_di.private_records import PrivateRecords


@dataclass(frozen=True)
class TokenKey:
    """What a token is good for.

    Attributes
    ----------
    issuer : str
        The hub that issued it, by the address at which it was found.
    manifest : str
        Digest of the manifest of the app.
    """

    issuer: str
    manifest: str

    @property
    def name(self) -> str:
        """A name for it that is fit for a file."""
        return hashlib.sha256(f"{self.issuer}\n{self.manifest}".encode()).hexdigest()


class TokenStore(Protocol):
    """Keeps one token for each key, shared by all who have the same store.

    A store never fails: a token that cannot be kept is good for this run, one that cannot be read is asked for again.
    """

    def place(self, key: TokenKey) -> str:
        """Tell a person where the token under *key* is, or would be."""
        ...

    def load(self, key: TokenKey) -> Token | None:
        """Return the token under *key*, or None; never one of another issuer."""
        ...

    def save(self, key: TokenKey, token: Token) -> None:
        """Keep *token* in place of what was there."""
        ...

    def forget(self, key: TokenKey) -> None:
        """Keep nothing under *key*."""
        ...

    def exclusive(self, key: TokenKey, *, timeout_s: float) -> AbstractAsyncContextManager[None]:
        """Hold *key* for the block, against all who share the store; reading and writing need no hold.

        Raises
        ------
        TimeoutError
            Another holds it for longer than *timeout_s* seconds.
        """
        ...


class InMemoryTokenStore:
    """Keeps tokens as long as the program runs."""

    def __init__(self) -> None:
        self._kept: dict[TokenKey, Token] = {}
        self._locks: defaultdict[TokenKey, asyncio.Lock] = defaultdict(asyncio.Lock)

    def place(self, key: TokenKey) -> str:
        """Tell that it is kept nowhere else."""
        return "the memory of this program"

    def load(self, key: TokenKey) -> Token | None:
        """Return the token under *key*, or None."""
        return of_issuer(key, self._kept.get(key))

    def save(self, key: TokenKey, token: Token) -> None:
        """Keep *token* in place of what was there."""
        self._kept[key] = token

    def forget(self, key: TokenKey) -> None:
        """Keep nothing under *key*."""
        self._kept.pop(key, None)

    @asynccontextmanager
    async def exclusive(self, key: TokenKey, *, timeout_s: float) -> AsyncIterator[None]:
        """Hold *key* for the block."""
        lock = self._locks[key]
        async with asyncio.timeout(timeout_s):
            await lock.acquire()
        try:
            yield
        finally:
            lock.release()


class FileTokenStore:
    """Keeps each token in a file that only its user may read, shared by all programs of the user.

    Parameters
    ----------
    folder : Path
        Made when it is needed.
    """

    def __init__(self, folder: Path) -> None:
        self._records = PrivateRecords(folder, Token, what="login", otherwise="so a new one is needed")

    def place(self, key: TokenKey) -> str:
        """Tell the file."""
        return str(self._records.path(key.name))

    def load(self, key: TokenKey) -> Token | None:
        """Return the token under *key*, or None; also None for a file that is damaged."""
        return of_issuer(key, self._records.load(key.name))

    def save(self, key: TokenKey, token: Token) -> None:
        """Keep *token* in place of what was there."""
        self._records.save(key.name, token)

    def forget(self, key: TokenKey) -> None:
        """Keep nothing under *key*."""
        self._records.forget(key.name)

    def exclusive(self, key: TokenKey, *, timeout_s: float) -> AbstractAsyncContextManager[None]:
        """Hold *key* for the block, against every process that has the same folder."""
        return self._records.exclusive(key.name, timeout_s=timeout_s)


def of_issuer(key: TokenKey, token: Token | None) -> Token | None:
    """Return *token* where it is of the issuer of *key*."""
    return token if token is not None and token.issuer == key.issuer else None
