"""The pixels behind the records: grants for them, a check of what was written, and their removal."""

from pydantic import ValidationError

from arkitekt_di.errors import ImageRefusedError, ObjectRefusedError, UploadIncompleteError
from arkitekt_di.messages.images import StoreGrant, UploadGrant
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
        self._ttl_s = settings.grant_s
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

    def read_grant(self, store: Store) -> StoreGrant:
        """Return a grant to read the array of *store*."""
        credentials = self._grants.issue(
            bucket=store.bucket, key=store.key, access=Access.READ, ttl_s=self._ttl_s, max_bytes=0
        )
        return StoreGrant(
            access_key=credentials.access_key,
            secret_key=credentials.secret_key,
            session_token=credentials.session_token,
            expires_in=credentials.expires_in,
            bucket=store.bucket,
            key=store.key,
            path=path_of(store),
        )

    async def verify(self, store: Store) -> tuple[ArrayHeader, int]:
        """Check that a whole array is there; return its header and its size in bytes.

        Raises
        ------
        UploadIncompleteError
            Objects are missing, or shorter or longer than the array's own manifest says.
        ImageRefusedError
            What is there is not an array that we take.
        """
        document = ArrayDocument.from_json(await self._read_header(store))
        note = _read_note(document)
        total, sizes = 0, dict[str, int]()
        async for entry in self._objects.entries(store.bucket, store.key):
            total += entry.size
            if (name := entry.key.removeprefix(f"{store.key}/")) in note.manifest:
                sizes[name] = entry.size
        if faults := note.faults(sizes):
            raise UploadIncompleteError(store.id, faults[:MAX_NAMED_FAULTS], len(faults))
        if total > store.max_bytes:
            raise ImageRefusedError(
                f"the upload has {total} bytes, but {store.max_bytes} were granted", "Store the array in parts"
            )
        return document.header(shown_units(note.units())), total

    async def seal(self, store: Store) -> None:
        """Let no grant write to the array any more."""
        await self._objects.seal(store.bucket, store.key)

    async def remove(self, store: Store) -> None:
        """Remove every object of the array; does nothing where there is none."""
        await self._objects.delete_prefix(store.bucket, store.key)

    async def _read_header(self, store: Store) -> bytes:
        try:
            content = await self._objects.read(store.bucket, f"{store.key}/{HEADER}", max_bytes=MAX_HEADER_BYTES)
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
    return f"s3://{store.bucket}/{store.key}"
