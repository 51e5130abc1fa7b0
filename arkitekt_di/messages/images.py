"""Images on the wire: records, and grants for the object store."""

from enum import StrEnum
from typing import Final

from pydantic import Field, SecretStr

from arkitekt_di.messages.changes import ChangeKind
from arkitekt_di.messages.descriptions import Acquisition, Channel, Creator, ImageDescription
from arkitekt_di.messages.model import CamelMessage


class AxisType(StrEnum):
    """What an axis stands for: the vocabulary of the real mikro, which refuses any other word.

    ``OTHER`` is another name of ``INDEX``, the one kind that promises nothing about distances.
    """

    SPACE = "SPACE"
    TIME = "TIME"
    CHANNEL = "CHANNEL"
    COORDINATE = "COORDINATE"
    DISPLACEMENT = "DISPLACEMENT"
    MICROTIME = "MICROTIME"
    SPECTRUM = "SPECTRUM"
    INDEX = "INDEX"
    OTHER = "INDEX"  # an alias on purpose


class Axis(CamelMessage):
    """One axis of an array, in storage order.

    Attributes
    ----------
    name : str
        Name of the dimension, such as ``x``.
    type : AxisType
    unit : str or None
        UDUNITS-2 name as OME-NGFF 0.5 wants it, such as ``micrometer``; None where the axis has none.
    """

    name: str
    type: AxisType = AxisType.OTHER
    unit: str | None = None
    long_name: str | None = None
    description: str | None = None


class ZarrStore(CamelMessage):
    """Where the pixels of one array are: a zarr v3 array at the root of ``key``."""

    id: str
    bucket: str
    key: str
    path: str | None = None


class StoredObject(CamelMessage):
    """An object of an upload.

    Attributes
    ----------
    size : int
        Bytes.
    crc32 : int
        Its checksum (CRC-32, ITU-T V.42).
    """

    size: int = Field(ge=0)
    crc32: int = Field(ge=0, lt=2**32)


class LevelRecord(CamelMessage):
    """One level of resolution of an image; 0 is the finest.

    Attributes
    ----------
    level : int
    shape : tuple of int
        Pixels along each axis.
    store : ZarrStore
    """

    level: int
    shape: tuple[int, ...]
    store: ZarrStore


class ImageRecord(CamelMessage):
    """What the hub knows about an image; the pixels are in its store.

    Attributes
    ----------
    id : str
    name : str
    axes : tuple of Axis
    shape : tuple of int
        Pixels along each axis.
    dtype : str
        zarr v3 name of the data type, such as ``uint16``.
    store : ZarrStore
        Of the finest level.
    levels : tuple of LevelRecord
        Every level of resolution, the finest first; empty where the hub tells of one only.
    created_at, updated_at : str or None
        ISO 8601, UTC.
    page_url : str or None
        Where people look at it; None where the hub has no such page.
    description, folder_id : str or None
    creator : Creator or None
    tags : tuple of str
    acquisition : Acquisition
    channels : tuple of Channel
        One for each position on the channel axis; none where nothing was said about them.
    """

    id: str
    name: str
    axes: tuple[Axis, ...]
    shape: tuple[int, ...]
    dtype: str | None = None
    store: ZarrStore
    levels: tuple[LevelRecord, ...] = ()
    created_at: str | None = None
    updated_at: str | None = None
    page_url: str | None = None
    description: str | None = None
    folder_id: str | None = None
    creator: Creator | None = None
    tags: tuple[str, ...] = ()
    acquisition: Acquisition = Field(default_factory=Acquisition)
    channels: tuple[Channel, ...] = ()


class ScaleMethod(StrEnum):
    """How a level of resolution was made from the finer one: the vocabulary of the real mikro."""

    NEAREST = "NEAREST"
    MODE = "MODE"
    LINEAR = "LINEAR"
    CUBIC = "CUBIC"
    AREA = "AREA"
    """The mean over a window."""
    GAUSSIAN = "GAUSSIAN"
    MAX = "MAX"
    MIN = "MIN"


class LevelDraft(CamelMessage):
    """A coarser level of a new image: a finished upload, too.

    Attributes
    ----------
    level : int
        Counted from the finest, which is 0 and not in the list.
    store_id : str
    method : ScaleMethod or None
    """

    level: int = Field(ge=1)
    store_id: str
    method: ScaleMethod | None = None


class ImageDraft(ImageDescription):
    """What is asked of the hub when an image is created from a finished upload."""

    store_id: str
    name: str
    axes: tuple[Axis, ...]
    levels: tuple[LevelDraft, ...] = ()

    def store_ids(self) -> list[str]:
        """Return the uploads of every level, the finest first."""
        return [self.store_id, *(level.store_id for level in self.levels)]


class ImageHit(CamelMessage):
    """One result of a search."""

    id: str
    name: str


class ImageEvent(CamelMessage):
    """One thing that happened to one image; ``record`` is None where it was deleted."""

    kind: ChangeKind
    image_id: str
    record: ImageRecord | None = None


class StoreGrant(CamelMessage):
    """Credentials for one prefix of the object store, for a short time.

    Attributes
    ----------
    access_key : str
    secret_key : pydantic.SecretStr
    session_token : pydantic.SecretStr
    bucket, key : str
        The grant covers ``s3://bucket/key/`` and nothing else.
    path : str
        The same as one address.
    expires_in : int
        Seconds from the answer on.
    """

    access_key: str
    secret_key: SecretStr
    session_token: SecretStr
    bucket: str
    key: str
    path: str
    expires_in: int


DRAFT: Final = "arkitekt-draft"
"""Metadata of a put, in S3's words, that names a file in a `DraftFolder` in place of a body."""


class DraftFolder(CamelMessage):
    """A folder on the hub's machine, into which a client of the hub's own user may write objects as files.

    Attributes
    ----------
    path : str
        Absolute.
    proof : str
        Name of a file that is there: who finds it sees the folder that the hub means.
    """

    path: str
    proof: str


class UploadGrant(StoreGrant):
    """A grant to write one array.

    Attributes
    ----------
    store : str
        Identifier of the store; names the upload when it is finished.
    max_bytes : int
        The most that may be written.
    drafts : DraftFolder or None
        Where objects may be written as files instead of being sent; None where they have to be sent.
    """

    store: str
    max_bytes: int = Field(ge=0)
    drafts: DraftFolder | None = None


class FrameObject(CamelMessage):
    """An object of frames that are appended, in the upload that they were sent to.

    Attributes
    ----------
    level : int
        Level of resolution.
    key : str
        Of the object, relative to the level's array; in the upload it lies below the number of its level.
    size, crc32 : int
        Bytes, and their checksum (CRC-32, ITU-T V.42).
    """

    level: int = Field(ge=0)
    key: str
    size: int = Field(ge=0)
    crc32: int = Field(ge=0, lt=2**32)


class FrameBatch(CamelMessage):
    """Frames that become part of an image at once.

    Attributes
    ----------
    store_id : str
        The upload that they were sent to.
    first : int
        Place of the first one along the axis that grows; where the image ended before.
    count : int
    objects : tuple of FrameObject
        Every object of every level.
    """

    store_id: str
    first: int = Field(ge=0)
    count: int = Field(ge=1)
    objects: tuple[FrameObject, ...]


class OpenAppend(CamelMessage):
    """A place for frames, and the image as it is.

    Attributes
    ----------
    grant : UploadGrant
    record : ImageRecord
    """

    grant: UploadGrant
    record: ImageRecord


class UploadKey(CamelMessage):
    """Names an upload, so that a second try goes on with it.

    Attributes
    ----------
    text : str
        Chosen by the client; a user's own.
    outlives_image : bool
        Whether a try after the image was made gets that image, or makes another one.
    """

    text: str = Field(min_length=1, max_length=200)
    outlives_image: bool


class OpenUploads(CamelMessage):
    """Places for the arrays of one image.

    Attributes
    ----------
    grants : tuple of UploadGrant
        One for each array, in order; none where there is an image already.
    held : tuple of dict of str to StoredObject
        What each place holds from an earlier try.
    record : ImageRecord or None
        The image that was made under the same key before.
    """

    grants: tuple[UploadGrant, ...] = ()
    held: tuple[dict[str, StoredObject], ...] = ()
    record: ImageRecord | None = None
