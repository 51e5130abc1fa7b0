"""The operations of the images: each hands over to the domain and shows what comes back."""

from collections.abc import AsyncIterator

import strawberry

from arkitekt_di.messages.changes import RecordKind
from arkitekt_di.server.folders.folders import Folders
from arkitekt_di.server.folders.schema import Folder
from arkitekt_di.server.graphql.context import Info
from arkitekt_di.server.graphql.paging import OffsetPaginationInput
from arkitekt_di.server.graphql.watching import tell
from arkitekt_di.server.images import inputs, wire
from arkitekt_di.server.images.appending import Appends
from arkitekt_di.server.images.images import Images
from arkitekt_di.server.images.origins import ImageRelation
from arkitekt_di.server.images.uploads import Uploads
from arkitekt_di.server.journal import Scope


@strawberry.type
class ImageQuery:
    """What can be asked."""

    @strawberry.field
    async def array_dataset(self, info: Info, id: strawberry.ID) -> wire.ArrayDataset:
        """Return one image."""
        return wire.ArrayDataset.of(await info.context.part(Images).get(await info.context.principal(), id))

    @strawberry.field
    async def array_datasets(
        self,
        info: Info,
        filters: inputs.ArrayDatasetFilter | None = None,
        ordering: list[inputs.ArrayDatasetOrder] = [],  # noqa: B006  # strawberry reads the default, nobody writes it
        pagination: OffsetPaginationInput | None = None,
    ) -> list[wire.ArrayDataset]:
        """Return one page."""
        listing = inputs.listing_of(filters, pagination, ordering)
        images = await info.context.part(Images).list(await info.context.principal(), listing)
        return [wire.ArrayDataset.of(image) for image in images]

    @strawberry.field
    async def source_datasets(self, info: Info, id: strawberry.ID) -> list[wire.ArrayDataset]:
        """Return the images that one was made from."""
        images = await info.context.part(Images).sources(await info.context.principal(), id)
        return [wire.ArrayDataset.of(image) for image in images]

    @strawberry.field
    async def derived_datasets(self, info: Info, id: strawberry.ID) -> list[wire.ArrayDataset]:
        """Return the images that were made from one."""
        images = await info.context.part(Images).derived(await info.context.principal(), id)
        return [wire.ArrayDataset.of(image) for image in images]

    @strawberry.field
    async def dataset_relations(self, info: Info, id: strawberry.ID) -> list[ImageRelation]:
        """Return what an image was made from, and which image it labels."""
        relations = await info.context.part(Images).relations(await info.context.principal(), id)
        return [ImageRelation.of(relation) for relation in relations]


@strawberry.type
class ImageMutation:
    """What can be changed."""

    @strawberry.mutation
    async def request_zarr_upload(self, info: Info, input: inputs.RequestZarrUploadInput) -> wire.ZarrUploadGrant:
        """Open an upload."""
        grant = await info.context.part(Uploads).open(await info.context.principal())
        return wire.ZarrUploadGrant.of(grant)

    @strawberry.mutation
    async def resume_zarr_uploads(self, info: Info, input: inputs.ResumeZarrUploadsInput) -> wire.ZarrUploads:
        """Go on with uploads."""
        principal = await info.context.principal()
        resumed = await info.context.part(Uploads).resume(principal, input.count, input.upload_key())
        image = None if resumed.image_id is None else await info.context.part(Images).get(principal, resumed.image_id)
        return wire.ZarrUploads.of(resumed, image)

    @strawberry.mutation
    async def refresh_zarr_upload(self, info: Info, input: inputs.RefreshZarrUploadInput) -> wire.ZarrUploadGrant:
        """Renew a grant."""
        grant = await info.context.part(Uploads).renew(await info.context.principal(), input.store_id)
        return wire.ZarrUploadGrant.of(grant)

    @strawberry.mutation
    async def finish_zarr_upload(self, info: Info, input: inputs.FinishZarrUploadInput) -> wire.ZarrStore:
        """Finish an upload, or discard it."""
        uploads = info.context.part(Uploads)
        end = uploads.finish if input.valid else uploads.discard
        return wire.ZarrStore.of(await end(await info.context.principal(), input.store_id))

    @strawberry.mutation
    async def request_zarr_access(self, info: Info, input: inputs.RequestZarrAccessInput) -> wire.ZarrAccessGrant:
        """Grant access."""
        grant = await info.context.part(Images).grant_access(await info.context.principal(), input.store_id)
        return wire.ZarrAccessGrant.of(grant)

    @strawberry.mutation
    async def create_array_dataset(self, info: Info, input: inputs.CreateArrayDatasetInput) -> wire.ArrayDataset:
        """Create an image."""
        image = await info.context.part(Images).create(await info.context.principal(), input.draft())
        return wire.ArrayDataset.of(image)

    @strawberry.mutation
    async def publish_array_dataset(self, info: Info, input: inputs.CreateArrayDatasetInput) -> wire.ArrayDataset:
        """Check the uploads of an image, and create it."""
        principal, draft = await info.context.principal(), input.draft()
        checked = await info.context.part(Uploads).check_all(principal, draft.store_ids())
        return wire.ArrayDataset.of(await info.context.part(Images).create(principal, draft, checked))

    @strawberry.mutation
    async def open_array_append(self, info: Info, image: strawberry.ID) -> wire.ArrayAppend:
        """Become the writer of an image that grows."""
        opened = await info.context.part(Appends).open(await info.context.principal(), image)
        return wire.ArrayAppend.of(opened)

    @strawberry.mutation
    async def append_array_frames(
        self, info: Info, image: strawberry.ID, input: inputs.AppendArrayFramesInput
    ) -> wire.ArrayDataset:
        """Append frames."""
        appends = info.context.part(Appends)
        return wire.ArrayDataset.of(await appends.append(await info.context.principal(), image, input.batch()))

    @strawberry.mutation
    async def close_array_append(self, info: Info, image: strawberry.ID, store_id: str) -> wire.ArrayDataset:
        """End the growth of an image."""
        image_ = await info.context.part(Appends).close(await info.context.principal(), image, store_id)
        return wire.ArrayDataset.of(image_)

    @strawberry.mutation
    async def update_array_dataset(self, info: Info, input: inputs.UpdateArrayDatasetInput) -> wire.ArrayDataset:
        """Edit an image."""
        image = await info.context.part(Images).edit(await info.context.principal(), input.id, input.edit())
        return wire.ArrayDataset.of(image)

    @strawberry.mutation
    async def delete_array_dataset(self, info: Info, input: inputs.DeleteArrayDatasetInput) -> strawberry.ID:
        """Delete an image."""
        await info.context.part(Images).delete(await info.context.principal(), input.id)
        return input.id

    @strawberry.mutation
    async def restore_array_dataset(self, info: Info, input: inputs.RestoreArrayDatasetInput) -> wire.ArrayDataset:
        """Take an image out of the trash."""
        return wire.ArrayDataset.of(await info.context.part(Images).restore(await info.context.principal(), input.id))

    @strawberry.mutation
    async def put_array_datasets_in_folder(self, info: Info, input: inputs.AssociateInput) -> Folder:
        """Put images into a folder."""
        principal = await info.context.principal()
        await info.context.part(Images).move(principal, input.selfs, folder_id=input.other)
        return Folder.of(await info.context.part(Folders).get(principal, input.other))

    @strawberry.mutation
    async def release_array_datasets_from_folder(self, info: Info, input: inputs.DesociateInput) -> Folder:
        """Take images out of a folder."""
        principal = await info.context.principal()
        await info.context.part(Images).move(principal, input.selfs, folder_id=None)
        return Folder.of(await info.context.part(Folders).get(principal, input.other))


@strawberry.type
class ImageSubscription:
    """What can be watched."""

    @strawberry.subscription
    async def array_datasets(
        self,
        info: Info,
        folder: strawberry.ID | None = None,
        id: strawberry.ID | None = None,
        after: str | None = None,
    ) -> AsyncIterator[wire.ArrayDatasetEvent]:
        """Send what was missed since a cursor, then changes as they happen, as long as the token holds."""
        scope = Scope(RecordKind.IMAGE, place_id=folder, subject_id=id)
        async for told in tell(info.context, scope, after, info.context.part(Images).load):
            yield wire.ArrayDatasetEvent.of(told)
