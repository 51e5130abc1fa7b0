"""What the image profile of mikro is asked with."""

from typing import NewType

import strawberry
from pydantic import ValidationError
from strawberry.scalars import JSON
from strawberry.types.scalar import ScalarDefinition

from arkitekt_di.errors import ImageRefusedError
from arkitekt_di.messages.images import Axis, AxisType, ImageDraft, LevelDraft, ScaleMethod, UploadKey
from arkitekt_di.server.graphql.paging import OffsetPaginationInput, Ordering, page_of
from arkitekt_di.server.images.images import Edit
from arkitekt_di.server.images.listing import Listing, Order, SortKey
from arkitekt_di.server.images.naming import checked_name
from arkitekt_di.server.images.wire import Extent

ArrayLike = NewType("ArrayLike", str)


def _read_store_id(value: object) -> ArrayLike:
    if not isinstance(value, str):
        message = "An array is named by the identifier of its store."
        raise TypeError(message)
    return ArrayLike(value)


SCALARS: dict[object, ScalarDefinition] = {
    ArrayLike: strawberry.scalar(
        name="ArrayLike", parse_value=_read_store_id, description="The store of a finished upload."
    )
}
"""Scalars of the inputs beside GraphQL's own."""


@strawberry.input
class ResumeZarrUploadsInput:
    """The uploads of one image that may have been interrupted."""

    count: int
    key: str
    outlives_image: bool

    def upload_key(self) -> UploadKey:
        """Return the key; raises `ImageRefusedError` where it is none."""
        try:
            return UploadKey(
                text=checked_name(self.key, subject="the key of an upload"), outlives_image=self.outlives_image
            )
        except ValidationError as error:
            raise ImageRefusedError("the key of an upload is too long", "Shorten it to 200 characters") from error


@strawberry.input
class RequestZarrUploadInput:
    """What a client may know of the array beforehand; the header that it writes is what counts."""

    shape: list[Extent] | None = None
    chunks: list[Extent] | None = None
    version: str | None = None


@strawberry.input
class RefreshZarrUploadInput:
    """An upload that takes longer than its grant."""

    store_id: str


@strawberry.input
class FinishZarrUploadInput:
    """The end of an upload; ``valid`` is false where it is given up."""

    store_id: str
    valid: bool


@strawberry.input
class RequestZarrAccessInput:
    """The store to read."""

    store_id: str


@strawberry.input
class AxisInput:
    """One axis of a new image."""

    name: str
    type: AxisType
    long_name: str | None = None
    description: str | None = None


@strawberry.input
class ScaleInput:
    """A coarser level of a new image."""

    level: int
    array: ArrayLike
    scale_method: ScaleMethod | None = None

    def draft(self) -> LevelDraft:
        """Return what is asked for; raises `ImageRefusedError` where the level is none."""
        if self.level < 1:
            raise ImageRefusedError(f"level {self.level} is no coarser one", "Count levels from 1 on; data is level 0")
        return LevelDraft(level=self.level, store_id=self.array, method=self.scale_method)


@strawberry.input
class CreateArrayDatasetInput:
    """A new image. What the hub cannot keep yet is accepted when it is empty."""

    data: ArrayLike
    name: str
    axes: list[AxisInput]
    scales: list[ScaleInput] = strawberry.field(default_factory=list)
    folder: strawberry.ID | None = None
    anchors: list[JSON] | None = None
    derived_from: list[JSON] | None = None
    source_files: list[JSON] | None = None

    def draft(self) -> ImageDraft:
        """Return what is asked for; raises `ImageRefusedError` where it is more than the hub can keep."""
        extras = {
            "folder": self.folder,
            "anchors": self.anchors,
            "derivedFrom": self.derived_from,
            "sourceFiles": self.source_files,
        }
        if unsupported := [name for name, value in extras.items() if value]:
            raise ImageRefusedError(f"this hub does not keep {', '.join(unsupported)} yet", "Leave it empty")
        axes = tuple(
            Axis(name=axis.name, type=axis.type, long_name=axis.long_name, description=axis.description)
            for axis in self.axes
        )
        levels = tuple(scale.draft() for scale in self.scales)
        return ImageDraft(store_id=self.data, name=self.name, axes=axes, levels=levels)


@strawberry.input
class UpdateArrayDatasetInput:
    """What is to change; members that are left out stay as they are."""

    id: strawberry.ID
    name: str | None = None
    description: str | None = None

    def edit(self) -> Edit:
        """Return what is to change."""
        return Edit(name=self.name, description=self.description)


@strawberry.input
class DeleteArrayDatasetInput:
    """The image to delete."""

    id: strawberry.ID


@strawberry.input
class ArrayDatasetFilter:
    """Which images are asked for."""

    search: str | None = None
    ids: list[strawberry.ID] | None = None


@strawberry.input(one_of=True)
class ArrayDatasetOrder:
    """One criterion of the order."""

    created_at: strawberry.Maybe[Ordering]
    name: strawberry.Maybe[Ordering]
    id: strawberry.Maybe[Ordering]

    def order(self) -> Order:
        """Return the criterion that is set."""
        keys = {SortKey.CREATED_AT: self.created_at, SortKey.NAME: self.name, SortKey.ID: self.id}
        key, direction = next((key, direction.value) for key, direction in keys.items() if direction is not None)
        return Order(key, is_descending=direction.is_descending)


def listing_of(
    filters: ArrayDatasetFilter | None, pagination: OffsetPaginationInput | None, ordering: list[ArrayDatasetOrder]
) -> Listing:
    """Return the page that is asked for."""
    page = page_of(pagination)
    return Listing(
        search=None if filters is None else filters.search,
        ids=None if filters is None else filters.ids,
        order=tuple(criterion.order() for criterion in ordering),
        limit=page.limit,
        offset=page.offset,
    )
