"""What the image profile of mikro is asked with."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NewType, TypeVar

import strawberry
from pydantic import BaseModel, ValidationError
from strawberry.scalars import JSON
from strawberry.types.scalar import ScalarDefinition

from arkitekt_di.errors import ImageRefusedError
from arkitekt_di.messages.descriptions import Acquisition, Channel, ImageEdit, ImageQuery
from arkitekt_di.messages.images import (
    Axis,
    AxisType,
    FrameBatch,
    FrameObject,
    ImageDraft,
    LevelDraft,
    ScaleMethod,
    UploadKey,
)
from arkitekt_di.server.graphql.paging import OffsetPaginationInput, Ordering, orders_of, page_of
from arkitekt_di.server.graphql.scalars import ByteCount, stored
from arkitekt_di.server.images.listing import ImageListing
from arkitekt_di.server.images.naming import checked_name
from arkitekt_di.server.images.origins import ImageRelationInput, relations_from
from arkitekt_di.server.images.wire import Extent

M = TypeVar("M", bound=BaseModel)

_SAME_NAMES: Final = ("created_after", "created_before", "acquired_after", "acquired_before", "dims", "dtype", "tags")
"""Members of the filter that are called as in the query."""

ArrayLike = NewType("ArrayLike", str)

SCALARS: dict[object, ScalarDefinition] = {ArrayLike: stored("ArrayLike", "an array")}
"""Scalars of the inputs beside GraphQL's own."""


@strawberry.input
class ResumeZarrUploadsInput:
    """The uploads of one image that may have been interrupted."""

    count: int
    key: str | None = None
    outlives_image: bool = False

    def upload_key(self) -> UploadKey | None:
        """Return the key, where there is one; raises `ImageRefusedError` where it will not do."""
        if self.key is None:
            return None
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
class FrameObjectInput:
    """An object of frames that are appended; its key is relative to the array of its level."""

    level: int
    key: str
    size: ByteCount
    crc32: ByteCount


@strawberry.input
class AppendArrayFramesInput:
    """Frames that were sent."""

    store_id: str
    first: Extent
    count: Extent
    objects: list[FrameObjectInput]

    def batch(self) -> FrameBatch:
        """Return what is to be appended; raises `ImageRefusedError` where a number will not do."""
        try:
            objects = tuple(FrameObject(level=o.level, key=o.key, size=o.size, crc32=o.crc32) for o in self.objects)
            return FrameBatch(store_id=self.store_id, first=self.first, count=self.count, objects=objects)
        except ValidationError as error:
            raise ImageRefusedError("a number of the frames is out of range", "Count from 0 on") from error


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
class ChannelInput:
    """What one channel is."""

    name: str
    color: str | None = None
    contrast: list[float] | None = None
    limits: list[float] | None = None
    emission_nm: float | None = None
    excitation_nm: float | None = None
    is_shown: bool = True


@strawberry.input
class AcquisitionInput:
    """How an image was acquired."""

    start: datetime | None = None
    end: datetime | None = None
    instrument: str | None = None
    objective: str | None = None
    operator: str | None = None
    sample: str | None = None
    attributes: JSON | None = None

    def message(self) -> Acquisition:
        """Return what is said; raises `ImageRefusedError`."""
        given = {name: value for name, value in vars(self).items() if value is not None}
        return _message(Acquisition, given, "the acquisition")


@strawberry.input
class SizeInput:
    """How many pixels there are along an axis, at least and at most."""

    axis: str
    min: int | None = None
    max: int | None = None


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
    tags: list[str] | None = None
    acquisition: AcquisitionInput | None = None
    channels: list[ChannelInput] | None = None

    def draft(self) -> ImageDraft:
        """Return what is asked for; raises `ImageRefusedError` where it is more than the hub can keep."""
        if self.anchors:
            raise ImageRefusedError("this hub does not keep anchors yet", "Leave them empty")
        axes = tuple(
            Axis(name=axis.name, type=axis.type, long_name=axis.long_name, description=axis.description)
            for axis in self.axes
        )
        return ImageDraft(
            store_id=self.data,
            name=self.name,
            axes=axes,
            levels=tuple(scale.draft() for scale in self.scales),
            folder_id=self.folder,
            tags=tuple(self.tags or ()),
            acquisition=None if self.acquisition is None else self.acquisition.message(),
            channels=_channels(self.channels or ()),
            relations=relations_from(self.derived_from or (), self.source_files or ()),
        )


@strawberry.input
class UpdateArrayDatasetInput:
    """What is to change; members that are left out stay as they are."""

    id: strawberry.ID
    name: str | None = None
    description: str | None = None
    tags: list[str] | None = None
    added_tags: list[str] = strawberry.field(default_factory=list)
    removed_tags: list[str] = strawberry.field(default_factory=list)
    acquisition: AcquisitionInput | None = None
    channels: list[ChannelInput] | None = None
    added_relations: list[ImageRelationInput] = strawberry.field(default_factory=list)
    removed_relations: list[ImageRelationInput] = strawberry.field(default_factory=list)

    def edit(self) -> ImageEdit:
        """Return what is to change."""
        return ImageEdit(
            name=self.name,
            description=self.description,
            tags=None if self.tags is None else tuple(self.tags),
            added_tags=tuple(self.added_tags),
            removed_tags=tuple(self.removed_tags),
            acquisition=None if self.acquisition is None else self.acquisition.message(),
            channels=None if self.channels is None else _channels(self.channels),
            added_relations=tuple(relation.message() for relation in self.added_relations),
            removed_relations=tuple(relation.message() for relation in self.removed_relations),
        )


@strawberry.input
class DeleteArrayDatasetInput:
    """The image to delete."""

    id: strawberry.ID


@strawberry.input
class RestoreArrayDatasetInput:
    """The image to take out of the trash."""

    id: strawberry.ID


@strawberry.input
class AssociateInput:
    """What is put into a folder: records of one kind, and the folder."""

    selfs: list[strawberry.ID]
    other: strawberry.ID


@strawberry.input
class DesociateInput:
    """What is taken out of a folder: records of one kind, and the folder."""

    selfs: list[strawberry.ID]
    other: strawberry.ID


@strawberry.input
class ArrayDatasetFilter:
    """Which images are asked for; everything that is given has to fit."""

    search: str | None = None
    ids: list[strawberry.ID] | None = None
    folder: strawberry.ID | None = None
    owner: strawberry.ID | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    acquired_after: datetime | None = None
    acquired_before: datetime | None = None
    dims: list[str] | None = None
    dtype: str | None = None
    sizes: list[SizeInput] | None = None
    tags: list[str] | None = None
    derived_from: strawberry.ID | None = None
    label_of: strawberry.ID | None = None
    trashed: bool = False

    def query(self) -> ImageQuery:
        """Return what has to fit; raises `ImageRefusedError`."""
        members = {name: getattr(self, name) for name in _SAME_NAMES if getattr(self, name) is not None}
        sizes = [vars(size) for size in self.sizes or ()]
        own = {"folder_id": self.folder, "creator": self.owner, "is_trashed": self.trashed, "sizes": sizes}
        own |= {"derived_from": self.derived_from, "label_of": self.label_of}
        return _message(ImageQuery, members | own, "the filter")


@strawberry.input(one_of=True)
class ArrayDatasetOrder:
    """One criterion of the order."""

    created_at: strawberry.Maybe[Ordering]
    name: strawberry.Maybe[Ordering]
    id: strawberry.Maybe[Ordering]


def listing_of(
    filters: ArrayDatasetFilter | None, pagination: OffsetPaginationInput | None, ordering: list[ArrayDatasetOrder]
) -> ImageListing:
    """Return the page that is asked for."""
    asked = filters or ArrayDatasetFilter()
    return ImageListing(
        page=page_of(pagination),
        search=asked.search,
        ids=asked.ids,
        order=orders_of(ordering),
        query=asked.query(),
    )


def _channels(given: Sequence[ChannelInput]) -> tuple[Channel, ...]:
    return tuple(
        _message(Channel, {name: value for name, value in vars(one).items() if value is not None}, "a channel")
        for one in given
    )


def _message(kind: type[M], given: object, subject: str) -> M:
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ImageRefusedError(
            f"{subject} cannot be kept{place and f', {place}'}: {first['msg']}", "Change it and send it again"
        ) from error
