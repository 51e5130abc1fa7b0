"""What is asked of the hub to move large objects."""

from typing import Protocol

from arkitekt_di.messages.blobs import BlobUpload
from arkitekt_di.messages.images import StoreGrant, UploadGrant


class Access(Protocol):
    """Gives grants to read."""

    async def request_access(self, store_id: str) -> StoreGrant:
        """Return a grant to read what is in one store."""
        ...


class Renewal(Protocol):
    """Renews grants to write."""

    async def renew_upload(self, store_id: str) -> UploadGrant:
        """Return a new grant for an upload that is not finished; what was written stays."""
        ...


class BlobUploads(Access, Renewal, Protocol):
    """Opens and ends the uploads of single large objects, which records are made of afterwards.

    Every method may raise `ConnectionLostError`, `LoginRequiredError` and `HubRefusedError`; those that name a store
    raise `StoreNotFoundError` where it is not there for this user.
    """

    async def request_upload(self, *, name: str | None, content_type: str | None, key: str | None) -> BlobUpload:
        """Open a fresh, empty place for one object, or go on with the upload that this user began with the same *key*.

        What was made of that one already is named instead.
        """
        ...

    async def finish_upload(self, store_id: str, *, sha256: str) -> None:
        """Tell that every byte is in; the hub puts parts together, and compares.

        Raises
        ------
        UploadPendingError
            That takes a while: ask again.
        """
        ...

    async def discard_upload(self, store_id: str) -> None:
        """Give an upload up; the hub removes what was written."""
        ...
