"""Objects that live as long as the process: for tests, and to try things out without a hub."""

from collections.abc import Sequence

from arkitekt_di.errors import PermissionDeniedError
from arkitekt_di.messages.images import StoreGrant, UploadGrant


class InMemoryPixelStore:
    """Objects in a dictionary, by bucket and key."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self._writable: set[str] = set()
        self._readable: set[str] = set()

    def allow(self, grant: StoreGrant) -> None:
        """Accept *grant* from now on."""
        (self._writable if isinstance(grant, UploadGrant) else self._readable).add(grant.access_key)

    def revoke(self, access_key: str) -> None:
        """Refuse a grant from now on."""
        self._writable.discard(access_key)
        self._readable.discard(access_key)

    def may_write(self, grant: StoreGrant) -> bool:
        """Tell whether *grant* is good for writing."""
        return grant.access_key in self._writable

    def may_read(self, grant: StoreGrant) -> bool:
        """Tell whether *grant* is good for reading."""
        return grant.access_key in self._readable or self.may_write(grant)

    async def open_sink(self, grant: UploadGrant) -> "InMemoryPrefix":
        """Return the place of an upload."""
        return InMemoryPrefix(self, grant)

    async def open_source(self, grant: StoreGrant) -> "InMemoryPrefix":
        """Return the place of a stored array."""
        return InMemoryPrefix(self, grant)

    def under(self, prefix: str) -> dict[str, bytes]:
        """Return the objects below *prefix*, by key relative to it."""
        start = f"{prefix}/"
        return {key.removeprefix(start): body for key, body in self.objects.items() if key.startswith(start)}

    def drop(self, prefix: str) -> None:
        """Remove the objects below *prefix*."""
        for key in self.under(prefix):
            del self.objects[f"{prefix}/{key}"]


class InMemoryPrefix:
    """The objects that one grant covers."""

    def __init__(self, store: InMemoryPixelStore, grant: StoreGrant) -> None:
        self.address = grant.path
        self._store = store
        self._grant = grant

    async def put(self, key: str, body: bytes | bytearray | memoryview) -> None:
        """Store one whole object."""
        if not self._store.may_write(self._grant):
            raise PermissionDeniedError(f"write to {self.address}")
        self._store.objects[f"{self._grant.key}/{key}"] = bytes(body)

    def read(self, key: str) -> bytes:
        """Return one whole object."""
        if not self._store.may_read(self._grant):
            raise PermissionDeniedError(f"read {self.address}")
        body = self._store.objects.get(f"{self._grant.key}/{key}")
        if body is None:
            raise FileNotFoundError(f"{self.address}/{key}")
        return body

    def read_ranges(self, key: str, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        """Return parts of one object."""
        body = self.read(key)
        return [body[start:stop] for start, stop in ranges]

    def size(self, key: str) -> int:
        """Return the size of one object, in bytes."""
        return len(self.read(key))
