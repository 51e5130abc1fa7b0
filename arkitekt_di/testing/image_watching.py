"""What every implementation of image records has to pass where it is watched."""

import asyncio
from contextlib import aclosing

import pytest

from arkitekt_di.messages.changes import ChangeKind
from arkitekt_di.messages.images import ImageRecord
from arkitekt_di.protocols.mikro import ImageRecords, PixelStore
from arkitekt_di.testing.mikro import ImageRecordsContract

BOUND_S = 20.0


async def stored_image(records: ImageRecords, pixels: PixelStore, name: str = "embryo") -> ImageRecord:
    """Store a small image."""
    return await ImageRecordsContract().make_image(records, pixels, name)


@pytest.mark.anyio
class ImageWatchContract:
    """Tests of watching; a subclass has fixtures `records` and `pixels`, both empty, that belong together."""

    async def test_a_watcher_is_told_of_everything_in_order(self, records: ImageRecords, pixels: PixelStore) -> None:
        """Beginning with the first change after it was taken note of."""
        async with asyncio.timeout(BOUND_S), aclosing(records.watch()) as events:
            assert await anext(events) is None
            image = await stored_image(records, pixels)
            renamed = await records.rename(image.id, "larva")
            await records.delete(image.id)

            seen = [await anext(events) for _ in range(3)]

        assert [event and (event.kind, event.image_id, event.record) for event in seen] == [
            (ChangeKind.CREATED, image.id, image),
            (ChangeKind.UPDATED, image.id, renamed),
            (ChangeKind.DELETED, image.id, None),
        ]

    async def test_one_image_is_watched_without_the_others(self, records: ImageRecords, pixels: PixelStore) -> None:
        """What happens to others is not told."""
        image = await stored_image(records, pixels)
        async with asyncio.timeout(BOUND_S), aclosing(records.watch(image_id=image.id)) as events:
            assert await anext(events) is None
            await stored_image(records, pixels, "another")
            await records.rename(image.id, "larva")

            event = await anext(events)

        assert event is not None
        assert (event.kind, event.image_id) == (ChangeKind.UPDATED, image.id)

    async def test_what_happened_before_is_not_told(self, records: ImageRecords, pixels: PixelStore) -> None:
        """Only what happens from now on."""
        await stored_image(records, pixels, "before")
        async with asyncio.timeout(BOUND_S), aclosing(records.watch()) as events:
            await anext(events)
            after = await stored_image(records, pixels, "after")

            event = await anext(events)

        assert event is not None
        assert event.record == after
