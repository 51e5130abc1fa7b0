"""The operations of regions of interest, which mikro calls annotations."""

from collections.abc import AsyncIterator

import strawberry

from arkitekt_di.errors import RecordRefusedError
from arkitekt_di.messages.changes import RecordKind
from arkitekt_di.messages.images import Axis as AxisMessage
from arkitekt_di.server.graphql.context import Info
from arkitekt_di.server.graphql.paging import OffsetPaginationInput, page_of
from arkitekt_di.server.graphql.watching import tell
from arkitekt_di.server.journal import Scope
from arkitekt_di.server.rois.inputs import (
    AnnotationCollectionFilter,
    AnnotationFilter,
    CreateAnnotationCollectionInput,
    CreateAnnotationInput,
    CreateAnnotationsInput,
    DeleteAnnotationCollectionInput,
    DeleteAnnotationInput,
    UpdateAnnotationInput,
)
from arkitekt_di.server.rois.rois import RoiListing, Rois
from arkitekt_di.server.rois.wire import Annotation, AnnotationCollection, AnnotationEvent


@strawberry.type
class RoiQuery:
    """What can be asked about regions."""

    @strawberry.field
    async def annotation(self, info: Info, id: strawberry.ID) -> Annotation:
        """Return one region."""
        return Annotation.of(await info.context.part(Rois).get(await info.context.principal(), id))

    @strawberry.field
    async def annotations(
        self,
        info: Info,
        filters: AnnotationFilter | None = None,
        pagination: OffsetPaginationInput | None = None,
    ) -> list[Annotation]:
        """Return one page of regions."""
        asked = filters or AnnotationFilter()
        listing = RoiListing(page_of(pagination), asked.ids, asked.dataset, asked.collection, asked.kind, asked.search)
        rois = await info.context.part(Rois).list(await info.context.principal(), listing)
        return [Annotation.of(roi) for roi in rois]

    @strawberry.field
    async def annotation_collection(self, info: Info, id: strawberry.ID) -> AnnotationCollection:
        """Return one set."""
        return AnnotationCollection.of(await info.context.part(Rois).get_collection(await info.context.principal(), id))

    @strawberry.field
    async def annotation_collections(
        self,
        info: Info,
        filters: AnnotationCollectionFilter | None = None,
        pagination: OffsetPaginationInput | None = None,
    ) -> list[AnnotationCollection]:
        """Return one page of sets."""
        asked = filters or AnnotationCollectionFilter()
        found = await info.context.part(Rois).list_collections(
            await info.context.principal(), image_id=asked.dataset, ids=asked.ids, page=page_of(pagination)
        )
        return [AnnotationCollection.of(collection) for collection in found]


@strawberry.type
class RoiMutation:
    """What can be changed about regions."""

    @strawberry.mutation
    async def create_annotation(self, info: Info, input: CreateAnnotationInput) -> Annotation:
        """Draw a region."""
        place = CreateAnnotationsInput(
            annotations=[input], collection=input.collection, dataset=input.dataset, scene=input.scene
        )
        return (await _draw(info, place))[0]

    @strawberry.mutation
    async def create_annotations(self, info: Info, input: CreateAnnotationsInput) -> list[Annotation]:
        """Draw regions, all of them or none."""
        return await _draw(info, input)

    @strawberry.mutation
    async def update_annotation(self, info: Info, input: UpdateAnnotationInput) -> Annotation:
        """Change a region."""
        roi = await info.context.part(Rois).edit(await info.context.principal(), input.id, input.edit())
        return Annotation.of(roi)

    @strawberry.mutation
    async def delete_annotation(self, info: Info, input: DeleteAnnotationInput) -> strawberry.ID:
        """Remove a region."""
        await info.context.part(Rois).delete(await info.context.principal(), input.id)
        return input.id

    @strawberry.mutation
    async def create_annotation_collection(
        self, info: Info, input: CreateAnnotationCollectionInput
    ) -> AnnotationCollection:
        """Make a set of regions."""
        axes = [AxisMessage(name=axis.name, type=axis.type, long_name=axis.long_name) for axis in input.axes]
        made = await info.context.part(Rois).create_collection(
            await info.context.principal(), input.name, axes, image_id=input.image_id()
        )
        return AnnotationCollection.of(made)

    @strawberry.mutation
    async def delete_annotation_collection(self, info: Info, input: DeleteAnnotationCollectionInput) -> strawberry.ID:
        """Remove a set with its regions."""
        await info.context.part(Rois).delete_collection(await info.context.principal(), input.id)
        return input.id


@strawberry.type
class RoiSubscription:
    """What can be watched about regions."""

    @strawberry.subscription
    async def annotations(
        self,
        info: Info,
        collection: strawberry.ID | None = None,
        dataset: strawberry.ID | None = None,
        after: str | None = None,
    ) -> AsyncIterator[AnnotationEvent]:
        """Send what was missed since a cursor, then changes as they happen, as long as the token holds."""
        rois, place = info.context.part(Rois), dataset
        if collection is not None:
            found = await rois.get_collection(await info.context.principal(), collection)
            place = strawberry.ID(found.image_id or found.id)
        async for told in tell(info.context, Scope(RecordKind.ROI, place_id=place), after, rois.load):
            yield AnnotationEvent.of(told)


async def _draw(info: Info, place: CreateAnnotationsInput) -> list[Annotation]:
    drafts = [spec.draft() for spec in place.annotations]
    rois, principal = info.context.part(Rois), await info.context.principal()
    if place.collection is not None:
        made = await rois.create_in(principal, drafts, collection_id=place.collection)
    elif place.dataset is not None:
        made = await rois.create(principal, drafts, image_id=place.dataset)
    else:
        raise RecordRefusedError("regions are drawn in a collection or on a dataset", "Name one; there are no scenes")
    return [Annotation.of(roi) for roi in made]
