"""The operations of regions of interest, which mikro calls annotations."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import NewType, Self

import strawberry
from pydantic import ValidationError
from strawberry.scalars import JSON
from strawberry.types.scalar import ScalarDefinition

from arkitekt_di.errors import RecordRefusedError
from arkitekt_di.messages.changes import ChangeKind, RecordKind
from arkitekt_di.messages.images import Axis as AxisMessage
from arkitekt_di.messages.rois import RoiDraft, RoiEdit, RoiKind
from arkitekt_di.server.graphql.context import Info
from arkitekt_di.server.graphql.paging import OffsetPaginationInput, page_of
from arkitekt_di.server.graphql.scalars import Unit
from arkitekt_di.server.graphql.watching import Told, tell
from arkitekt_di.server.images.inputs import AxisInput
from arkitekt_di.server.images.wire import Axis, CoordinateSystem, User
from arkitekt_di.server.journal import Scope
from arkitekt_di.server.rois.rois import RoiListing, Rois, refused
from arkitekt_di.server.rois.tables import Roi, RoiCollection

GRID = ":grid"
"""Ends the identifier of the coordinate system of an image."""

ThreeDVector = NewType("ThreeDVector", list[float])


def _read_vector(value: object) -> ThreeDVector:
    if not isinstance(value, list | tuple) or not all(isinstance(one, int | float) for one in value):
        message = "A vertex is a list of numbers."
        raise TypeError(message)
    return ThreeDVector([float(one) for one in value])


SCALARS: dict[object, ScalarDefinition] = {
    ThreeDVector: strawberry.scalar(name="ThreeDVector", parse_value=_read_vector, description="A vertex.")
}

strawberry.enum(RoiKind, name="AnnotationKind")


@strawberry.type
class Coordinate:
    """A position on an axis."""

    name: str
    value: int


@strawberry.type
class BoundingBox:
    """The box around a region, in the order of its dims."""

    min: list[float]
    max: list[float]


@strawberry.type(description="A region of interest of an image.")
class Annotation:
    """A region of interest."""

    id: strawberry.ID
    name: str
    description: str | None
    kind: RoiKind
    vectors: list[list[float]]
    dims: list[str]
    coordinates: list[Coordinate]
    coordinate_system: CoordinateSystem | None
    intrinsic_bbox: BoundingBox | None
    stroke_color: list[int] | None
    fill_color: list[int] | None
    stroke_width: float
    filled: bool
    tags: list[str]
    dataset: strawberry.ID | None
    mask: strawberry.ID | None
    creator: User
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, roi: Roi, system: CoordinateSystem | None = None) -> Self:
        """Show a row."""
        columns = list(zip(*roi.vectors, strict=True))
        box = BoundingBox(min=[min(one) for one in columns], max=[max(one) for one in columns]) if columns else None
        return cls(
            id=strawberry.ID(roi.id),
            name=roi.label,
            description=roi.description,
            kind=RoiKind(roi.kind),
            vectors=roi.vectors,
            dims=roi.dims,
            coordinates=[Coordinate(name=name, value=value) for name, value in roi.coordinates.items()],
            coordinate_system=system or _grid(roi.id, [AxisMessage(name=dim) for dim in roi.dims], roi.created_at),
            intrinsic_bbox=box,
            stroke_color=roi.stroke_color,
            fill_color=roi.fill_color,
            stroke_width=roi.stroke_width,
            filled=roi.is_filled,
            tags=roi.tags,
            dataset=None if roi.image_id is None else strawberry.ID(roi.image_id),
            mask=None if roi.mask_id is None else strawberry.ID(roi.mask_id),
            creator=User(id=strawberry.ID(roi.user_id), sub=roi.user_id, preferred_username=roi.user_name),
            created_at=datetime.fromtimestamp(roi.created_at, UTC),
            updated_at=datetime.fromtimestamp(roi.updated_at, UTC),
        )


@strawberry.type(description="Regions that share axes.")
class AnnotationCollection:
    """A set of regions."""

    id: strawberry.ID
    name: str
    description: str | None
    coordinate_system: CoordinateSystem
    created_at: datetime

    @classmethod
    def of(cls, collection: RoiCollection) -> Self:
        """Show a row."""
        axes = [AxisMessage.model_validate(axis) for axis in collection.axes]
        return cls(
            id=strawberry.ID(collection.id),
            name=collection.name,
            description=collection.description,
            coordinate_system=_grid(collection.id, axes, collection.created_at, name=collection.name),
            created_at=datetime.fromtimestamp(collection.created_at, UTC),
        )

    @strawberry.field
    async def annotations(self, info: Info, pagination: OffsetPaginationInput | None = None) -> list[Annotation]:
        """Return the regions in it."""
        listing = RoiListing(page_of(pagination), collection_id=self.id)
        rois = await info.context.part(Rois).list(await info.context.principal(), listing)
        return [Annotation.of(roi, self.coordinate_system) for roi in rois]


@strawberry.type(description="One change of a region; at most one of create, update and delete is set.")
class AnnotationEvent:
    """What a subscription sends."""

    cursor: str
    create: Annotation | None = None
    update: Annotation | None = None
    delete: strawberry.ID | None = None

    @classmethod
    def of(cls, told: Told) -> Self:
        """Show a change."""
        match told.kind:
            case ChangeKind.CREATED:
                return cls(cursor=told.cursor, create=Annotation.of(told.record))
            case ChangeKind.UPDATED:
                return cls(cursor=told.cursor, update=Annotation.of(told.record))
            case ChangeKind.DELETED:
                return cls(cursor=told.cursor, delete=strawberry.ID(str(told.record_id)))
        return cls(cursor=told.cursor)


@strawberry.input
class CoordinateInput:
    """A position on an axis."""

    name: str
    value: int


@strawberry.input
class AnnotationSpecInput:
    """What a region is; dims, tags and mask are words of arkitekt_di."""

    kind: RoiKind
    vectors: list[ThreeDVector]
    name: str | None = None
    description: str | None = None
    coordinates: list[CoordinateInput] | None = None
    stroke_color: list[int] | None = None
    fill_color: list[int] | None = None
    stroke_width: float | None = None
    filled: bool | None = None
    dims: list[str] | None = None
    tags: list[str] | None = None
    mask: strawberry.ID | None = None

    def draft(self) -> RoiDraft:
        """Return what is drawn; raises `RecordRefusedError` where it is none."""
        try:
            return RoiDraft(
                kind=self.kind,
                vectors=tuple(tuple(vertex) for vertex in self.vectors),
                dims=tuple(self.dims or ()),
                coordinates={one.name: one.value for one in self.coordinates or ()},
                label=self.name or "",
                description=self.description or "",
                tags=tuple(self.tags or ()),
                stroke_color=None if self.stroke_color is None else tuple(self.stroke_color),
                fill_color=None if self.fill_color is None else tuple(self.fill_color),
                mask_id=self.mask,
            )
        except ValidationError as error:
            raise refused(error) from error


@strawberry.input
class CreateAnnotationInput(AnnotationSpecInput):
    """A region, and the set or the image that it is drawn in."""

    collection: strawberry.ID | None = None
    dataset: strawberry.ID | None = None
    scene: strawberry.ID | None = None


@strawberry.input
class CreateAnnotationsInput:
    """Regions, and the set or the image that they are drawn in."""

    annotations: list[AnnotationSpecInput]
    collection: strawberry.ID | None = None
    dataset: strawberry.ID | None = None
    scene: strawberry.ID | None = None


@strawberry.input
class UpdateAnnotationInput:
    """What is to change; members that are left out stay as they are."""

    id: strawberry.ID
    kind: RoiKind | None = None
    vectors: list[ThreeDVector] | None = None
    name: str | None = None
    description: str | None = None
    coordinates: list[CoordinateInput] | None = None
    stroke_color: list[int] | None = None
    fill_color: list[int] | None = None
    stroke_width: float | None = None
    filled: bool | None = None
    tags: list[str] | None = None

    def edit(self) -> RoiEdit:
        """Return what is to change; raises `RecordRefusedError`."""
        places = None if self.coordinates is None else {one.name: one.value for one in self.coordinates}
        try:
            return RoiEdit(
                kind=self.kind,
                vectors=None if self.vectors is None else tuple(tuple(vertex) for vertex in self.vectors),
                coordinates=places,
                label=self.name,
                description=self.description,
                tags=None if self.tags is None else tuple(self.tags),
                stroke_color=None if self.stroke_color is None else tuple(self.stroke_color),
                fill_color=None if self.fill_color is None else tuple(self.fill_color),
            )
        except ValidationError as error:
            raise refused(error) from error


@strawberry.input
class DeleteAnnotationInput:
    """The region to remove."""

    id: strawberry.ID


@strawberry.input
class CreateAnnotationCollectionInput:
    """A set of regions; of ``derivedFrom`` the image is kept whose grid, or which itself, it names."""

    name: str
    axes: list[AxisInput]
    description: str | None = None
    folder: strawberry.ID | None = None
    derived_from: list[JSON] | None = None
    source_files: list[JSON] | None = None


@strawberry.input
class DeleteAnnotationCollectionInput:
    """The set to remove, with its regions."""

    id: strawberry.ID


@strawberry.input
class AnnotationFilter:
    """Which regions are asked for."""

    ids: list[strawberry.ID] | None = None
    search: str | None = None
    collection: strawberry.ID | None = None
    dataset: strawberry.ID | None = None
    kind: RoiKind | None = None


@strawberry.input
class AnnotationCollectionFilter:
    """Which sets are asked for."""

    ids: list[strawberry.ID] | None = None
    dataset: strawberry.ID | None = None


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
            await info.context.principal(), input.name, axes, image_id=_image_of(input.derived_from or ())
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


def _image_of(sources: Sequence[object]) -> str | None:
    for source in sources:
        if isinstance(source, dict):
            if isinstance(system := source.get("coordinateSystem"), str) and system.endswith(GRID):
                return system.removesuffix(GRID)
            if isinstance(dataset := source.get("dataset"), str):
                return dataset
    return None


def _grid(record_id: str, axes: Sequence[AxisMessage], created_at: float, *, name: str = "pixels") -> CoordinateSystem:
    return CoordinateSystem(
        id=strawberry.ID(f"{record_id}{GRID}"),
        name=name,
        axes=[
            Axis(
                id=strawberry.ID(f"{record_id}:axis:{order}"),
                order=order,
                name=axis.name,
                type=axis.type,
                unit=None if axis.unit is None else Unit(axis.unit),
                long_name=axis.long_name,
                description=axis.description,
            )
            for order, axis in enumerate(axes)
        ],
        created_at=datetime.fromtimestamp(created_at, UTC),
    )
