"""What the image profile of mikro answers: the types that its image operations select from, and no more."""

from datetime import UTC, datetime
from typing import NewType, Self

import strawberry
from strawberry.scalars import JSON
from strawberry.types.scalar import ScalarDefinition

from arkitekt_di.messages.descriptions import Acquisition, Channel
from arkitekt_di.messages.images import Axis as AxisMessage
from arkitekt_di.messages.images import AxisType, UploadGrant
from arkitekt_di.server.address import Address, is_local
from arkitekt_di.server.graphql.context import Info
from arkitekt_di.server.graphql.grants import AccessGrant, Credentials, credentials
from arkitekt_di.server.graphql.scalars import ByteCount, Unit, read_count
from arkitekt_di.server.graphql.watching import Told
from arkitekt_di.server.images.appending import OpenedAppend
from arkitekt_di.server.images.array_header import ArrayHeader
from arkitekt_di.server.images.descriptions import acquisition_of, channels_of
from arkitekt_di.server.images.naming import PAGES
from arkitekt_di.server.images.pixels import path_of
from arkitekt_di.server.images.tables import Image, Store
from arkitekt_di.server.images.uploads import Resumed, Uploads

Extent = NewType("Extent", int)

SCALARS: dict[object, ScalarDefinition] = {
    # GraphQL's own Int ends at 2**31: fewer samples than a trace has.
    Extent: strawberry.scalar(
        name="Extent", serialize=int, parse_value=read_count, description="A number of pixels along an axis."
    ),
}
"""Scalars of images."""


@strawberry.type(description="A stored zarr v3 array.")
class ZarrStore:
    """Where the pixels of one array are."""

    id: strawberry.ID
    bucket: str
    key: str
    path: str
    max_bytes: ByteCount | None
    size_bytes: ByteCount | None
    shape: list[Extent]
    chunks: list[Extent]
    shards: list[Extent] | None
    dtype: str | None
    dimension_names: list[str | None] | None

    @classmethod
    def of(cls, store: Store) -> Self:
        """Show a row; one that is not finished has no shape yet."""
        header = None if store.header is None else ArrayHeader.model_validate(store.header)
        return cls(
            id=strawberry.ID(store.id),
            bucket=store.bucket,
            key=store.place,
            path=path_of(store),
            max_bytes=ByteCount(store.max_bytes),
            size_bytes=None if store.size_bytes is None else ByteCount(store.size_bytes),
            shape=[] if header is None else _extents(header.shape),
            chunks=[] if header is None else _extents(header.chunk_shape),
            shards=None if header is None or header.shard_shape is None else _extents(header.shard_shape),
            dtype=None if header is None else header.data_type,
            dimension_names=None if header is None else list(header.dimension_names),
        )


@strawberry.type(description="One axis, in storage order.")
class Axis:
    """One axis of an image."""

    id: strawberry.ID
    order: int
    name: str
    type: AxisType
    unit: Unit | None
    long_name: str | None
    description: str | None


@strawberry.type(description="The pixel grid of an image.")
class CoordinateSystem:
    """The space that an image's pixels are counted in."""

    id: strawberry.ID
    name: str
    axes: list[Axis]
    created_at: datetime
    epoch: datetime | None = None
    reference: str | None = None
    reference_app: str | None = None


@strawberry.type(description="What the values of one channel are like; counts is a histogram from min to max.")
class ChannelStatistics:
    """Statistics of one channel."""

    min: float | None
    max: float | None
    counts: list[Extent]


@strawberry.type(description="One level of resolution of an image.")
class DataArray:
    """One level of resolution; 0 is the full one."""

    id: strawberry.ID
    level: int
    shape: list[Extent]
    chunk_shape: list[Extent]
    store: ZarrStore
    scale: list[Extent]
    statistics: list[ChannelStatistics]

    @classmethod
    def of(cls, image: Image, level: int, store: Store) -> Self:
        """Show one level."""
        shown = ZarrStore.of(store)
        header = ArrayHeader.model_validate(store.header)
        return cls(
            id=strawberry.ID(f"{image.id}:level:{level}"),
            level=level,
            shape=shown.shape,
            chunk_shape=shown.chunks,
            store=shown,
            scale=_extents(header.scale or (1,) * len(header.shape)),
            statistics=[
                ChannelStatistics(min=channel.min, max=channel.max, counts=_extents(channel.counts))
                for channel in header.statistics
            ],
        )


@strawberry.type(description="One channel of an image; contrast and limits are pairs.")
class ImageChannel:
    """What one channel is."""

    name: str
    color: str | None
    contrast: list[float] | None
    limits: list[float] | None
    emission_nm: float | None
    excitation_nm: float | None
    is_shown: bool

    @classmethod
    def of(cls, channel: Channel) -> Self:
        """Show a channel."""
        return cls(
            name=channel.name,
            color=channel.color,
            contrast=None if channel.contrast is None else list(channel.contrast),
            limits=None if channel.limits is None else list(channel.limits),
            emission_nm=channel.emission_nm,
            excitation_nm=channel.excitation_nm,
            is_shown=channel.is_shown,
        )


@strawberry.type(description="How an image was acquired; attributes are whatever else there was to say.")
class ImageAcquisition:
    """How an image was acquired."""

    start: datetime | None
    end: datetime | None
    instrument: str | None
    objective: str | None
    operator: str | None
    sample: str | None
    attributes: JSON

    @classmethod
    def of(cls, acquisition: Acquisition) -> Self:
        """Show an acquisition."""
        return cls(**{**vars(acquisition), "attributes": JSON(acquisition.attributes)})


@strawberry.type(description="A user of the hub.")
class User:
    """A user."""

    id: strawberry.ID
    sub: str
    preferred_username: str


@strawberry.type(description="An image: an array with named axes.")
class ArrayDataset:
    """An image."""

    id: strawberry.ID
    name: str
    description: str | None
    axis_names: list[str]
    shape: list[Extent]
    intrinsic_system: CoordinateSystem | None
    data_arrays: list[DataArray]
    multiscale: bool
    acquisition_start: datetime | None
    acquisition_end: datetime | None
    acquisition: ImageAcquisition
    channels: list[ImageChannel]
    tags: list[str]
    folder_id: strawberry.ID | None
    creator: User
    updated_at: datetime

    @strawberry.field
    async def page_url(self, info: Info) -> str | None:
        """Return the address of its page, as the sender of the request reaches the hub."""
        address, request = info.context.parts.known(Address), info.context.request
        if address is None:
            return None
        return f"{address.url if request is None else address.url_for(request)}{PAGES}/{self.id}"

    @classmethod
    def of(cls, image: Image) -> Self:
        """Show a row."""
        store = ZarrStore.of(image.store)
        axes = [AxisMessage.model_validate(axis) for axis in image.axes]
        acquisition = acquisition_of(image)
        return cls(
            id=strawberry.ID(image.id),
            name=image.name,
            description=image.description,
            acquisition_start=acquisition.start,
            acquisition_end=acquisition.end,
            acquisition=ImageAcquisition.of(acquisition),
            channels=[ImageChannel.of(channel) for channel in channels_of(image)],
            tags=[row.tag for row in image.tags],
            folder_id=None if image.folder_id is None else strawberry.ID(image.folder_id),
            creator=User(id=strawberry.ID(image.user_id), sub=image.user_id, preferred_username=image.user_name),
            updated_at=datetime.fromtimestamp(image.updated_at, UTC),
            axis_names=[axis.name for axis in axes],
            shape=store.shape,
            intrinsic_system=CoordinateSystem(
                id=strawberry.ID(f"{image.id}:grid"),
                name=image.name,
                axes=[_show_axis(image, order, axis) for order, axis in enumerate(axes)],
                created_at=datetime.fromtimestamp(image.created_at, UTC),
            ),
            data_arrays=[DataArray.of(image, level, store) for level, store in enumerate(image.stores())],
            multiscale=len(image.levels) > 0,
        )


@strawberry.type(description="One change of an image; at most one of create, update and delete is set.")
class ArrayDatasetEvent:
    """What a subscription sends."""

    cursor: str
    create: ArrayDataset | None = None
    update: ArrayDataset | None = None
    delete: strawberry.ID | None = None

    @classmethod
    def of(cls, told: Told) -> Self:
        """Show a change."""
        return cls(cursor=told.cursor, **told.members(ArrayDataset.of))


@strawberry.type(description="Credentials for one prefix of the object store.")
class ZarrAccessGrant(AccessGrant):
    """A grant to read one array."""


@strawberry.type(description="A folder of the hub's machine for objects on their way; proof is a file that is there.")
class DraftFolder:
    """Where a client of the hub's own user writes objects as files."""

    path: str
    proof: str


@strawberry.type(description="Credentials to write one array.")
class ZarrUploadGrant(Credentials):
    """A grant to write one array."""

    store: str
    max_bytes: ByteCount

    @strawberry.field
    async def drafts(self, info: Info) -> DraftFolder | None:
        """Return a folder for objects, to who is on this machine."""
        if not is_local(info.context.request):
            return None
        folder = await info.context.part(Uploads).open_drafts(self.bucket, self.key)
        return None if folder is None else DraftFolder(path=folder.path, proof=folder.proof)

    @classmethod
    def of(cls, grant: UploadGrant) -> Self:
        """Show a grant, secrets and all: this answer is their way to the client."""
        return cls(
            **credentials(grant),
            store=grant.store,
            max_bytes=ByteCount(grant.max_bytes),
        )


@strawberry.type(description="An object of an upload; key is relative to it.")
class HeldObject:
    """An object that is there already."""

    key: str
    size: ByteCount
    crc32: ByteCount


@strawberry.type(description="What one upload holds.")
class HeldObjects:
    """Objects that are there already."""

    objects: list[HeldObject]


@strawberry.type(description="Uploads that are gone on with, or the image that they have become.")
class ZarrUploads:
    """Uploads of one image."""

    grants: list[ZarrUploadGrant]
    held: list[HeldObjects]
    record: ArrayDataset | None

    @classmethod
    def of(cls, resumed: Resumed, image: Image | None) -> Self:
        """Show them."""
        return cls(
            grants=[ZarrUploadGrant.of(grant) for grant in resumed.grants],
            held=[
                HeldObjects(
                    objects=[
                        HeldObject(key=key, size=ByteCount(o.size), crc32=ByteCount(o.crc32)) for key, o in held.items()
                    ]
                )
                for held in resumed.held
            ],
            record=None if image is None else ArrayDataset.of(image),
        )


@strawberry.type(description="A place for frames, and the image that they are for.")
class ArrayAppend:
    """An image that is appended to."""

    grant: ZarrUploadGrant
    record: ArrayDataset

    @classmethod
    def of(cls, opened: OpenedAppend) -> Self:
        """Show it."""
        return cls(grant=ZarrUploadGrant.of(opened.grant), record=ArrayDataset.of(opened.image))


def _extents(shape: tuple[int, ...]) -> list[Extent]:
    return [Extent(pixels) for pixels in shape]


def _show_axis(image: Image, order: int, axis: AxisMessage) -> Axis:
    return Axis(
        id=strawberry.ID(f"{image.id}:axis:{order}"),
        order=order,
        name=axis.name,
        type=axis.type,
        unit=None if axis.unit is None else Unit(axis.unit),
        long_name=axis.long_name,
        description=axis.description,
    )
