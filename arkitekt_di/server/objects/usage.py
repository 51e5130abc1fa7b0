"""How many bytes are kept below each prefix that a grant limits."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from arkitekt_di.errors import ObjectRefusedError
from arkitekt_di.server.objects.keys import ancestors, charged, is_within
from arkitekt_di.server.objects.promise import Allowance


@dataclass
class Reservation:
    """Bytes of one draft that are on their way.

    Attributes
    ----------
    allowance : Allowance
    size : int
        Bytes so far.
    """

    allowance: Allowance
    size: int = 0


@dataclass
class _Account:
    kept: int
    arriving: int = 0


class Usage:
    """Counts bytes by prefix; a prefix that was not counted yet, or not lately, is measured first.

    Not safe for threads: its owner calls it under the lock under which objects appear and disappear.

    Parameters
    ----------
    measure : callable
        Bytes that are kept below a bucket's prefix, parts of unfinished uploads included.
    remembered : int, default 1024
        Prefixes that are counted at the same time, beside those to which bytes are on their way.
    """

    def __init__(self, measure: Callable[[str, str], int], *, remembered: int = 1024) -> None:
        self._measure = measure
        self._remembered = remembered
        self._accounts: OrderedDict[tuple[str, str], _Account] = OrderedDict()

    def reserve(self, reservation: Reservation, size: int) -> None:
        """Count *size* more bytes on their way; raises `ObjectRefusedError` where they are too many."""
        account = self._account(reservation.allowance)
        most = reservation.allowance.max_bytes
        if account.kept + account.arriving + size > most:
            raise ObjectRefusedError("QuotaExceeded", f"the grant is for {most} bytes in all. Ask for a larger one")
        account.arriving += size
        reservation.size += size

    def release(self, reservation: Reservation | None) -> None:
        """Take back what was reserved."""
        if reservation is not None and reservation.size:
            self._account(reservation.allowance).arriving -= reservation.size
            reservation.size = 0

    def change(self, bucket: str, key: str, difference: int) -> None:
        """Count an object that came, went or was replaced."""
        bucket, key = charged(bucket, key)
        for prefix in ancestors(key):
            account = self._accounts.get((bucket, prefix))
            if account is not None:
                account.kept += difference

    def clear(self, bucket: str, prefix: str, size: int) -> None:
        """Count that everything below *prefix*, *size* bytes in all, is gone."""
        self.change(bucket, prefix, -size)
        bucket, prefix = charged(bucket, prefix)
        for (other, inner), account in self._accounts.items():
            if other == bucket and is_within(inner, prefix):
                account.kept = self._measure(bucket, inner)

    def _account(self, allowance: Allowance) -> _Account:
        name = (allowance.bucket, allowance.prefix)
        account = self._accounts.get(name)
        if account is None:
            account = self._accounts[name] = _Account(kept=self._measure(*name))
            self._forget()
        self._accounts.move_to_end(name)
        return account

    def _forget(self) -> None:
        idle = [name for name, account in self._accounts.items() if not account.arriving]
        for name in idle[: max(0, len(self._accounts) - self._remembered)]:
            del self._accounts[name]
