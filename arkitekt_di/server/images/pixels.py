"""The pixels behind the records: grants for them, a check of what was written, and their removal."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from arkitekt_di.errors import ImageRefusedError, ObjectRefusedError, UploadIncompleteError
from arkitekt_di.messages.images import DraftFolder, StoredObject, StoreGrant, UploadGrant
from arkitekt_di.messages.pixels import ATTRIBUTE, HEADER, MAX_HEADER_BYTES, PixelDocument
from arkitekt_di.server.images.array_header import ArrayDocument, ArrayHeader
from arkitekt_di.server.images.tables import Store
from arkitekt_di.server.images.units import shown_units
from arkitekt_di.server.objects.grants import Access, ObjectGrants
from arkitekt_di.server.objects.promise import Objects
from arkitekt_di.settings.models import ObjectSettings

BUCKET = "zarr"
"""The hub's bucket for arrays."""

MAX_NAMED_FAULTS = 20
"""How many missing objects an error names; the rest is counted."""


PIECE_BYTES = 4 * 2**20
"""What is compared at once."""


@dataclass(frozen=True)
class VerifiedArray:
    """An array of which every byte is there.

    Attributes
    ----------
    header : ArrayHeader
    size_bytes : int
    content : str or None
        The same for arrays whose objects are the same; None where nobody said what they sum up to.
    """

    header: ArrayHeader
    size_bytes: int
    content: str | None


class Pixels:
    """Stored arrays as the hub sees them.

    Parameters
    ----------
    objects : Objects
    grants : ObjectGrants
    settings : ObjectSettings
    """

    def __init__(self, objects: Objects, grants: ObjectGrants, settings: ObjectSettings) -> None:
        self._objects = objects
        self._grants = grants
        self._ttl_s = self.grant_s = settings.grant_s
        self.max_bytes = int(settings.max_upload_gib * 2**30)

    def write_grant(self, store: Store) -> UploadGrant:
        """Return a grant to write the array of *store*."""
        credentials = self._grants.issue(
            bucket=store.bucket, key=store.key, access=Access.WRITE, ttl_s=self._ttl_s, max_bytes=store.max_bytes
        )
        return UploadGrant(
            access_key=credentials.access_key,
            secret_key=credentials.secret_key,
            session_token=credentials.session_token,
            expires_in=credentials.expires_in,
            bucket=store.bucket,
            key=store.key,
            path=path_of(store),
            store=store.id,
            max_bytes=store.max_bytes,
        )

    async def open_drafts(self, bucket: str, key: str) -> DraftFolder | None:
        """Return a folder for the objects of an upload, where they may be written as files."""
        return await self._objects.open_drafts(bucket, key)

    def read_grant(self, store: Store) -> StoreGrant:
        """Return a grant to read the array of *store*."""
        credentials = self._grants.issue(
            bucket=store.bucket, key=store.place, access=Access.READ, ttl_s=self._ttl_s, max_bytes=0
        )
        return StoreGrant(
            access_key=credentials.access_key,
            secret_key=credentials.secret_key,
            session_token=credentials.session_token,
            expires_in=credentials.expires_in,
            bucket=store.bucket,
            key=store.place,
            path=path_of(store),
        )

    async def held(self, store: Store) -> dict[str, StoredObject]:
        """Return the objects of an upload, by their keys relative to it."""
        return await self._objects.inventory(store.bucket, store.key)

    async def verify(self, store: Store) -> VerifiedArray:
        """Check that a whole array is there, and return what is known of it.

        Raises
        ------
        UploadIncompleteError
            Objects are missing, or do not have the size or the checksum that the array's own manifest says.
        ImageRefusedError
            What is there is not an array that we take.
        """
        content = await self.read_header(store)
        document = ArrayDocument.from_json(content)
        note = _read_note(document)
        found = await self.held(store) if note.checksums else await self._sizes(store)
        if faults := note.faults(found):
            raise UploadIncompleteError(store.id, faults[:MAX_NAMED_FAULTS], len(faults))
        total = sum(entry.size for entry in found.values())
        if total > store.max_bytes:
            raise ImageRefusedError(
                f"the upload has {total} bytes, but {store.max_bytes} were granted", "Store the array in parts"
            )
        header = document.header(shown_units(note.units())).model_copy(
            update={"scale": note.scale, "statistics": note.statistics, "appends": note.appends}
        )
        # The header names the checksum of every object, so it stands for all of them.
        is_whole = note.manifest.keys() == note.checksums.keys() and len(found) == len(note.manifest) + 1
        digest = hashlib.sha256(content).hexdigest() if is_whole and note.appends is None else None
        return VerifiedArray(header, total, digest)

    async def _sizes(self, store: Store) -> dict[str, StoredObject]:
        """Return the objects of an array that names no checksums; those are not looked at."""
        start = f"{store.key}/"
        return {
            entry.key.removeprefix(start): StoredObject(size=entry.size, crc32=0)
            async for entry in self._objects.entries(store.bucket, store.key)
        }

    async def are_alike(self, one: Store, other: Store) -> bool:
        """Tell whether two arrays are the same, byte by byte."""
        names = await self._names(one)
        if names != await self._names(other):
            return False
        for name in names:
            if not await self._are_equal(one.bucket, f"{one.place}/{name}", f"{other.place}/{name}"):
                return False
        return True

    async def _names(self, store: Store) -> list[str]:
        start = f"{store.place}/"
        return [entry.key.removeprefix(start) async for entry in self._objects.entries(store.bucket, store.place)]

    async def _are_equal(self, bucket: str, key: str, other_key: str) -> bool:
        async with self._objects.open(bucket, key) as one, self._objects.open(bucket, other_key) as other:
            if one is None or other is None or one.entry.size != other.entry.size:
                return False
            for start in range(0, one.entry.size, PIECE_BYTES):
                stop = min(start + PIECE_BYTES, one.entry.size)
                if await one.read(start, stop) != await other.read(start, stop):
                    return False
        return True

    async def seal(self, store: Store) -> None:
        """Let no grant write to the array any more."""
        await self._objects.seal(store.bucket, store.key)

    async def remove(self, bucket: str, place: str) -> None:
        """Remove every object of an array; does nothing where there is none."""
        await self._objects.delete_prefix(bucket, place)

    async def checksums(self, store: Store, keys: Sequence[str]) -> list[int | None]:
        """Return the CRC-32 of objects of an upload, by their keys relative to it."""
        return await self._objects.checksums(store.bucket, [f"{store.key}/{key}" for key in keys])

    async def move(self, bucket: str, moves: Sequence[tuple[str, str]]) -> None:
        """Give objects other keys, durably."""
        await self._objects.move(bucket, moves)

    async def replace(self, staging: Store, store: Store, key: str, content: bytes) -> None:
        """Replace one object of a sealed array, durably and in one step; it is written beside the array first."""
        draft_key = f"{staging.key}/draft/{store.id}"
        async with self._objects.stage(staging.bucket, draft_key) as draft:
            await draft.write(content)
            await draft.publish()
        await self._objects.move(staging.bucket, [(draft_key, f"{store.place}/{key}")])

    async def read_header(self, store: Store) -> bytes:
        """Return ``zarr.json``; raises `UploadIncompleteError` and `ImageRefusedError`."""
        try:
            content = await self._objects.read(store.bucket, f"{store.place}/{HEADER}", max_bytes=MAX_HEADER_BYTES)
        except ObjectRefusedError as error:
            raise ImageRefusedError(
                f"{HEADER} is too large", f"Keep attributes small: {MAX_HEADER_BYTES} bytes are read at most"
            ) from error
        if content is None:
            raise UploadIncompleteError(store.id, (HEADER,), 1)
        return content


def _read_note(document: ArrayDocument) -> PixelDocument:
    """Return what our own client wrote beside the pixels; an empty document where another client wrote the array."""
    try:
        return PixelDocument.model_validate(document.attributes.get(ATTRIBUTE) or {})
    except ValidationError as error:
        raise ImageRefusedError(
            f"the attribute {ATTRIBUTE!r} of the array is not well formed",
            "It belongs to arkitekt_di: use another name for an attribute of your own",
        ) from error


def path_of(store: Store) -> str:
    """Return the array's place as one address."""
    return f"s3://{store.bucket}/{store.place}"
