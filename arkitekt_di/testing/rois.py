"""What every implementation of `RoiRecords` has to pass."""

import asyncio
from contextlib import aclosing

import pytest

from arkitekt_di.errors import HubRefusedError, ImageNotFoundError, RoiNotFoundError
from arkitekt_di.messages.changes import ChangeKind
from arkitekt_di.messages.rois import RoiDraft, RoiEdit, RoiKind
from arkitekt_di.protocols.mikro import ImageRecords, PixelStore
from arkitekt_di.protocols.rois import RoiRecords
from arkitekt_di.testing.image_watching import BOUND_S, stored_image

BOX = RoiDraft(
    kind=RoiKind.RECTANGLE,
    dims=("y", "x"),
    vectors=((0.0, 0.0), (2.0, 3.0)),
    label="Box",
    description="around it",
    tags=("good",),
    stroke_color=(255, 0, 0),
)
POINT = RoiDraft(kind=RoiKind.POINT, vectors=((1.0, 1.0),), label="spot")


@pytest.mark.anyio
class RoiRecordsContract:
    """Tests of `RoiRecords`; a subclass has fixtures `rois`, `records` and `pixels`, all empty."""

    async def test_regions_come_back_as_they_were_drawn(
        self, rois: RoiRecords, records: ImageRecords, pixels: PixelStore
    ) -> None:
        """In their order; dims that were not named are those of space."""
        image = await stored_image(records, pixels)

        box, point = await rois.create(image.id, [BOX, POINT])

        assert RoiDraft(**{name: getattr(box, name) for name in RoiDraft.model_fields}) == BOX
        assert (box.image_id, point.dims) == (image.id, ("y", "x"))
        assert await rois.get(box.id) == box
        assert await rois.find(image.id, limit=10, offset=0) == [box, point]
        assert await rois.find(image.id, limit=10, offset=1) == [point]
        assert await rois.find(image.id, kind=RoiKind.POINT, limit=10, offset=0) == [point]
        assert await rois.find(image.id, text="BOX", limit=10, offset=0) == [box]

    async def test_regions_are_found_whatever_image_they_are_of(
        self, rois: RoiRecords, records: ImageRecords, pixels: PixelStore
    ) -> None:
        """But for those of images in the trash."""
        first, second = await stored_image(records, pixels), await stored_image(records, pixels, "other")
        (box,) = await rois.create(first.id, [BOX])
        point, other = await rois.create(second.id, [POINT, BOX])

        assert await rois.find(None, limit=10, offset=0) == [box, point, other]
        assert await rois.find(None, text="bo", limit=1, offset=1) == [other]
        await records.delete(second.id)
        assert await rois.find(None, limit=10, offset=0) == [box]

    async def test_a_region_is_changed_and_removed(
        self, rois: RoiRecords, records: ImageRecords, pixels: PixelStore
    ) -> None:
        """What is left out stays."""
        image = await stored_image(records, pixels)
        (box,) = await rois.create(image.id, [BOX])

        edited = await rois.edit(box.id, RoiEdit(label="new", vectors=((0.0, 0.0), (1.0, 1.0))))

        changed = {"label": "new", "vectors": ((0.0, 0.0), (1.0, 1.0)), "updated_at": edited.updated_at}
        assert edited == box.model_copy(update=changed)
        await rois.delete(box.id)
        for missing in (rois.get(box.id), rois.delete(box.id), rois.edit(box.id, RoiEdit(label="x"))):
            with pytest.raises(RoiNotFoundError):
                await missing

    async def test_what_does_not_fit_the_image_is_refused(
        self, rois: RoiRecords, records: ImageRecords, pixels: PixelStore
    ) -> None:
        """And nothing is drawn."""
        image = await stored_image(records, pixels)
        deep = RoiDraft(kind=RoiKind.POINT, dims=("z", "y", "x"), vectors=((0.0, 0.0, 0.0),))

        with pytest.raises(HubRefusedError):
            await rois.create(image.id, [BOX, deep])
        with pytest.raises(ImageNotFoundError):
            await rois.create("4b1f0b5e-3a1c-4c55-9f5e-8f3c1f0a2b7d", [BOX])
        assert await rois.find(image.id, limit=10, offset=0) == []

    async def test_the_regions_of_one_image_are_watched(
        self, rois: RoiRecords, records: ImageRecords, pixels: PixelStore
    ) -> None:
        """Those of others are not told."""
        image, other = await stored_image(records, pixels), await stored_image(records, pixels, "other")
        async with asyncio.timeout(BOUND_S), aclosing(rois.watch(image.id)) as events:
            assert await anext(events) is None
            await rois.create(other.id, [BOX])
            (box,) = await rois.create(image.id, [BOX])
            await rois.delete(box.id)

            seen = [await anext(events) for _ in range(2)]

        assert seen == [(ChangeKind.CREATED, box.id, box), (ChangeKind.DELETED, box.id, None)]
