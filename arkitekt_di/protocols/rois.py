"""Where regions of interest are kept."""

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

from arkitekt_di.messages.changes import ChangeKind
from arkitekt_di.messages.rois import RoiDraft, RoiEdit, RoiKind, RoiRecord

RoiEvent = tuple[ChangeKind, str, RoiRecord | None]
"""What happened, to which region, and its new state."""


class RoiRecords(Protocol):
    """Where the hub keeps regions of interest.

    Every method may raise `ConnectionLostError`, `LoginRequiredError` and `HubRefusedError`.
    """

    async def create(self, image_id: str, drafts: Sequence[RoiDraft]) -> list[RoiRecord]:
        """Draw regions on an image; raises `ImageNotFoundError`."""
        ...

    async def get(self, roi_id: str) -> RoiRecord:
        """Return one region; raises `RoiNotFoundError`."""
        ...

    async def find(
        self, image_id: str | None, *, kind: RoiKind | None = None, text: str | None = None, limit: int, offset: int
    ) -> list[RoiRecord]:
        """Return one page of the regions of an image, or of all images, in the order in which they were drawn."""
        ...

    async def edit(self, roi_id: str, edit: RoiEdit) -> RoiRecord:
        """Change a region; raises `RoiNotFoundError`."""
        ...

    async def delete(self, roi_id: str) -> None:
        """Remove a region; raises `RoiNotFoundError`."""
        ...

    def watch(self, image_id: str) -> AsyncGenerator[RoiEvent | None, None]:
        """Yield what happens to the regions of an image; None once the hub has taken note."""
        ...
