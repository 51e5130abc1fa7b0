"""How a large object is sent in parts, so that an upload can go on where it broke off."""

from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from arkitekt_di.messages.images import UploadGrant
from arkitekt_di.messages.model import CamelMessage

DATA: Final = "data"
"""Name of the whole object, below the prefix of its upload."""

PARTS: Final = "parts"
"""Folder of the parts."""

LIST: Final = "parts.json"
"""Name of the list of parts; written last."""

MAX_LIST_BYTES: Final = 16 * 2**20
"""Largest list of parts."""

MAX_PARTS: Final = 100_000
"""Most parts of one object: their list stays below `MAX_LIST_BYTES`."""


class Part(CamelMessage):
    """One part of an object.

    Attributes
    ----------
    name : str
        Its number and what its bytes hash to, so that a part of this name never has other bytes.
    size : int
        Bytes.
    """

    name: Annotated[str, Field(pattern=r"^[0-9]{6}-[0-9a-f]{32}$")]
    size: Annotated[int, Field(ge=0)]


class PartList(CamelMessage):
    """The parts of an object, in their order."""

    parts: Annotated[tuple[Part, ...], Field(max_length=MAX_PARTS)]


class UploadState(StrEnum):
    """How far an upload is."""

    OPEN = "OPEN"
    FINISHED = "FINISHED"
    ATTACHED = "ATTACHED"
    """Something was made of it."""


class BlobUpload(CamelMessage):
    """An upload that was opened, or is gone on with.

    Attributes
    ----------
    grant : UploadGrant
        Covers the prefix that the object and its parts are below.
    name : str
        Name of the object below that prefix.
    state : UploadState
    record_id : str or None
        What was made of it; None where that is in the trash, too.
    """

    grant: UploadGrant
    name: str
    state: UploadState = UploadState.OPEN
    record_id: str | None = None
