"""Regions of interest that live as long as the process: for tests, and to try things out without a hub."""

import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from datetime import UTC, datetime

from arkitekt_di.errors import HubRefusedError, ImageNotFoundError, RoiNotFoundError
from arkitekt_di.messages.changes import ChangeKind
from arkitekt_di.messages.images import AxisType, ImageRecord
from arkitekt_di.messages.rois import RoiDraft, RoiEdit, RoiKind, RoiRecord
from arkitekt_di.mikro.fitting import folded
from arkitekt_di.mikro.news import News
from arkitekt_di.protocols.rois import RoiEvent


class InMemoryRoiRecords:
    """Regions in a dictionary.

    Parameters
    ----------
    read_image : callable
        Returns the record of an image.
    """

    def __init__(self, read_image: Callable[[str], Awaitable[ImageRecord]]) -> None:
        self._read_image = read_image
        self._rois: dict[str, RoiRecord] = {}
        self._news: News[RoiRecord] = News()

    async def create(self, image_id: str, drafts: Sequence[RoiDraft]) -> list[RoiRecord]:
        """Draw regions on an image."""
        image = await self._read_image(image_id)
        placed = [_placed(draft, image) for draft in drafts]
        now = datetime.now(UTC).isoformat()
        made = [
            RoiRecord(
                **dict(draft),
                id=str(uuid.uuid4()),
                image_id=image_id,
                creator_id="nobody",
                creator_name="nobody",
                created_at=now,
                updated_at=now,
            )
            for draft in placed
        ]
        for roi in made:
            self._keep(ChangeKind.CREATED, roi)
        return made

    def _keep(self, kind: ChangeKind, roi: RoiRecord) -> None:
        self._rois[roi.id] = roi
        self._news.tell(kind, roi.id, roi)

    async def get(self, roi_id: str) -> RoiRecord:
        """Return one region."""
        if (roi := self._rois.get(roi_id)) is None:
            raise RoiNotFoundError(roi_id)
        return roi

    async def find(
        self, image_id: str | None, *, kind: RoiKind | None = None, text: str | None = None, limit: int, offset: int
    ) -> list[RoiRecord]:
        """Return one page of the regions of an image, or of all images."""
        there = {roi.image_id for roi in self._rois.values() if image_id in {None, roi.image_id}}
        shown = [one for one in there if await self._is_there(one)]
        found = [
            roi
            for roi in self._rois.values()
            if roi.image_id in shown and kind in {None, roi.kind} and folded(text or "") in folded(roi.label)
        ]
        return found[offset : offset + limit]

    async def _is_there(self, image_id: str) -> bool:
        try:
            await self._read_image(image_id)
        except ImageNotFoundError:
            return False  # in the trash
        return True

    async def edit(self, roi_id: str, edit: RoiEdit) -> RoiRecord:
        """Change a region."""
        roi = await self.get(roi_id)
        changed = roi.model_copy(
            update=edit.model_dump(exclude_none=True) | {"updated_at": datetime.now(UTC).isoformat()}
        )
        _placed(RoiDraft.model_validate(changed.model_dump()), await self._read_image(roi.image_id))
        self._keep(ChangeKind.UPDATED, changed)
        return changed

    async def delete(self, roi_id: str) -> None:
        """Remove a region."""
        roi = await self.get(roi_id)
        del self._rois[roi_id]
        self._news.tell(ChangeKind.DELETED, roi_id, roi)

    async def watch(self, image_id: str) -> AsyncGenerator[RoiEvent | None, None]:
        """Yield what happens to the regions of an image."""
        async with aclosing(self._news.watch()) as events:
            async for kind, roi_id, roi in events:
                if kind is None:
                    yield None
                elif roi is not None and roi.image_id == image_id:
                    yield kind, roi_id, None if kind is ChangeKind.DELETED else roi


def _placed(draft: RoiDraft, image: ImageRecord) -> RoiDraft:
    width = len(draft.vectors[0]) if draft.vectors else 0
    dims = draft.dims or tuple(axis.name for axis in image.axes if axis.type is AxisType.SPACE)[-width:]
    known = {axis.name for axis in image.axes} | {"label"}
    if not {*dims, *draft.coordinates} <= known:
        raise HubRefusedError("DrawRois", ["the region lies on axes that the image does not have"])
    return draft.model_copy(update={"dims": dims})
