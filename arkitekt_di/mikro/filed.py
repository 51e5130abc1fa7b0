"""What files and tables have in common: records that lie in folders, with bytes of their own beside them."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Generic, Literal, Protocol, TypeVar

from arkitekt_di.errors import RecordRefusedError
from arkitekt_di.mikro.blobs.sending import BlobSender, Sent
from arkitekt_di.mikro.folders.folder import Folder
from arkitekt_di.mikro.folders.service import Folders
from arkitekt_di.mikro.paging import Pages
from arkitekt_di.mikro.pixels.grants import RenewedSource
from arkitekt_di.mikro.watches import Told, Watches
from arkitekt_di.mikro.watching import Watch
from arkitekt_di.protocols.blobs import BlobUploads
from arkitekt_di.protocols.koil import Bridge
from arkitekt_di.protocols.mikro import PixelStore
from arkitekt_di.settings.models import MikroSettings

READERS: Final = 16
"""Requests to the object store at the same time, for bytes that several threads read."""


class Stored(Protocol):
    """Where bytes are."""

    @property
    def id(self) -> str:
        """Identifier of the store."""
        ...

    @property
    def sha256(self) -> str | None:
        """Of the bytes, in hexadecimal digits; None where whoever sent them did not say."""
        ...


class FiledRecord(Protocol):
    """What the hub knows about one of them."""

    @property
    def id(self) -> str:
        """Its identifier."""
        ...

    @property
    def store(self) -> Stored:
        """Where its bytes are."""
        ...


R = TypeVar("R", bound=FiledRecord)
R_co = TypeVar("R_co", bound=FiledRecord, covariant=True)
T = TypeVar("T")


class FiledRecords(BlobUploads, Protocol[R_co]):
    """Where the hub keeps what it knows about them; see `FileRecords` and `TableRecords`."""

    async def get(self, record_id: str, /) -> R_co:
        """Return one of them."""
        ...

    async def rename(self, record_id: str, name: str, /) -> R_co:
        """Change the name."""
        ...

    async def move(self, record_id: str, /, *, folder_id: str | None) -> R_co:
        """Put it into a folder, or into none."""
        ...

    async def delete(self, record_id: str, /) -> None:
        """Put it into the trash."""
        ...

    async def restore(self, record_id: str, /) -> R_co:
        """Take it out of the trash."""
        ...

    def watch(self, *, folder_id: str | None) -> Told[R_co]:
        """Yield the changes of all, or of those in one folder."""
        ...


class Filed(ABC, Generic[R, T]):
    """Files and reads records with bytes; the base of `Files` and `Tables`, which say what the parameters are.

    Attributes
    ----------
    bridge : Bridge
        The way to the app's loop.
    """

    _noun: str
    """What one of them is called in errors and names of threads."""

    def __init__(
        self,
        records: FiledRecords[R],
        store: PixelStore,
        folders: Folders,
        bridge: Bridge,
        settings: MikroSettings | None = None,
    ) -> None:
        chosen = settings or MikroSettings()
        self._filed = records
        self._store = store
        self._folders = folders
        self._bridge = bridge
        self._margin_s = chosen.access_margin_s
        self._progress: Literal["auto", "never"] = chosen.progress
        self._sender = BlobSender(records, store, transfers=chosen.transfers, margin_s=self._margin_s)
        # It starts threads when it is used.
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix=f"arkitekt-{self._noun}")
        self._watches = Watches(bridge)

    async def stop(self) -> None:
        """End what is watched."""
        await self._watches.stop()

    @property
    def bridge(self) -> Bridge:
        """The way to the app's loop."""
        return self._bridge

    @abstractmethod
    def _shown(self, record: R) -> T:
        """Return what the user gets of a record."""

    async def aget(self, record_id: str) -> T:
        """Return one by its identifier; raises the `NotFoundError` of its kind."""
        return self._shown(await self._filed.get(str(record_id)))

    async def arename(self, record_id: str, name: str) -> T:
        """Change a name; raises the `NotFoundError` of its kind."""
        return self._shown(await self._filed.rename(str(record_id), name))

    async def amove(self, record_id: str, folder: Folder | str | None) -> T:
        """Put one into a folder, or into none; raises the `NotFoundError` of its kind."""
        place = await self._folders.aplace(folder)
        return self._shown(await self._filed.move(str(record_id), folder_id=place))

    async def adelete(self, record_id: str) -> None:
        """Put one into the trash; raises the `NotFoundError` of its kind."""
        await self._filed.delete(str(record_id))

    async def arestore(self, record_id: str) -> T:
        """Take one out of the trash; raises the `NotFoundError` of its kind."""
        return self._shown(await self._filed.restore(str(record_id)))

    def watch(self, *, folder: Folder | str | None = None) -> Watch[T]:
        """Tell of them as they change: of all, or of those in one folder; see `Watch`."""

        async def begin() -> Told[R]:
            return self._filed.watch(folder_id=await self._folders.aexisting(folder))

        return self._watches.watch(begin, self._shown)

    def _pages(
        self, folder: Folder | str | None, find: Callable[[str | None, int, int], Awaitable[list[R]]]
    ) -> Pages[T]:
        """Return all that *find* finds in a folder, page by page."""

        async def fetch(limit: int, offset: int) -> list[T]:
            place = await self._folders.aexisting(folder)
            return [self._shown(record) for record in await find(place, limit, offset)]

        return Pages(self._bridge, fetch)

    async def _same(self, sent: Sent, key: str, contents: str) -> T:
        """Return what an earlier run with the same key made, if it has the same bytes."""
        record = await self._filed.get(str(sent.record_id))
        if record.store.sha256 != sent.sha256:
            raise RecordRefusedError(
                f"the key {key!r} names {self._noun} {record.id}, which has other {contents}", "Choose another key"
            )
        return self._shown(record)

    async def _open(self, record: R) -> RenewedSource:
        source = RenewedSource(
            self._filed,
            self._store,
            self._bridge,
            self._readers,
            store_id=record.store.id,
            margin_s=self._margin_s,
        )
        await source.open()
        return source
