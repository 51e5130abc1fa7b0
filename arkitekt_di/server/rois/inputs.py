"""What regions of interest are asked with, in the words of mikro."""

from typing import NewType

import strawberry
from pydantic import ValidationError
from strawberry.scalars import JSON
from strawberry.types.scalar import ScalarDefinition

from arkitekt_di.messages.rois import RoiDraft, RoiEdit, RoiKind
from arkitekt_di.server.graphql.scalars import read_vector
from arkitekt_di.server.images.inputs import AxisInput
from arkitekt_di.server.rois.rois import refused
from arkitekt_di.server.rois.wire import GRID

ThreeDVector = NewType("ThreeDVector", list[float])

SCALARS: dict[object, ScalarDefinition] = {
    ThreeDVector: strawberry.scalar(name="ThreeDVector", parse_value=read_vector, description="A vertex.")
}


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

    def image_id(self) -> str | None:
        """Return the image that the regions are of, where one is named."""
        for source in self.derived_from or ():
            if isinstance(source, dict):
                if isinstance(system := source.get("coordinateSystem"), str) and system.endswith(GRID):
                    return system.removesuffix(GRID)
                if isinstance(dataset := source.get("dataset"), str):
                    return dataset
        return None


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
