"""Regions of interest as mikro's GraphQL shows them, where they are called annotations."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, Self

import strawberry

from arkitekt_di.messages.images import Axis as AxisMessage
from arkitekt_di.messages.rois import RoiKind
from arkitekt_di.server.graphql.context import Info
from arkitekt_di.server.graphql.paging import OffsetPaginationInput, page_of
from arkitekt_di.server.graphql.scalars import Unit
from arkitekt_di.server.graphql.watching import Told
from arkitekt_di.server.images.wire import Axis, CoordinateSystem, User
from arkitekt_di.server.rois.rois import RoiListing, Rois
from arkitekt_di.server.rois.tables import Roi, RoiCollection

GRID: Final = ":grid"
"""Ends the identifier of the coordinate system of an image."""

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
        return cls(cursor=told.cursor, **told.members(Annotation.of))


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
