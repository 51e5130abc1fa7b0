"""What every implementation of image records has to pass where images are found and described."""

from datetime import UTC, datetime, timedelta

import pytest

from arkitekt_di.errors import ArkitektError, ImageNotFoundError
from arkitekt_di.messages.changes import RecordKind
from arkitekt_di.messages.comments import Subject
from arkitekt_di.messages.descriptions import Acquisition, Channel, ImageEdit, ImageQuery, SizeRange
from arkitekt_di.messages.relations import Relation, RelationKind
from arkitekt_di.protocols.mikro import ImageRecords, PixelStore
from arkitekt_di.testing.image_watching import stored_image
from arkitekt_di.testing.mikro import ImageRecordsContract

LABEL_OF, DERIVED_FROM = RelationKind.LABEL_OF, RelationKind.DERIVED_FROM


@pytest.mark.anyio
class ImageFindingContract:
    """Tests of finding, editing and restoring; a subclass has fixtures `records` and `pixels`, both empty."""

    async def found(self, records: ImageRecords, query: ImageQuery) -> list[str]:
        """Return the names of what fits."""
        return [record.name for record in await records.find(query, limit=100, offset=0)]

    async def test_what_is_said_about_an_image_comes_back(self, records: ImageRecords, pixels: PixelStore) -> None:
        """Description, tags, acquisition and channels."""
        image = await stored_image(records, pixels)
        start = datetime(2026, 11, 22, 10, tzinfo=UTC)
        acquisition = Acquisition(
            start=start, end=start + timedelta(minutes=5), objective="60x", attributes={"laser": {"nm": 488}}
        )
        channels = (Channel(name="DAPI", color="#0000ff", contrast=(0, 4000), emission_nm=461),)
        edit = ImageEdit(description="seventh", tags=("b", "a"), acquisition=acquisition, channels=channels)

        edited = await records.edit(image.id, edit)

        assert (edited.description, edited.tags) == ("seventh", ("a", "b"))
        assert (edited.acquisition, edited.channels) == (acquisition, channels)
        assert await records.get(image.id) == edited
        assert edited.name == image.name

    async def test_tags_are_added_and_taken_away(self, records: ImageRecords, pixels: PixelStore) -> None:
        """Whatever the others are; case does not count."""
        image = await stored_image(records, pixels)
        await records.edit(image.id, ImageEdit(tags=("one", "two")))

        edited = await records.edit(image.id, ImageEdit(added_tags=("three", "ONE"), removed_tags=("TWO", "none")))

        assert edited.tags == ("ONE", "three")

    async def test_images_are_found_by_what_fits(self, records: ImageRecords, pixels: PixelStore) -> None:
        """Each criterion narrows; all of them have to fit."""
        first, second = await stored_image(records, pixels, "first"), await stored_image(records, pixels, "second")
        start = datetime(2020, 1, 1, tzinfo=UTC)
        await records.edit(
            first.id, ImageEdit(tags=("fixed",), description="of DAPI", acquisition=Acquisition(start=start))
        )

        assert await self.found(records, ImageQuery()) == ["first", "second"]
        assert await self.found(records, ImageQuery(text="dapi")) == ["first"]
        assert await self.found(records, ImageQuery(text="FIX")) == ["first"]
        assert await self.found(records, ImageQuery(tags=("FIXED",))) == ["first"]
        assert await self.found(records, ImageQuery(ids=(second.id,))) == ["second"]
        assert await self.found(records, ImageQuery(dims=("x", "y"), dtype="uint8")) == ["first", "second"]
        assert await self.found(records, ImageQuery(dims=("z",))) == []
        assert await self.found(records, ImageQuery(dtype="float32")) == []
        assert await self.found(records, ImageQuery(sizes=(SizeRange(axis="y", min=4, max=4),))) == ["first", "second"]
        assert await self.found(records, ImageQuery(sizes=(SizeRange(axis="y", min=5),))) == []
        assert await self.found(records, ImageQuery(acquired_after=start)) == ["first"]
        assert await self.found(records, ImageQuery(acquired_before=start)) == []
        assert await self.found(records, ImageQuery(created_before=start)) == []
        assert first.creator is not None
        assert await self.found(records, ImageQuery(creator=first.creator.id)) == ["first", "second"]
        assert await self.found(records, ImageQuery(creator="somebody else")) == []

    async def test_pages_do_not_move_while_images_are_added(self, records: ImageRecords, pixels: PixelStore) -> None:
        """The oldest comes first."""
        for name in "ab":
            await stored_image(records, pixels, name)
        first = await records.find(ImageQuery(), limit=1, offset=0)
        await stored_image(records, pixels, "c")

        rest = await records.find(ImageQuery(), limit=10, offset=1)

        assert [record.name for record in (*first, *rest)] == ["a", "b", "c"]

    async def test_a_deleted_image_is_restored_as_it_was(self, records: ImageRecords, pixels: PixelStore) -> None:
        """Pixels included."""
        image = await stored_image(records, pixels)
        await records.delete(image.id)
        assert await self.found(records, ImageQuery()) == []
        assert await self.found(records, ImageQuery(is_trashed=True)) == ["embryo"]

        restored = await records.restore(image.id)

        assert restored == image
        assert await records.get(image.id) == image
        assert (await records.request_access(image.store.id)).key == image.store.key
        assert await self.found(records, ImageQuery(is_trashed=True)) == []
        with pytest.raises(ImageNotFoundError):
            await records.restore(image.id)

    async def test_a_label_image_and_what_it_labels_find_each_other(
        self, records: ImageRecords, pixels: PixelStore
    ) -> None:
        """It is derived from it, too; one that is only derived labels nothing."""
        raw = await stored_image(records, pixels, "raw")
        subject = Subject(kind=RecordKind.IMAGE, id=raw.id)
        label_of, derived_from = (Relation(kind=kind, subject=subject) for kind in (LABEL_OF, DERIVED_FROM))
        make = ImageRecordsContract().make_image
        cells = await make(records, pixels, "cells", relations=(label_of,))
        smooth = await make(records, pixels, "smooth", relations=(derived_from, derived_from))

        assert await records.relations(raw.id) == []
        assert {one.kind for one in await records.relations(cells.id)} == {LABEL_OF, DERIVED_FROM}
        assert await records.relations(smooth.id) == [derived_from]
        assert await self.found(records, ImageQuery(label_of=raw.id)) == ["cells"]
        assert await self.found(records, ImageQuery(derived_from=raw.id)) == ["cells", "smooth"]
        assert [one.name for one in await records.derived(raw.id)] == ["cells", "smooth"]
        assert [one.name for one in await records.sources(cells.id)] == ["raw"]
        await records.delete(raw.id)
        assert await records.relations(cells.id) == []

    async def test_what_an_image_comes_from_can_be_said_later_and_taken_back(
        self, records: ImageRecords, pixels: PixelStore
    ) -> None:
        """What labels an image is derived from it, and what is not derived from it does not label it."""
        raw, mask = await stored_image(records, pixels, "raw"), await stored_image(records, pixels, "mask")
        subject = Subject(kind=RecordKind.IMAGE, id=raw.id)
        label_of, derived_from = (Relation(kind=kind, subject=subject) for kind in (LABEL_OF, DERIVED_FROM))

        edited = await records.edit(mask.id, ImageEdit(added_relations=(label_of, label_of)))
        assert edited == mask.model_copy(update={"updated_at": edited.updated_at})
        assert {one.kind for one in await records.relations(mask.id)} == {LABEL_OF, DERIVED_FROM}
        assert await self.found(records, ImageQuery(label_of=raw.id)) == ["mask"]

        await records.edit(mask.id, ImageEdit(added_relations=(derived_from,), removed_relations=(label_of,)))
        assert await records.relations(mask.id) == [derived_from]

        await records.edit(mask.id, ImageEdit(added_relations=(label_of,)))
        await records.edit(mask.id, ImageEdit(removed_relations=(derived_from,)))
        assert await records.relations(mask.id) == []
        await records.edit(mask.id, ImageEdit(removed_relations=(derived_from,)))  # there is none to take back

    async def test_no_image_comes_from_itself_or_labels_two_others(
        self, records: ImageRecords, pixels: PixelStore
    ) -> None:
        """By no number of steps; what is refused changes nothing."""
        ids = [(await stored_image(records, pixels, name)).id for name in "abc"]
        subjects = [Subject(kind=RecordKind.IMAGE, id=image_id) for image_id in ids]
        derived = [ImageEdit(added_relations=(Relation(kind=DERIVED_FROM, subject=one),)) for one in subjects]
        labels = [ImageEdit(added_relations=(Relation(kind=LABEL_OF, subject=one),)) for one in subjects]
        await records.edit(ids[1], derived[0])
        await records.edit(ids[2], labels[1])

        for image_id, edit in ((ids[0], derived[0]), (ids[0], labels[2]), (ids[0], derived[1]), (ids[2], labels[0])):
            with pytest.raises(ArkitektError):
                await records.edit(image_id, edit)

        assert await records.relations(ids[0]) == []
        assert [one.subject for one in await records.relations(ids[2])] == [subjects[1]] * 2

    async def test_what_is_not_there_is_no_source_later_either(self, records: ImageRecords, pixels: PixelStore) -> None:
        """Neither of an image that is there, nor anything of one that is not."""
        image = await stored_image(records, pixels)
        unknown = Subject(kind=RecordKind.IMAGE, id="4b1f0b5e-3a1c-4c55-9f5e-8f3c1f0a2b7d")
        edit = ImageEdit(name="other", added_relations=(Relation(kind=DERIVED_FROM, subject=unknown),))

        with pytest.raises(ArkitektError):
            await records.edit(image.id, edit)

        assert await records.get(image.id) == image

    async def test_an_image_of_something_that_is_not_there_is_not_made(
        self, records: ImageRecords, pixels: PixelStore
    ) -> None:
        """Neither derived from it nor a label of it."""
        unknown = Subject(kind=RecordKind.IMAGE, id="4b1f0b5e-3a1c-4c55-9f5e-8f3c1f0a2b7d")

        for kind in (LABEL_OF, DERIVED_FROM):
            with pytest.raises(ArkitektError):
                await ImageRecordsContract().make_image(
                    records, pixels, relations=(Relation(kind=kind, subject=unknown),)
                )

        assert await self.found(records, ImageQuery()) == []

    async def test_what_is_not_there_is_not_edited(self, records: ImageRecords) -> None:
        """Nor moved, nor restored."""
        unknown = "4b1f0b5e-3a1c-4c55-9f5e-8f3c1f0a2b7d"

        with pytest.raises(ImageNotFoundError):
            await records.edit(unknown, ImageEdit(name="other"))
        with pytest.raises(ImageNotFoundError):
            await records.move(unknown, None)
        with pytest.raises(ImageNotFoundError):
            await records.restore(unknown)
