"""What an object store promises to the endpoint and to the rest of the hub."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, Protocol, Self

from arkitekt_di.errors import ObjectRefusedError
from arkitekt_di.messages.images import DraftFolder, StoredObject
from arkitekt_di.server.objects.keys import LAST_CHARACTER


@dataclass(frozen=True)
class ObjectEntry:
    """One object.

    Attributes
    ----------
    key : str
        Whole key, with the prefix.
    size : int
        Bytes.
    etag : str
        Changes whenever the object's bytes change; opaque, without quotes.
    modified_ns : int
        When it was written, in nanoseconds since 1970 (UTC).
    """

    key: str
    size: int
    etag: str
    modified_ns: int


@dataclass(frozen=True)
class Page:
    """A piece of a list, in the order of the keys' UTF-8 bytes.

    Attributes
    ----------
    entries : tuple of ObjectEntry
    folders : tuple of str
        Common prefixes, each with its slash; only where folders are not descended into.
    after : str or None
        Where the next page begins; None after the last one.
    """

    entries: tuple[ObjectEntry, ...]
    folders: tuple[str, ...]
    after: str | None

    @classmethod
    def cut(cls, found: Iterator[ObjectEntry | str], limit: int) -> Self:
        """Take up to *limit* objects and folders, which come in order."""
        items = list(islice(found, limit))
        entries = tuple(item for item in items if isinstance(item, ObjectEntry))
        folders = tuple(item for item in items if isinstance(item, str))
        if not items or next(found, None) is None:
            return cls(entries, folders, after=None)
        last = items[-1]
        return cls(entries, folders, after=last + LAST_CHARACTER if isinstance(last, str) else last.key)


@dataclass(frozen=True)
class Condition:
    """What must hold for an object to be replaced.

    Attributes
    ----------
    etag : str or None
        The object must exist with this ETag (``*``: with any); None: it must not exist.
    """

    etag: str | None = None

    def test(self, existing: ObjectEntry | None) -> None:
        """Raise `ObjectRefusedError` (``PreconditionFailed``) where the condition does not hold."""
        found = None if existing is None else existing.etag
        if found != self.etag and not (self.etag == "*" and found is not None):
            raise ObjectRefusedError("PreconditionFailed", "the object is not, or not any more, as the request demands")


@dataclass(frozen=True)
class Allowance:
    """How much may be kept below a prefix.

    Attributes
    ----------
    bucket, prefix : str
        The prefix is taken as a folder.
    max_bytes : int
        Everything below the prefix counts: objects, parts of unfinished uploads, bytes on their way.
    """

    bucket: str
    prefix: str
    max_bytes: int


class Digest(Protocol):
    """Anything that is fed with bytes, such as a `hashlib` object."""

    def update(self, data: bytes, /) -> None:
        """Take the next bytes."""
        ...


class Draft(Protocol):
    """An object in the making; nobody sees it before it is published."""

    async def write(self, chunk: bytes) -> None:
        """Append *chunk*."""
        ...

    async def absorb(self, bucket: str, key: str) -> None:
        """Append the bytes of another object."""
        ...

    async def adopt(self, prefix: str, name: str, *, max_bytes: int) -> None:
        """Take the file *name* that a client wrote into the folder for *prefix* as the whole object.

        Raises `ObjectRefusedError` where it will not do (``InvalidRequest``) or is too large (``EntityTooLarge``);
        see `Objects.open_drafts`.
        """
        ...

    async def publish(
        self, *, condition: Condition | None = None, check: Callable[[], None] | None = None
    ) -> ObjectEntry:
        """Put the object in its place, whole, in one step.

        Parameters
        ----------
        condition : Condition, optional
            Tested in the same step; raises `ObjectRefusedError` (``PreconditionFailed``) where it does not hold.
        check : callable, optional
            Called when every byte is written; what it raises is raised here, and nothing is published.
        """
        ...


class OpenObject(Protocol):
    """The bytes of one version of an object, whatever is written meanwhile.

    A store that cannot keep a large one for its readers raises `ObjectRefusedError` (``PreconditionFailed``) once it is
    gone; bytes of two versions are never mixed.
    """

    @property
    def entry(self) -> ObjectEntry:
        """Size and ETag of this version."""
        ...

    @property
    def file(self) -> BinaryIO | None:
        """File with exactly these bytes, where there is one."""
        ...

    async def read(self, start: int, stop: int) -> bytes:
        """Return the bytes from *start* up to *stop*."""
        ...


class Objects(Protocol):
    """Keeps objects.

    Where a method takes a *prefix*, it is taken as a folder: ``a/b`` covers ``a/b/c`` and not ``a/bc``.
    Any method raises `ObjectRefusedError` for names that are not acceptable, and `ObjectStoreLostError` where a store
    on another machine does not answer; methods that write raise `StorageFullError` where there is no space left.
    """

    async def start(self) -> None:
        """Open the store; drafts that a killed process left are removed."""
        ...

    async def stop(self) -> None:
        """Close the store."""
        ...

    def open(self, bucket: str, key: str) -> AbstractAsyncContextManager[OpenObject | None]:
        """Open one object for reading; gives None where there is none."""
        ...

    async def read(self, bucket: str, key: str, *, max_bytes: int = 16 * 2**20) -> bytes | None:
        """Return a whole object, or None where there is none.

        An object of more than *max_bytes* is refused (`ObjectRefusedError`, ``EntityTooLarge``) before it is read.
        """
        ...

    async def checksums(self, bucket: str, keys: Sequence[str]) -> list[int | None]:
        """Return the CRC-32 (ITU-T V.42) of each object's bytes; None where there is no such object.

        Known without reading where the store has seen the bytes go by.
        """
        ...

    async def inventory(self, bucket: str, prefix: str) -> dict[str, StoredObject]:
        """Return the size and the CRC-32 of every object below *prefix*, by its key relative to that."""
        ...

    def entries(self, bucket: str, prefix: str) -> AsyncIterator[ObjectEntry]:
        """Go through the objects below *prefix*, in the order of their keys."""
        ...

    async def page(self, bucket: str, start: str, *, after: str, limit: int, separator: str | None) -> Page:
        """Return the next *limit* objects whose keys begin with *start* and come behind *after*.

        Parameters
        ----------
        bucket, start : str
            Here *start* is the beginning of the keys, as in S3's lists, and not a folder.
        after : str
            Empty for the first page.
        limit : int
            Objects and folders together.
        separator : {'/', None}
            With a slash, folders right below *start* are named instead of descended into.
        """
        ...

    def stage(
        self, bucket: str, key: str, *, allowance: Allowance | None = None, digests: Sequence[Digest] = ()
    ) -> AbstractAsyncContextManager[Draft]:
        """Begin an object; a draft that is not published when the block ends is discarded.

        Parameters
        ----------
        bucket, key : str
        allowance : Allowance, optional
            Raises `ObjectRefusedError` (``QuotaExceeded``) on writing more.
        digests : sequence of Digest
            Each is fed with every byte, off the event loop.
        """
        ...

    async def open_drafts(self, bucket: str, prefix: str) -> DraftFolder | None:
        """Make a folder into which a client may write objects below *prefix* as files, for `Draft.adopt`.

        It is there until *prefix* is sealed or deleted, or the store stops.  None where the store takes no files,
        or *prefix* is sealed.
        """
        ...

    async def delete(self, bucket: str, keys: Sequence[str]) -> None:
        """Remove objects; those that are not there are passed over."""
        ...

    async def delete_prefix(self, bucket: str, prefix: str) -> None:
        """Remove everything below *prefix*, sealed or not, at once where the store can; a seal stays."""
        ...

    async def move(self, bucket: str, moves: Sequence[tuple[str, str]]) -> None:
        """Give objects other keys, in order, whatever is sealed and whatever is there; each durably and in one step.

        For the hub's own use: where this returns, a power cut cannot take them back.  Raises `ObjectRefusedError`
        (``NoSuchKey``) for one that is not there; those before it have moved.
        """
        ...

    async def seal(self, bucket: str, prefix: str) -> None:
        """Make what is below *prefix* final and durable.

        From now on, and after a restart, `stage` and `delete` are refused there (`ObjectRefusedError`,
        ``AccessDenied``), drafts that are under way included.  When this returns, every byte is on the disk.
        """
        ...


def check_small(key: str, size: int, max_bytes: int) -> None:
    """Raise `ObjectRefusedError` for an object that is too large to be read at once."""
    if size > max_bytes:
        raise ObjectRefusedError("EntityTooLarge", f"{key} has over {max_bytes} bytes and is not read at once")
