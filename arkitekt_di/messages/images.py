"""Images on the wire: records, and grants for the object store."""

from enum import StrEnum

from pydantic import Field, SecretStr

from arkitekt_di.messages.changes import ChangeKind
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
    created_at : str or None
        ISO 8601, UTC.
    """

    id: str
    name: str
    axes: tuple[Axis, ...]
    shape: tuple[int, ...]
    dtype: str | None = None
    store: ZarrStore
    created_at: str | None = None


class ImageDraft(CamelMessage):
    """What is asked of the hub when an image is created from a finished upload."""

    store_id: str
    name: str
    axes: tuple[Axis, ...]


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


class UploadGrant(StoreGrant):
    """A grant to write one array.

    Attributes
    ----------
    store : str
        Identifier of the store; names the upload when it is finished.
    max_bytes : int
        The most that may be written.
    """

    store: str
    max_bytes: int = Field(ge=0)
