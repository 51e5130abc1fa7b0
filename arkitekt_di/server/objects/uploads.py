"""Multipart uploads: parts that become one object.

A part is an object of its own in the bucket `UPLOADS`, below the bucket, the key and the number of its
upload.  It counts for the same grant, and is removed with the same prefix, as the object that it is for.
"""

import re
import secrets
from collections.abc import Callable, Sequence
from time import time_ns

from arkitekt_di.errors import ObjectRefusedError
from arkitekt_di.server.objects.keys import UPLOADS
from arkitekt_di.server.objects.promise import Allowance, Condition, ObjectEntry, Objects

MAX_PARTS = 10_000
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html"""

SWEEP_INTERVAL_NS = 3600 * 10**9
"""Abandoned uploads are looked for at the start, and once an hour while new ones begin."""

_UPLOAD_ID = re.compile(r"[0-9a-f]{32}")
_NUMBER = re.compile(r"[0-9]{1,5}")
_MARK = "00000"


class MultipartUploads:
    """The unfinished uploads of a store.

    Parameters
    ----------
    objects : Objects
    abandoned_after_s : float
        An upload that began so many seconds ago is removed.
    clock_ns : callable, default time.time_ns
        Nanoseconds since 1970 (UTC).
    """

    def __init__(self, objects: Objects, *, abandoned_after_s: float, clock_ns: Callable[[], int] = time_ns) -> None:
        self._objects = objects
        self._abandoned_after_ns = int(abandoned_after_s * 10**9)
        self._clock_ns = clock_ns
        self._swept_ns = 0

    async def begin(self, bucket: str, key: str, allowance: Allowance) -> str:
        """Open an upload and return its identifier."""
        if self._clock_ns() - self._swept_ns > SWEEP_INTERVAL_NS:
            await self.sweep()
        upload_id = secrets.token_hex(16)
        async with self._objects.stage(UPLOADS, f"{bucket}/{key}/{upload_id}/{_MARK}", allowance=allowance) as draft:
            await draft.publish()
        return upload_id

    async def part_key(self, bucket: str, key: str, upload_id: str, number: str) -> str:
        """Return the key, in the bucket `UPLOADS`, under which a part is kept."""
        folder = await self._folder(bucket, key, upload_id)
        return f"{folder}/{_part_number(number):05d}"

    async def complete(
        self, bucket: str, key: str, upload_id: str, *, parts: Sequence[tuple[str, str]], condition: Condition | None
    ) -> ObjectEntry:
        """Join parts, given by number and ETag, to the object that they are for, and close the upload."""
        folder = await self._folder(bucket, key, upload_id)
        numbers = [_part_number(number) for number, _ in parts]
        if not numbers or numbers != sorted(set(numbers)):
            raise ObjectRefusedError(
                "InvalidPartOrder", "parts come once, in ascending order, and there is at least one"
            )
        async with self._objects.stage(bucket, key) as draft:
            for number, (_, etag) in zip(numbers, parts, strict=True):
                part = f"{folder}/{number:05d}"
                async with self._objects.open(UPLOADS, part) as found:
                    if found is None or found.entry.etag != etag.strip('"'):
                        raise ObjectRefusedError(
                            "InvalidPart", f"part {number} is missing or another one. Send it again"
                        )
                await draft.absorb(UPLOADS, part)
            entry = await draft.publish(condition=condition)
        await self._objects.delete_prefix(UPLOADS, folder)
        return entry

    async def abort(self, bucket: str, key: str, upload_id: str) -> None:
        """Give an upload up."""
        await self._objects.delete_prefix(UPLOADS, await self._folder(bucket, key, upload_id))

    async def sweep(self) -> None:
        """Remove the uploads that were abandoned."""
        self._swept_ns = self._clock_ns()
        oldest = self._swept_ns - self._abandoned_after_ns
        page_end: str | None = ""
        while page_end is not None:
            page = await self._objects.page(UPLOADS, "", after=page_end, limit=1000, separator=None)
            for entry in page.entries:
                folder, _, name = entry.key.rpartition("/")
                if name == _MARK and entry.modified_ns <= oldest:
                    await self._objects.delete_prefix(UPLOADS, folder)
            page_end = page.after

    async def _folder(self, bucket: str, key: str, upload_id: str) -> str:
        folder = f"{bucket}/{key}/{upload_id}"
        if _UPLOAD_ID.fullmatch(upload_id):
            async with self._objects.open(UPLOADS, f"{folder}/{_MARK}") as found:
                if found is not None:
                    return folder
        raise ObjectRefusedError("NoSuchUpload", "there is no such upload, or not any more. Begin a new one")


def _part_number(text: str) -> int:
    number = int(text) if _NUMBER.fullmatch(text) else 0
    if not 1 <= number <= MAX_PARTS:
        raise ObjectRefusedError("InvalidArgument", f"a part has a number from 1 to {MAX_PARTS}")
    return number
