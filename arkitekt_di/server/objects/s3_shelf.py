"""How objects appear in a foreign S3, and disappear; for threads."""

import shutil
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Final

from arkitekt_di.errors import ObjectStoreLostError
from arkitekt_di.private_file import make_private_folder
from arkitekt_di.server.objects.checksums import Checksums, checksum_of
from arkitekt_di.server.objects.claims import Claims
from arkitekt_di.server.objects.draft import CompleteDraft
from arkitekt_di.server.objects.keys import UPLOADS, ancestors, check_name, check_stored_bucket
from arkitekt_di.server.objects.local_drafts import LocalDrafts
from arkitekt_di.server.objects.promise import Condition, ObjectEntry, Page
from arkitekt_di.server.objects.s3_bucket import S3Bucket
from arkitekt_di.server.objects.s3_faults import WHERE
from arkitekt_di.server.objects.s3_seals import S3Seals
from arkitekt_di.server.objects.tree import conflict, missing
from arkitekt_di.server.objects.usage import Reservation, Usage

_REMEMBERED: Final = 65_536
"""Folders that are known to be no objects."""


class S3Shelf:
    """The objects of an `S3Objects`.

    A key is changed under a claim on it, which is held while bytes move; bytes are counted under one lock.

    Parameters
    ----------
    bucket : S3Bucket
    staging : Path
        Folder on local disk for drafts.
    """

    drafts: LocalDrafts | None = None
    """None are taken: an object has to be sent on in any case."""

    def __init__(self, bucket: S3Bucket, staging: Path) -> None:
        self.staging = staging
        self.bucket = bucket
        self._seals = S3Seals(bucket)
        self._claims = Claims()
        self._lock = threading.Lock()
        self._usage = Usage(self._measure)
        self._checksums = Checksums()
        self._folders: OrderedDict[tuple[str, str], None] = OrderedDict()

    def prepare(self) -> None:
        """Remove the drafts that a killed process left, and look at the store."""
        if self.staging.exists():
            shutil.rmtree(self.staging)
        make_private_folder(self.staging)
        self.bucket.open()

    def head(self, bucket: str, key: str) -> ObjectEntry | None:
        """Return what is known of an object; None where there is none."""
        check_name(bucket, key)
        return self.bucket.head(f"{bucket}/{key}", key)

    def open_file(self, bucket: str, key: str) -> BinaryIO | None:
        """Fetch an object to a file that nobody else sees; None where there is none."""
        fetched = self.fetch(bucket, key)
        return None if fetched is None else fetched[1]

    def fetch(self, bucket: str, key: str) -> tuple[ObjectEntry, BinaryIO] | None:
        """Fetch an object to a file, with what is known of it; None where there is none."""
        with self.bucket.pieces(f"{bucket}/{key}", key) as found:
            if found is None:
                return None
            entry, pieces = found
            file: BinaryIO = tempfile.TemporaryFile(dir=self.staging)  # noqa: SIM115  # whoever opens it closes it
            try:
                file.writelines(pieces)
                file.seek(0)
            except BaseException:
                file.close()
                raise
            return entry, file

    def checksums(self, bucket: str, keys: Sequence[str]) -> list[int | None]:
        """Return the CRC-32 of each object's bytes; None where there is none."""
        return [self._checksum(bucket, key) for key in keys]

    def remembered(self, bucket: str, entries: Sequence[ObjectEntry]) -> list[int | None]:
        """Return the CRC-32 of these very versions; None for one of which it is not known without reading it."""
        with self._lock:
            return [self._checksums.of(bucket, entry) for entry in entries]

    def _checksum(self, bucket: str, key: str) -> int | None:
        entry = self.head(bucket, key)
        with self._lock:
            known = None if entry is None else self._checksums.of(bucket, entry)
        if entry is None or known is not None:
            return known
        with self.bucket.pieces(f"{bucket}/{key}", key) as found:
            if found is None:
                return None
            entry, pieces = found
            value = 0
            for piece in pieces:
                value = checksum_of(piece, value)
        with self._lock:
            self._checksums.note(bucket, entry, value)
        return value

    def page(self, bucket: str, start: str, after: str, limit: int, separator: str | None) -> Page:
        """Return the next objects whose keys begin with *start*."""
        check_stored_bucket(bucket)
        return Page.cut(self.bucket.walk(bucket, start, after=after, separator=separator), limit)

    def refuse_sealed(self, bucket: str, key: str) -> None:
        """Raise `ObjectRefusedError` where nothing may be written any more."""
        self._seals.refuse(bucket, key)

    def reserve(self, reservation: Reservation, size: int) -> None:
        """Count bytes on their way; raises `ObjectRefusedError` where they are too many."""
        with self._lock:
            self._usage.reserve(reservation, size)

    def release(self, reservation: Reservation | None) -> None:
        """Take back what was reserved."""
        with self._lock:
            self._usage.release(reservation)

    def place(self, draft: CompleteDraft, bucket: str, key: str, *, condition: Condition | None) -> ObjectEntry:
        """Send a complete file; from then on its bytes are kept, and no more on their way."""
        with self._claims.hold((bucket, key)):
            self._seals.refuse(bucket, key)
            old = self.head(bucket, key)
            if condition is not None:
                condition.test(old)
            self._refuse_conflict(bucket, key)
            self.bucket.put(f"{bucket}/{key}", draft.path, condition)
            entry = self._seen(bucket, key)
            with self._lock:
                self._usage.change(bucket, key, entry.size - (0 if old is None else old.size))
                self._usage.release(draft.reservation)
                self._checksums.note(bucket, entry, draft.checksum)
        draft.path.unlink()
        return entry

    def delete(self, bucket: str, keys: Sequence[str]) -> None:
        """Remove objects."""
        for key in keys:
            check_name(bucket, key)
            with self._claims.hold((bucket, key)):
                self._seals.refuse(bucket, key)
                found = self.head(bucket, key)
                if found is not None:
                    self.bucket.delete([f"{bucket}/{key}"])
                    with self._lock:
                        self._usage.change(bucket, key, -found.size)

    def delete_prefix(self, bucket: str, prefix: str) -> None:
        """Remove what lies below a folder, request by request: S3 has no way to do it in one step."""
        check_name(bucket, prefix)
        with self._claims.hold((bucket, prefix)):
            found = list(self.bucket.below(f"{bucket}/{prefix}"))
            if not found:
                return
            self.bucket.delete([entry.key for entry in found])
            with self._lock:
                self._usage.clear(bucket, prefix, sum(entry.size for entry in found))

    def move(self, bucket: str, moves: Sequence[tuple[str, str]]) -> None:
        """Give objects other keys: a copy appears in one step, then the source goes."""
        if any(self.head(bucket, source) is None for source, _ in moves):
            raise missing()
        for source, target in moves:
            check_name(bucket, target)
            with self._claims.hold((bucket, source), (bucket, target)):
                self._rename(bucket, source, target)

    def _rename(self, bucket: str, source: str, target: str) -> None:
        found, old = self.head(bucket, source), self.head(bucket, target)
        if found is None:
            raise missing()
        self._refuse_conflict(bucket, target)
        self.bucket.copy(f"{bucket}/{source}", f"{bucket}/{target}")
        entry = self._seen(bucket, target)
        self.bucket.delete([f"{bucket}/{source}"])
        with self._lock:
            checksum = self._checksums.of(bucket, found)
            self._usage.change(bucket, source, -found.size)
            self._usage.change(bucket, target, entry.size - (0 if old is None else old.size))
            if checksum is not None:
                self._checksums.note(bucket, entry, checksum)

    def seal(self, bucket: str, prefix: str) -> tuple[()]:
        """Let nobody write below a prefix any more; writes that are under way end first."""
        check_name(bucket, prefix)
        with self._claims.hold((bucket, prefix), (UPLOADS, f"{bucket}/{prefix}")):
            self._seals.add(bucket, prefix)
        return ()

    def _seen(self, bucket: str, key: str) -> ObjectEntry:
        entry = self.head(bucket, key)
        if entry is None:
            raise ObjectStoreLostError(WHERE, "an object that it took is not there")
        return entry

    def _refuse_conflict(self, bucket: str, key: str) -> None:
        *folders, _ = ancestors(key)
        for folder in folders:
            self._refuse_object(bucket, folder)
        if next(self.bucket.below(f"{bucket}/{key}"), None) is not None:
            raise conflict()
        with self._lock:
            self._folders.pop((bucket, key), None)

    def _refuse_object(self, bucket: str, folder: str) -> None:
        with self._lock:
            if (bucket, folder) in self._folders:
                return
        if self.head(bucket, folder) is not None:
            raise conflict()
        # Whoever stores an object there claims all that lies below it, so this cannot be out of date.
        with self._lock:
            self._folders[bucket, folder] = None
            if len(self._folders) > _REMEMBERED:
                self._folders.popitem(last=False)

    def _measure(self, bucket: str, prefix: str) -> int:
        places = (f"{bucket}/{prefix}", f"{UPLOADS}/{bucket}/{prefix}")
        return sum(entry.size for place in places for entry in self.bucket.below(place))
