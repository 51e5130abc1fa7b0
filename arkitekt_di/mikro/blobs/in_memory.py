"""Uploads of large objects that live as long as the process."""

import hashlib
import json
import uuid
from dataclasses import dataclass

from pydantic import SecretStr

from arkitekt_di.errors import HubRefusedError, StoreNotFoundError, UploadIncompleteError
from arkitekt_di.messages.blobs import DATA, LIST, PARTS, BlobUpload, PartList, UploadState
from arkitekt_di.messages.images import StoreGrant, UploadGrant
from arkitekt_di.mikro.in_memory_pixels import InMemoryPixelStore

_BUCKET = "memory"
_GRANT_S = 3600
_MAX_BYTES = 2**40


@dataclass(eq=False)
class InMemoryBlob:
    """One object, and how far its upload is; ``record_id`` names what was made of it."""

    id: str
    key: str | None = None
    content_type: str | None = None
    state: UploadState = UploadState.OPEN
    access_key: str = ""
    size: int | None = None
    sha256: str | None = None
    record_id: str | None = None


class InMemoryBlobUploads:
    """Uploads in a dictionary, over objects in memory.

    Parameters
    ----------
    store : InMemoryPixelStore
        Where the grants are good.
    """

    def __init__(self, store: InMemoryPixelStore) -> None:
        self._store = store
        self._blobs: dict[str, InMemoryBlob] = {}

    def is_shown(self, record_id: str) -> bool:
        """Tell whether what was made of an upload may be seen."""
        raise NotImplementedError

    async def request_upload(self, *, name: str | None, content_type: str | None, key: str | None) -> BlobUpload:
        """Open a place for one object, or go on with the upload of the same *key*."""
        same = (blob for blob in self._blobs.values() if key is not None and blob.key == key)
        blob = next(same, None) or InMemoryBlob(str(uuid.uuid4()), key, content_type)
        self._blobs[blob.id] = blob
        made = blob.record_id if blob.record_id is not None and self.is_shown(blob.record_id) else None
        return BlobUpload(grant=self._grant_upload(blob), name=DATA, state=blob.state, record_id=made)

    async def renew_upload(self, store_id: str) -> UploadGrant:
        """Return a new grant for an upload that is not finished."""
        blob = self._find(store_id)
        if blob.state is not UploadState.OPEN:
            raise HubRefusedError("RenewUpload", ["the upload is finished"])
        return self._grant_upload(blob)

    async def finish_upload(self, store_id: str, *, sha256: str) -> None:
        """Put parts together, compare, and close the upload for writing."""
        blob = self._find(store_id)
        if blob.state is not UploadState.OPEN:
            return
        objects = self._store.under(blob.id)
        if LIST in objects:
            parts = PartList.model_validate(json.loads(objects[LIST]))
            missing = [part.name for part in parts.parts if f"{PARTS}/{part.name}" not in objects]
            if missing:
                raise UploadIncompleteError(store_id, missing, len(missing))
            objects[DATA] = b"".join(objects[f"{PARTS}/{part.name}"] for part in parts.parts)
        if DATA not in objects:
            raise UploadIncompleteError(store_id, [DATA], 1)
        if hashlib.sha256(objects[DATA]).hexdigest() != sha256:
            raise HubRefusedError("FinishUpload", ["the bytes that came are not those that were sent"])
        self._store.drop(blob.id)
        self._store.objects[f"{blob.id}/{DATA}"] = objects[DATA]
        self._store.revoke(blob.access_key)
        blob.state, blob.size, blob.sha256 = UploadState.FINISHED, len(objects[DATA]), sha256

    async def discard_upload(self, store_id: str) -> None:
        """Give an upload up and remove what was written."""
        blob = self._find(store_id)
        if blob.state is UploadState.ATTACHED:
            raise HubRefusedError("DiscardUpload", ["it belongs to a record already"])
        self._store.revoke(blob.access_key)
        self._store.drop(blob.id)
        del self._blobs[blob.id]

    async def request_access(self, store_id: str) -> StoreGrant:
        """Return a grant to read one object."""
        blob = self._find(store_id)
        if blob.record_id is None or not self.is_shown(blob.record_id):
            raise StoreNotFoundError(store_id)
        grant = _granted(store_id)
        self._store.allow(grant)
        return grant

    def attach(self, store_id: str, record_id: str) -> InMemoryBlob:
        """Take a finished upload for a record."""
        blob = self._find(store_id)
        if blob.state is not UploadState.FINISHED:
            raise HubRefusedError("Create", ["the upload is not finished, or belongs to a record already"])
        blob.state, blob.record_id = UploadState.ATTACHED, record_id
        return blob

    def _find(self, store_id: str) -> InMemoryBlob:
        if store_id not in self._blobs:
            raise StoreNotFoundError(store_id)
        return self._blobs[store_id]

    def _grant_upload(self, blob: InMemoryBlob) -> UploadGrant:
        grant = UploadGrant(store=blob.id, max_bytes=_MAX_BYTES, **_granted(blob.id).model_dump())
        if blob.state is UploadState.OPEN:
            self._store.allow(grant)
            blob.access_key = grant.access_key
        return grant


def _granted(store_id: str) -> StoreGrant:
    return StoreGrant(
        access_key=uuid.uuid4().hex,
        secret_key=SecretStr(uuid.uuid4().hex),
        session_token=SecretStr(uuid.uuid4().hex),
        bucket=_BUCKET,
        key=store_id,
        path=f"memory://{_BUCKET}/{store_id}",
        expires_in=_GRANT_S,
    )
