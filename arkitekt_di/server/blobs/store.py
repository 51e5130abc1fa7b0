"""The bytes behind blobs: grants for them, their assembly from parts, and their removal.

An object lies at ``<id>/data`` in the bucket of its kind.  A client that sends it in parts puts each at ``<id>/parts/``
and, last, a list of their names at ``<id>/parts.json``; the hub joins them when the upload is finished.
"""

import hashlib
import json
from collections.abc import Sequence
from typing import Protocol

from arkitekt_di.errors import ObjectRefusedError, RecordRefusedError, UploadIncompleteError
from arkitekt_di.messages.blobs import DATA, LIST, MAX_LIST_BYTES, PARTS, PartList
from arkitekt_di.messages.images import StoreGrant, UploadGrant
from arkitekt_di.server.blobs.tables import Blob
from arkitekt_di.server.objects.grants import Access, ObjectGrants
from arkitekt_di.server.objects.promise import Draft, Objects
from arkitekt_di.settings.models import ObjectSettings

PIECE_BYTES = 2**20
"""What is read at once while parts are joined."""

MAX_NAMED_FAULTS = 20
"""How many missing parts an error names; the rest is counted."""


class Hash(Protocol):
    """A `hashlib` object."""

    def update(self, data: bytes, /) -> None:
        """Take the next bytes."""
        ...

    def hexdigest(self) -> str:
        """Return what they come to."""
        ...


class BlobStore:
    """Blobs in the object store.

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

    def write_grant(self, blob: Blob) -> UploadGrant:
        """Return a grant to write the bytes of *blob*, in one piece or in parts."""
        credentials = self._grants.issue(
            bucket=blob.kind, key=blob.id, access=Access.WRITE, ttl_s=self._ttl_s, max_bytes=blob.max_bytes
        )
        return UploadGrant(
            access_key=credentials.access_key,
            secret_key=credentials.secret_key,
            session_token=credentials.session_token,
            expires_in=credentials.expires_in,
            bucket=blob.kind,
            key=key_of(blob),
            path=path_of(blob),
            store=blob.id,
            max_bytes=blob.max_bytes,
        )

    def read_grant(self, blob: Blob) -> StoreGrant:
        """Return a grant to read the bytes of *blob*."""
        credentials = self._grants.issue(
            bucket=blob.kind, key=blob.id, access=Access.READ, ttl_s=self._ttl_s, max_bytes=0
        )
        return StoreGrant(
            access_key=credentials.access_key,
            secret_key=credentials.secret_key,
            session_token=credentials.session_token,
            expires_in=credentials.expires_in,
            bucket=blob.kind,
            key=key_of(blob),
            path=path_of(blob),
        )

    async def complete(self, blob: Blob, *, sha256: str | None) -> tuple[int, str | None]:
        """Make one object of what was written, check it, and let no grant write there any more.

        Returns its size in bytes, and its SHA-256 where the client said one, which it then has.

        Raises
        ------
        UploadIncompleteError
            Something is missing, shorter or longer than it should be.
        RecordRefusedError
            It is not what the client says that it sent, or is larger than was granted.
        """
        parts = await self._read_list(blob)
        if parts is not None:
            size = await self._assemble(blob, parts, sha256)
        else:
            size = await self._check_whole(blob, sha256)
        if size > blob.max_bytes:
            raise RecordRefusedError(f"the upload has {size} bytes, but {blob.max_bytes} were granted", "Send less")
        await self._objects.seal(blob.kind, blob.id)
        await self._objects.delete_prefix(blob.kind, f"{blob.id}/{PARTS}")
        return size, sha256

    async def read(self, blob: Blob, start: int, stop: int) -> bytes:
        """Return some bytes of a finished blob; fewer where it ends before."""
        async with self._objects.open(blob.kind, key_of(blob)) as found:
            if found is None:
                raise UploadIncompleteError(blob.id, (DATA,), 1)
            return await found.read(start, min(stop, found.entry.size))

    async def remove(self, blob: Blob) -> None:
        """Remove every byte of the blob; does nothing where there is none."""
        await self._objects.delete_prefix(blob.kind, blob.id)

    async def _read_list(self, blob: Blob) -> PartList | None:
        try:
            content = await self._objects.read(blob.kind, f"{blob.id}/{LIST}", max_bytes=MAX_LIST_BYTES)
            return None if content is None else PartList.model_validate(json.loads(content))
        except (ObjectRefusedError, ValueError) as error:
            raise RecordRefusedError(f"{LIST} is not a list of parts", "Send the upload anew") from error

    async def _assemble(self, blob: Blob, parts: PartList, sha256: str | None) -> int:
        sizes = {entry.key: entry.size async for entry in self._objects.entries(blob.kind, f"{blob.id}/{PARTS}")}
        keys = [f"{blob.id}/{PARTS}/{part.name}" for part in parts.parts]
        faults = [part.name for key, part in zip(keys, parts.parts, strict=True) if sizes.get(key) != part.size]
        if faults:
            raise UploadIncompleteError(blob.id, faults[:MAX_NAMED_FAULTS], len(faults))
        if sum(part.size for part in parts.parts) > blob.max_bytes:
            raise RecordRefusedError(f"the upload has more than the {blob.max_bytes} bytes granted", "Send less")
        digest = hashlib.sha256()
        async with self._objects.stage(blob.kind, key_of(blob), digests=(digest,)) as draft:
            await self._join(blob, keys, draft)
            entry = await draft.publish(check=lambda: _compare(digest, sha256))
        return entry.size

    async def _join(self, blob: Blob, keys: Sequence[str], draft: Draft) -> None:
        for key in keys:
            async with self._objects.open(blob.kind, key) as part:
                if part is None:
                    raise UploadIncompleteError(blob.id, (key,), 1)
                for start in range(0, part.entry.size, PIECE_BYTES):
                    await draft.write(await part.read(start, min(start + PIECE_BYTES, part.entry.size)))

    async def _check_whole(self, blob: Blob, sha256: str | None) -> int:
        async with self._objects.open(blob.kind, key_of(blob)) as found:
            if found is None:
                raise UploadIncompleteError(blob.id, (DATA,), 1)
            if sha256 is not None:
                digest = hashlib.sha256()
                for start in range(0, found.entry.size, PIECE_BYTES):
                    digest.update(await found.read(start, min(start + PIECE_BYTES, found.entry.size)))
                _compare(digest, sha256)
            return found.entry.size


def key_of(blob: Blob) -> str:
    """Return where the one object is, in the bucket of its kind."""
    return f"{blob.id}/{DATA}"


def path_of(blob: Blob) -> str:
    """Return the object's place as one address."""
    return f"s3://{blob.kind}/{key_of(blob)}"


def _compare(digest: Hash, sha256: str | None) -> None:
    if sha256 is not None and digest.hexdigest() != sha256:
        raise RecordRefusedError("the bytes that came are not those that were sent", "Send the upload anew")
