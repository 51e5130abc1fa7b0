"""Keeps logins in the system's keyring: Keychain, Credential Locker, Secret Service."""

import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import cast

from pydantic import ValidationError

from arkitekt_di.herre.bound_keyring import BoundKeyring, Keyring
from arkitekt_di.herre.store import FileTokenStore, TokenKey, of_issuer
from arkitekt_di.messages.oauth import Token

log = logging.getLogger(__name__)

SERVICE = "arkitekt"
"""Under which the keyring shows our entries."""


def find_keyring() -> Keyring | None:
    """Return the keyring of this system; None without the extra ``keyring``, or where it finds none."""
    try:
        import keyring
        from keyring.backends import fail, null
    except ImportError:
        return None
    found = keyring.get_keyring()
    return None if isinstance(found, fail.Keyring | null.Keyring) else cast("Keyring", found)


class KeyringTokenStore:
    """Keeps tokens in the keyring; in files where there is no keyring, or where it refuses one or does not answer.

    A file goes before the keyring: it is there only because the keyring refused the latest token, and an older one
    would end the login.

    Parameters
    ----------
    find : callable
        Finds the keyring; asked at the first use, since that may ask other programs.
    files : FileTokenStore
        Also locks, which keyrings do not.
    """

    def __init__(self, find: Callable[[], Keyring | None], files: FileTokenStore) -> None:
        self._find = find
        self._files = files
        self._found: list[BoundKeyring | None] = []

    def place(self, key: TokenKey) -> str:
        """Tell the keyring, or the file."""
        keyring = self._keyring
        if keyring is None or self._files.load(key) is not None:
            return self._files.place(key)
        return f"the system's keyring ({keyring.backend}), entry {key.name} of {SERVICE}"

    def load(self, key: TokenKey) -> Token | None:
        """Return the token under *key*, or None; also None for an entry that is damaged."""
        in_file = self._files.load(key)
        if in_file is not None or self._keyring is None:
            return in_file
        try:
            content = self._keyring.get_password(SERVICE, key.name)
            return None if content is None else of_issuer(key, Token.model_validate_json(content))
        except ValidationError as error:
            log.warning("the login in the keyring cannot be read, a new one is needed: %s", error)
        except Exception as error:  # noqa: BLE001  # backends raise what their system gives them
            log.warning("the keyring cannot be read (%s), a new login is needed", type(error).__name__)
        return None

    def save(self, key: TokenKey, token: Token) -> None:
        """Keep *token* in place of what was there."""
        try:
            if self._keyring is not None:
                self._keyring.set_password(SERVICE, key.name, token.revealed().decode())
                self._files.forget(key)
                return
        except Exception as error:  # noqa: BLE001  # as above
            log.warning(
                "the keyring takes no login (%s), it is kept in %s", type(error).__name__, self._files.place(key)
            )
        self._files.save(key, token)

    def forget(self, key: TokenKey) -> None:
        """Keep nothing under *key*."""
        self._files.forget(key)
        try:
            if self._keyring is not None and self._keyring.get_password(SERVICE, key.name) is not None:
                self._keyring.delete_password(SERVICE, key.name)
        except Exception as error:  # noqa: BLE001  # as above
            log.warning("the login cannot be removed from the keyring (%s)", type(error).__name__)

    def exclusive(self, key: TokenKey, *, timeout_s: float) -> AbstractAsyncContextManager[None]:
        """Hold *key* for the block, against every process that has the same folder."""
        return self._files.exclusive(key, timeout_s=timeout_s)

    @property
    def _keyring(self) -> BoundKeyring | None:
        if not self._found:
            found = self._find()
            self._found.append(None if found is None else BoundKeyring(found))
        return self._found[0]
