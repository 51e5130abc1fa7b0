"""What every implementation of the promises of mikro has to pass."""

import asyncio
from dataclasses import dataclass

import numpy as np
import pytest

from arkitekt_di.errors import (
    ArkitektError,
    ImageNotFoundError,
    PermissionDeniedError,
    StoreNotFoundError,
)
from arkitekt_di.messages.images import Axis, AxisType, ImageDraft, ImageRecord, LevelDraft, StoreGrant, UploadGrant
from arkitekt_di.messages.pixels import HEADER, PixelDocument
from arkitekt_di.messages.relations import Relation
from arkitekt_di.mikro.pixels.header import write_header
from arkitekt_di.mikro.pixels.layout import Layout
from arkitekt_di.mikro.pixels.shard import ShardCodec
from arkitekt_di.protocols.mikro import ImageRecords, PixelStore

_SHAPE = (4, 6)
_CHUNK = "c/0/0"
_AXES = (
    Axis(name="y", type=AxisType.SPACE, unit="micrometer"),
    Axis(name="x", type=AxisType.SPACE, unit="micrometer"),
)


@dataclass(frozen=True)
class Place:
    """A store, and grants for one prefix of it.

    Attributes
    ----------
    store : PixelStore
    write : UploadGrant
    read : StoreGrant
    worn : UploadGrant
        One that is no good any more, or never was.
    """

    store: PixelStore
    write: UploadGrant
    read: StoreGrant
    worn: UploadGrant


@pytest.mark.anyio
class PixelStoreContract:
    """Tests of a `PixelStore`; a subclass has a fixture `place`."""

    async def test_what_was_put_is_read(self, place: Place) -> None:
        """Bytes come back as they were."""
        body = bytes(range(256)) * 1000

        await (await place.store.open_sink(place.write)).put("c/0/1", bytearray(body))
        source = await place.store.open_source(place.read)

        assert await asyncio.to_thread(source.read, "c/0/1") == body
        assert await asyncio.to_thread(source.size, "c/0/1") == len(body)

    async def test_parts_come_in_the_order_they_were_asked_for(self, place: Place) -> None:
        """Parts may overlap and be in any order."""
        await (await place.store.open_sink(place.write)).put("c/0", b"0123456789")
        source = await place.store.open_source(place.read)

        parts = await asyncio.to_thread(source.read_ranges, "c/0", [(7, 10), (0, 2), (1, 4)])

        assert [bytes(part) for part in parts] == [b"789", b"01", b"123"]

    async def test_no_parts_are_no_bytes(self, place: Place) -> None:
        """Nothing asked for, nothing given."""
        await (await place.store.open_sink(place.write)).put("c/0", b"0123456789")
        source = await place.store.open_source(place.read)

        assert await asyncio.to_thread(source.read_ranges, "c/0", []) == []

    async def test_an_object_larger_than_a_multipart_threshold_is_one_object(self, place: Place) -> None:
        """A shard of 16 MiB is put with one request."""
        body = bytes(16 * 2**20)

        await (await place.store.open_sink(place.write)).put("c/0", body)
        source = await place.store.open_source(place.read)

        assert await asyncio.to_thread(source.size, "c/0") == len(body)

    async def test_putting_again_replaces_the_whole_object(self, place: Place) -> None:
        """Nothing of a longer predecessor stays."""
        sink = await place.store.open_sink(place.write)

        await sink.put(HEADER, b"a longer one")
        await sink.put(HEADER, b"short")
        source = await place.store.open_source(place.read)

        assert await asyncio.to_thread(source.read, HEADER) == b"short"

    async def test_what_is_not_there_is_file_not_found(self, place: Place) -> None:
        """Every way of reading says the same."""
        source = await place.store.open_source(place.read)

        with pytest.raises(FileNotFoundError):
            await asyncio.to_thread(source.read, "c/9")
        with pytest.raises(FileNotFoundError):
            await asyncio.to_thread(source.read_ranges, "c/9", [(0, 1)])
        with pytest.raises(FileNotFoundError):
            await asyncio.to_thread(source.size, "c/9")

    async def test_a_worn_grant_is_refused(self, place: Place) -> None:
        """The error is the one that asks for a new grant, and holds no secret."""
        sink = await place.store.open_sink(place.worn)

        with pytest.raises(PermissionDeniedError) as caught:
            await sink.put("c/0", b"x")

        assert place.worn.secret_key.get_secret_value() not in repr(caught.value)
        assert place.worn.session_token.get_secret_value() not in repr(caught.value)
        assert caught.value.__cause__ is None

    async def test_a_grant_to_read_does_not_write(self, place: Place) -> None:
        """Reading is all it is good for."""
        sink = await place.store.open_sink(UploadGrant(**place.read.model_dump(), store="", max_bytes=1))

        with pytest.raises(ArkitektError):
            await sink.put("c/0", b"x")


@pytest.mark.anyio
class ImageRecordsContract:
    """Tests of `ImageRecords`; a subclass has fixtures `records` and `pixels`, both empty, that belong together."""

    async def upload(self, records: ImageRecords, pixels: PixelStore) -> UploadGrant:
        """Write a small array and return the grant it was written under; it is not finished."""
        grant = await records.request_upload()
        codec = ShardCodec(Layout(_SHAPE, _SHAPE, _SHAPE), np.dtype(np.uint8), "none")
        body = codec.encode(np.zeros(_SHAPE, dtype=np.uint8))
        sink = await pixels.open_sink(grant)
        await sink.put(_CHUNK, body)
        document = PixelDocument(manifest={_CHUNK: len(body)})
        await sink.put(HEADER, write_header(codec, ("y", "x"), document))
        return grant

    async def make_image(
        self,
        records: ImageRecords,
        pixels: PixelStore,
        name: str = "embryo",
        *,
        relations: tuple[Relation, ...] = (),
    ) -> ImageRecord:
        """Create an image."""
        grant = await self.upload(records, pixels)
        await records.finish_upload(grant.store)
        return await records.create(ImageDraft(store_id=grant.store, name=name, axes=_AXES, relations=relations))

    async def test_an_image_is_found_as_it_was_created(self, records: ImageRecords, pixels: PixelStore) -> None:
        """Name, axes, shape and type come back."""
        created = await self.make_image(records, pixels)

        found = await records.get(created.id)

        assert found == created
        assert (found.name, found.shape, found.dtype) == ("embryo", _SHAPE, "uint8")
        assert [(axis.name, axis.type) for axis in found.axes] == [("y", AxisType.SPACE), ("x", AxisType.SPACE)]
        assert found.created_at is not None

    async def test_an_upload_is_invisible_until_it_is_an_image(self, records: ImageRecords, pixels: PixelStore) -> None:
        """Neither an open upload nor a finished one is found."""
        grant = await self.upload(records, pixels)
        assert await records.search(None, limit=10, offset=0) == []

        await records.finish_upload(grant.store)

        assert await records.search(None, limit=10, offset=0) == []

    async def test_an_upload_that_lacks_an_object_is_not_finished(
        self, records: ImageRecords, pixels: PixelStore
    ) -> None:
        """The manifest says what has to be there."""
        grant = await records.request_upload()
        codec = ShardCodec(Layout(_SHAPE, _SHAPE, _SHAPE), np.dtype(np.uint8), "none")
        document = PixelDocument(manifest={_CHUNK: 28})
        await (await pixels.open_sink(grant)).put(HEADER, write_header(codec, ("y", "x"), document))

        with pytest.raises(ArkitektError, match=_CHUNK):
            await records.finish_upload(grant.store)

    async def test_an_upload_without_metadata_is_not_finished(self, records: ImageRecords, pixels: PixelStore) -> None:
        """Pixels alone are no array."""
        grant = await records.request_upload()
        await (await pixels.open_sink(grant)).put(_CHUNK, b"pixels")

        with pytest.raises(ArkitektError, match=HEADER):
            await records.finish_upload(grant.store)

    async def test_an_upload_that_is_not_finished_is_no_image(self, records: ImageRecords, pixels: PixelStore) -> None:
        """Creating comes after finishing."""
        grant = await self.upload(records, pixels)

        with pytest.raises(ArkitektError):
            await records.create(ImageDraft(store_id=grant.store, name="embryo", axes=_AXES))

    async def test_uploads_are_published_in_one_step(self, records: ImageRecords, pixels: PixelStore) -> None:
        """They are checked and closed for writing, and the image is there."""
        grant = await self.upload(records, pixels)

        created = await records.publish(ImageDraft(store_id=grant.store, name="embryo", axes=_AXES))

        assert await records.get(created.id) == created
        with pytest.raises(PermissionDeniedError):
            await (await pixels.open_sink(grant)).put(_CHUNK, b"other pixels")

    async def test_where_a_level_is_not_whole_nothing_is_published(
        self, records: ImageRecords, pixels: PixelStore
    ) -> None:
        """Both stay open, and what is missing can be sent."""
        finest, coarser = await self.upload(records, pixels), await records.request_upload()
        level = LevelDraft(level=1, store_id=coarser.store)
        draft = ImageDraft(store_id=finest.store, name="embryo", axes=_AXES, levels=(level,))

        with pytest.raises(ArkitektError, match=HEADER):
            await records.publish(draft)

        assert await records.search(None, limit=10, offset=0) == []
        assert (await records.renew_upload(coarser.store)).store == coarser.store

    async def test_a_finished_upload_takes_no_more_bytes(self, records: ImageRecords, pixels: PixelStore) -> None:
        """What was checked stays as it was."""
        grant = await self.upload(records, pixels)
        await records.finish_upload(grant.store)

        with pytest.raises(PermissionDeniedError):
            await (await pixels.open_sink(grant)).put(_CHUNK, b"other pixels")

    async def test_a_renewed_upload_goes_on_where_it_was(self, records: ImageRecords, pixels: PixelStore) -> None:
        """What was written under the first grant counts."""
        grant = await self.upload(records, pixels)

        renewed = await records.renew_upload(grant.store)
        await (await pixels.open_sink(renewed)).put("c/0/1", b"more")
        await records.finish_upload(grant.store)

        assert (renewed.store, renewed.key) == (grant.store, grant.key)

    async def test_a_discarded_upload_is_gone(self, records: ImageRecords, pixels: PixelStore) -> None:
        """It can be neither finished nor renewed."""
        grant = await self.upload(records, pixels)

        await records.discard_upload(grant.store)

        with pytest.raises(ArkitektError):
            await records.finish_upload(grant.store)
        with pytest.raises(ArkitektError):
            await records.renew_upload(grant.store)

    async def test_one_upload_becomes_one_image(self, records: ImageRecords, pixels: PixelStore) -> None:
        """A second image of the same pixels is refused."""
        grant = await self.upload(records, pixels)
        await records.finish_upload(grant.store)
        draft = ImageDraft(store_id=grant.store, name="embryo", axes=_AXES)
        await records.create(draft)

        with pytest.raises(ArkitektError):
            await records.create(draft)

    async def test_a_search_finds_parts_of_names_whatever_their_case(
        self, records: ImageRecords, pixels: PixelStore
    ) -> None:
        """The newest comes first."""
        for name in ("Embryo 1", "wing", "late embryo"):
            await self.make_image(records, pixels, name)

        assert [hit.name for hit in await records.search("EMBRYO", limit=10, offset=0)] == ["late embryo", "Embryo 1"]
        assert len(await records.search(None, limit=10, offset=0)) == 3
        assert await records.search("%", limit=10, offset=0) == []

    async def test_pages_hold_every_image_once(self, records: ImageRecords, pixels: PixelStore) -> None:
        """Limit and offset cut the same list."""
        made = [await self.make_image(records, pixels, f"image {number}") for number in range(5)]

        pages = [await records.search(None, limit=2, offset=offset) for offset in (0, 2, 4)]

        assert [hit.id for page in pages for hit in page] == [image.id for image in reversed(made)]

    async def test_a_new_name_is_found(self, records: ImageRecords, pixels: PixelStore) -> None:
        """The rest stays as it was."""
        image = await self.make_image(records, pixels)

        renamed = await records.rename(image.id, "larva")

        assert renamed == image.model_copy(update={"name": "larva", "updated_at": renamed.updated_at})
        assert await records.get(image.id) == renamed
        assert await records.search("embryo", limit=10, offset=0) == []

    async def test_a_deleted_image_is_gone_with_its_pixels(self, records: ImageRecords, pixels: PixelStore) -> None:
        """Neither record nor pixels can be asked for."""
        image = await self.make_image(records, pixels)

        await records.delete(image.id)

        with pytest.raises(ImageNotFoundError):
            await records.get(image.id)
        with pytest.raises(StoreNotFoundError):
            await records.request_access(image.store.id)
        assert await records.search(None, limit=10, offset=0) == []

    async def test_what_does_not_exist_is_not_found(self, records: ImageRecords) -> None:
        """Every operation says the same."""
        unknown = "4b1f0b5e-3a1c-4c55-9f5e-8f3c1f0a2b7d"

        with pytest.raises(ImageNotFoundError):
            await records.get(unknown)
        with pytest.raises(ImageNotFoundError):
            await records.rename(unknown, "other")
        with pytest.raises(ImageNotFoundError):
            await records.delete(unknown)
        with pytest.raises(StoreNotFoundError):
            await records.request_access(unknown)
        with pytest.raises(ArkitektError):
            await records.finish_upload(unknown)

    async def test_a_grant_reads_the_pixels_of_its_image(self, records: ImageRecords, pixels: PixelStore) -> None:
        """And it is not for ever."""
        image = await self.make_image(records, pixels)

        grant = await records.request_access(image.store.id)
        source = await pixels.open_source(grant)

        assert await asyncio.to_thread(source.size, _CHUNK) > 0
        assert grant.expires_in > 0
