"""The two halves of the image service: records and pixels."""

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

from arkitekt_di.messages.descriptions import ImageEdit, ImageQuery
from arkitekt_di.messages.images import (
    FrameBatch,
    ImageDraft,
    ImageEvent,
    ImageRecord,
    OpenAppend,
    OpenUploads,
    StoreGrant,
    UploadGrant,
    UploadKey,
    ZarrStore,
)
from arkitekt_di.messages.relations import Relation


class ImageRecords(Protocol):
    """Where the hub keeps what it knows about images.

    Every method may raise `ConnectionLostError`, `LoginRequiredError` and `HubRefusedError`.
    """

    async def request_upload(self) -> UploadGrant:
        """Open a fresh, empty place for one array."""
        ...

    async def begin_uploads(self, count: int, *, key: UploadKey | None = None) -> OpenUploads:
        """Open places for the *count* arrays of one image, or those that were opened under *key* and not finished."""
        ...

    async def renew_upload(self, store_id: str) -> UploadGrant:
        """Return a new grant for an upload that is not finished; what was written stays."""
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

    async def publish(self, draft: ImageDraft) -> ImageRecord:
        """Finish the uploads of every level and create the record: `finish_upload` and `create` in one."""
        ...

    async def open_append(self, image_id: str) -> OpenAppend:
        """Become the writer of an image that grows; who was it before is told so with the next frames."""
        ...

    async def append(self, image_id: str, batch: FrameBatch) -> ImageRecord:
        """Make frames part of an image, durably and for every reader at once.

        Raises
        ------
        AppendConflictError
            Another writer was opened, or the image does not end where the frames begin.
        """
        ...

    async def close_append(self, image_id: str, store_id: str) -> ImageRecord:
        """End the growth of an image; raises `AppendConflictError` where another writer was opened."""
        ...

    async def get(self, image_id: str) -> ImageRecord:
        """Return one record; raises `ImageNotFoundError`."""
        ...

    async def search(self, text: str | None, *, limit: int, offset: int) -> list[ImageRecord]:
        """Find images by a text in their names, descriptions and tags, newest first; all where it is None."""
        ...

    async def find(self, query: ImageQuery, *, limit: int, offset: int) -> list[ImageRecord]:
        """Find images, oldest first, so that pages stay as they are while images are added."""
        ...

    async def edit(self, image_id: str, edit: ImageEdit) -> ImageRecord:
        """Change what is said about an image; raises `ImageNotFoundError`."""
        ...

    async def move(self, image_id: str, folder_id: str | None) -> ImageRecord:
        """Put an image into a folder, or into none; raises `ImageNotFoundError` and `FolderNotFoundError`."""
        ...

    async def sources(self, image_id: str) -> list[ImageRecord]:
        """Return the images that one was made from; raises `ImageNotFoundError`."""
        ...

    async def derived(self, image_id: str) -> list[ImageRecord]:
        """Return the images that were made from one, oldest first; raises `ImageNotFoundError`."""
        ...

    async def relations(self, image_id: str) -> list[Relation]:
        """Return what an image was made from, and which image it labels; raises `ImageNotFoundError`."""
        ...

    async def restore(self, image_id: str) -> ImageRecord:
        """Take an image out of the trash; raises `ImageNotFoundError` where it is not there, or not any more."""
        ...

    async def rename(self, image_id: str, name: str) -> ImageRecord:
        """Change the name; raises `ImageNotFoundError`."""
        ...

    async def delete(self, image_id: str) -> None:
        """Put the image into the trash, from which it can be restored for a while; raises `ImageNotFoundError`."""
        ...

    async def request_link(self, image_id: str, expires_in: int | None) -> str:
        """Return an address under which any OME-Zarr reader opens the image, for so many seconds.

        Raises `ImageNotFoundError`, and `HubRefusedError` where the image is not served in this way.
        """
        ...

    def watch(
        self, *, folder_id: str | None = None, image_id: str | None = None
    ) -> AsyncGenerator[ImageEvent | None, None]:
        """Yield what happens to all images, to those of one folder or to one; None once the hub has taken note.

        It outlives its connection, and catches up with what it missed.
        """
        ...

    async def request_access(self, store_id: str) -> StoreGrant:
        """Return a grant to read the pixels of one store."""
        ...


class PixelSink(Protocol):
    """Takes the objects of one upload, on the app's loop."""

    async def put(self, key: str, body: bytes | bytearray | memoryview) -> None:
        """Store one whole object; *key* is relative to the grant, and *body* is not looked at after the return.

        Raises
        ------
        TransferError
            The object did not arrive; it is not there in part.
        StorageFullError
            There is no space for it.
        """
        ...


class PixelSource(Protocol):
    """Gives the objects of one array; blocks, and may be used from any thread, with or without a loop.

    Every method raises `FileNotFoundError` where there is no such object, `TransferError` where it did not arrive and
    `PermissionDeniedError` where the grant has run out.
    """

    @property
    def address(self) -> str:
        """Where the array is, for messages; holds no secret."""
        ...

    def read(self, key: str) -> bytes:
        """Return one whole object."""
        ...

    def read_ranges(self, key: str, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        """Return parts of one object, each from start to stop in bytes, in the order asked for."""
        ...

    def size(self, key: str) -> int:
        """Return the size of one object, in bytes."""
        ...


class PixelStore(Protocol):
    """Where pixels are: opens the places that grants cover."""

    async def open_sink(self, grant: UploadGrant) -> PixelSink:
        """Return the place of an upload."""
        ...

    async def open_source(self, grant: StoreGrant) -> PixelSource:
        """Return the place of a stored array."""
        ...
