"""The two halves of the image service: records and pixels."""

from typing import Protocol

from arkitekt_di.messages.images import ImageDraft, ImageHit, ImageRecord, StoreGrant, UploadGrant, ZarrStore


class ImageRecords(Protocol):
    """Where the hub keeps what it knows about images.

    Every method may raise `ConnectionLostError`, `LoginRequiredError` and `HubRefusedError`.
    """

    async def request_upload(self) -> UploadGrant:
        """Open a fresh, empty place for one array."""
        ...

    async def finish_upload(self, store_id: str) -> ZarrStore:
        """Tell that every byte of the array is in; the hub checks it."""
        ...

    async def discard_upload(self, store_id: str) -> None:
        """Give an upload up; the hub removes what was written."""
        ...

    async def create(self, draft: ImageDraft) -> ImageRecord:
        """Create the record of a finished upload; from now on the image is visible."""
        ...

    async def get(self, image_id: str) -> ImageRecord:
        """Return one record; raises `ImageNotFoundError`."""
        ...

    async def search(self, text: str | None, *, limit: int, offset: int) -> list[ImageHit]:
        """Find images whose name contains *text*, newest first; all where it is None."""
        ...

    async def rename(self, image_id: str, name: str) -> ImageRecord:
        """Change the name; raises `ImageNotFoundError`."""
        ...

    async def delete(self, image_id: str) -> None:
        """Remove the image and its pixels; raises `ImageNotFoundError`."""
        ...

    async def request_access(self, store_id: str) -> StoreGrant:
        """Return a grant to read the pixels of one store."""
        ...
