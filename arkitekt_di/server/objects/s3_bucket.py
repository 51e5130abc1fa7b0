"""One bucket of a foreign S3, through obstore; for threads."""

import logging
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import takewhile
from pathlib import Path
from typing import Any, Final

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError
from obstore.store import S3Store

from arkitekt_di.errors import ObjectRefusedError
from arkitekt_di.server.objects.keys import LAST_CHARACTER, check_key
from arkitekt_di.server.objects.promise import Condition, ObjectEntry
from arkitekt_di.server.objects.s3_faults import checked, translated
from arkitekt_di.settings.models import S3Settings

logger = logging.getLogger(__name__)

SINGLE_BYTES: Final = 32 * 2**20
"""Up to here an object is sent in one request, whose condition the store itself tests; beyond, in parts."""

PART_BYTES: Final = 8 * 2**20
PARTS_AT_ONCE: Final = 4
PIECE_BYTES: Final = 4 * 2**20
RETRIES: Final = 4

LISTED: Final = 1000
MAX_DELETED: Final = 1000
"""https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html"""


@dataclass(frozen=True)
class Abilities:
    """What a store was seen to do at the start.

    Attributes
    ----------
    creates : bool
        It tests ``If-None-Match`` of writes; some ignore it and answer that all is well.
    matches : bool
        It tests ``If-Match`` of writes, and knows the ETag that it gave: Ceph 16 does not, as it comes in quotes.
    ranges : bool
        It answers to a range with status 206, without which obstore takes no part of an object.
    """

    creates: bool
    matches: bool
    ranges: bool


class S3Bucket:
    """Objects by their whole path: the hub's bucket, a slash, the key.

    Parameters
    ----------
    settings : S3Settings
        With endpoint, bucket and keys.
    """

    def __init__(self, settings: S3Settings) -> None:
        self._endpoint = settings.endpoint or ""
        self._settings = settings
        self._store: S3Store | None = None
        self._abilities = Abilities(creates=False, matches=False, ranges=False)

    @property
    def gives_ranges(self) -> bool:
        """Whether parts of objects can be read."""
        return self._abilities.ranges

    def open(self) -> None:
        """Look whether the bucket can be listed, written and read, and what its store is able to.

        Raises
        ------
        ObjectStoreUnusableError
            It cannot; names the setting to look at.
        """
        self._store = _store_of(self._settings)
        probe = f".probe/{secrets.token_hex(8)}"
        with checked(self._endpoint):
            next(iter(obstore.list(self._opened, ".probe")), None)
            obstore.put(self._opened, probe, b"0123456789", use_multipart=False)
            try:
                self._abilities = Abilities(
                    creates=not self._takes(probe, "create"),
                    matches=self._matches(probe),
                    ranges=self._answers_with_ranges(probe),
                )
            finally:
                obstore.delete(self._opened, probe)
        logger.info("objects are kept at %s: %s", self._endpoint, self._abilities)

    def head(self, path: str, key: str) -> ObjectEntry | None:
        """Return what is known of an object, under the name *key*; None where there is none."""
        with translated():
            try:
                return entry_of(key, obstore.head(self._opened, path))
            except FileNotFoundError:
                return None

    def put(self, path: str, content: Path | bytes, condition: Condition | None) -> None:
        """Store bytes, or those of a file, whole, in one step.

        The store tests the *condition* where it can: that keeps another program out, of which the hub's own guard knows
        nothing.
        """
        is_large = isinstance(content, Path) and content.stat().st_size > SINGLE_BYTES
        mode: Any = "overwrite" if is_large else self._mode_of(condition)
        with translated():
            try:
                obstore.put(
                    self._opened,
                    path,
                    content,
                    mode=mode,
                    use_multipart=is_large,
                    chunk_size=PART_BYTES,
                    max_concurrency=PARTS_AT_ONCE,
                )
            except (AlreadyExistsError, PreconditionError) as error:
                reason = "the object is not, or not any more, as the request demands"
                raise ObjectRefusedError("PreconditionFailed", reason) from error

    def span(self, path: str, etag: str, start: int, stop: int) -> bytes:
        """Return bytes of one version; `ObjectRefusedError` where the store has that one no more."""
        if start == stop:
            return b""
        with translated(), _one_version():
            found = obstore.get(self._opened, path, options={"range": (start, stop), "if_match": f'"{etag}"'})
            if _bare(found.meta["e_tag"]) != etag:
                raise PreconditionError
            return bytes(found.bytes())

    @contextmanager
    def pieces(self, path: str, key: str) -> Iterator[tuple[ObjectEntry, Iterator[bytes]] | None]:
        """Read an object from its beginning to its end; gives None where there is none."""
        with translated():
            try:
                found = obstore.get(self._opened, path)
            except FileNotFoundError:
                yield None
                return
            stream = found.stream(min_chunk_size=PIECE_BYTES)
            yield entry_of(key, found.meta), map(bytes, stream)

    def copy(self, path: str, goal: str) -> None:
        """Copy an object inside the store; `FileNotFoundError` where there is none."""
        with translated():
            obstore.copy(self._opened, path, goal)

    def delete(self, paths: Sequence[str]) -> None:
        """Remove objects; those that are not there are passed over."""
        with translated():
            for begin in range(0, len(paths), MAX_DELETED):
                obstore.delete(self._opened, paths[begin : begin + MAX_DELETED])

    def below(self, folder: str, after: str = "") -> Iterator[ObjectEntry]:
        """Yield the objects below a folder and behind *after*, in order; keys are the whole paths here."""
        with translated():
            for batch in obstore.list(self._opened, folder, offset=after or None, chunk_size=LISTED):
                for meta in batch:
                    yield entry_of(meta["path"], meta)

    def walk(self, bucket: str, start: str, *, after: str, separator: str | None) -> Iterator[ObjectEntry | str]:
        """Yield the objects whose keys begin with *start* and come behind *after*, and folders, as `tree.walk` does."""
        base = start.rpartition("/")[0]
        try:
            folder = f"{bucket}/{check_key(base, max_bytes=len(base.encode()))}" if "/" in start else bucket
        except ObjectRefusedError:
            return  # no key begins like this
        found, position = True, after
        while found:
            found = False
            for entry in self.below(folder, _offset(bucket, position)):
                key = entry.key.removeprefix(f"{bucket}/")
                if not key.startswith(start) or key <= position:
                    continue
                end = -1 if separator is None else key.find(separator, len(start))
                if end >= 0:
                    yield key[: end + 1]
                    # One request more, and none for what the folder holds.
                    found, position = True, key[: end + 1] + LAST_CHARACTER
                    break
                yield ObjectEntry(key, entry.size, entry.etag, entry.modified_ns)

    @property
    def _opened(self) -> S3Store:
        if self._store is None:
            message = "the object store is not open"
            raise RuntimeError(message)
        return self._store

    def _mode_of(self, condition: Condition | None) -> Any:  # obstore's type of it exists for type checkers only
        if condition is None or condition.etag == "*":
            return "overwrite"  # that any is there, is tested by the hub alone
        if condition.etag is None:
            return "create" if self._abilities.creates else "overwrite"
        return _match(condition.etag) if self._abilities.matches else "overwrite"

    def _matches(self, probe: str) -> bool:
        found = _bare(obstore.head(self._opened, probe)["e_tag"])
        return not self._takes(probe, _match("0" * 32)) and self._takes(probe, _match(found))

    def _takes(self, probe: str, mode: Any) -> bool:
        """Tell whether a write is taken under a condition; where the store does not have those, it is without."""
        try:
            obstore.put(self._opened, probe, b"0123456789", mode=mode, use_multipart=False)
        except (AlreadyExistsError, PreconditionError):
            return False
        except BaseError:  # some say that they do not have it
            return True
        return True

    def _answers_with_ranges(self, probe: str) -> bool:
        try:
            return obstore.get_range(self._opened, probe, start=2, end=5).to_bytes() == b"234"
        except BaseError as error:
            if "non-partial" in str(error):
                return False
            raise


def entry_of(key: str, meta: Mapping[str, Any]) -> ObjectEntry:
    """Return what a store says of an object; seconds, because its heads and its lists agree on no more."""
    return ObjectEntry(
        key, meta["size"], etag=_bare(meta["e_tag"]), modified_ns=int(meta["last_modified"].timestamp()) * 10**9
    )


def _store_of(settings: S3Settings) -> S3Store:
    if settings.access_key is None or settings.secret_key is None:
        message = "access_key and secret_key are checked with the settings"
        raise RuntimeError(message)
    endpoint = (settings.endpoint or "").rstrip("/")
    timeout = f"{max(1, round(settings.timeout_s))}s"
    return S3Store(
        settings.bucket,
        prefix=settings.prefix,
        endpoint=endpoint,
        region=settings.region,
        access_key_id=settings.access_key.get_secret_value(),
        secret_access_key=settings.secret_key.get_secret_value(),
        virtual_hosted_style_request=False,
        client_options={"allow_http": endpoint.startswith("http:"), "timeout": timeout, "connect_timeout": "5s"},
        retry_config={"max_retries": RETRIES, "retry_timeout": timedelta(seconds=settings.timeout_s)},
    )


def _match(etag: str) -> Any:
    return {"e_tag": f'"{etag}"'}


@contextmanager
def _one_version() -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, PreconditionError) as error:
        raise ObjectRefusedError(
            "PreconditionFailed", "the object was replaced while it was read. Read again"
        ) from error


def _offset(bucket: str, position: str) -> str:
    """Return the path at or before a position in a list; obstore takes plain paths only."""
    segments = takewhile(lambda segment: segment.isprintable() and segment not in {"", ".", ".."}, position.split("/"))
    return "/".join((bucket, *segments)) if position else ""


def _bare(etag: str | None) -> str:
    return (etag or "").strip('"')
