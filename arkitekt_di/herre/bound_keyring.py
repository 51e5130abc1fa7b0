"""A keyring that is given up where it does not answer, as one that waits for somebody to unlock it."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import Protocol, TypeVar

UNLOCK_S = 60.0
"""How long a person may take to unlock a keyring, in seconds."""

T = TypeVar("T")


class Keyring(Protocol):
    """As much of a backend of the package ``keyring`` as is used."""

    def get_password(self, service: str, username: str) -> str | None:
        """Return what was set, or None."""
        ...

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep *password*."""
        ...

    def delete_password(self, service: str, username: str) -> None:
        """Keep nothing; raises where there was nothing."""
        ...


class BoundKeyring:
    """Asks another keyring in bounded time, and never again after it has not answered once.

    Parameters
    ----------
    keyring : Keyring
    timeout_s : float, optional
        Longest wait for one answer, in seconds; then ``TimeoutError`` is raised.
    """

    def __init__(self, keyring: Keyring, timeout_s: float = UNLOCK_S) -> None:
        self._keyring = keyring
        self._timeout_s = timeout_s
        self._is_given_up = False

    @property
    def backend(self) -> str:
        """Where the other keyring is implemented."""
        return type(self._keyring).__module__

    def get_password(self, service: str, username: str) -> str | None:
        """Return what was set, or None."""
        return self._ask(lambda: self._keyring.get_password(service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep *password*."""
        self._ask(lambda: self._keyring.set_password(service, username, password))

    def delete_password(self, service: str, username: str) -> None:
        """Keep nothing; raises where there was nothing."""
        self._ask(lambda: self._keyring.delete_password(service, username))

    def _ask(self, question: Callable[[], T]) -> T:
        if self._is_given_up:
            raise TimeoutError
        answer: Future[T] = Future()

        def ask() -> None:
            try:
                answer.set_result(question())
            except BaseException as error:  # noqa: BLE001  # raised where the answer is waited for
                answer.set_exception(error)

        # A daemon, since it may stand before a locked keyring for ever, and no program waits for that at its end.
        Thread(target=ask, name="keyring", daemon=True).start()
        try:
            return answer.result(self._timeout_s)
        except TimeoutError:
            self._is_given_up = True
            raise
