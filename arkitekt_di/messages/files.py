"""Files on the wire."""

from arkitekt_di.messages.model import CamelMessage


class FileStore(CamelMessage):
    """Where the bytes of a file are.

    Attributes
    ----------
    id : str
    bucket, key : str
        The object.
    size_bytes : int or None
    sha256 : str or None
        Hexadecimal; None where whoever sent the file did not say.
    """

    id: str
    bucket: str
    key: str
    size_bytes: int | None = None
    sha256: str | None = None


class FileRecord(CamelMessage):
    """What the hub knows about a file; the bytes are in its store.

    Attributes
    ----------
    id : str
    name : str
    store : FileStore
    folder_id : str or None
        The folder that it is in.
    content_type : str or None
    created_at, deleted_at : str or None
        ISO 8601, UTC; a file with the latter is in the trash.
    """

    id: str
    name: str
    store: FileStore
    folder_id: str | None = None
    content_type: str | None = None
    created_at: str | None = None
    deleted_at: str | None = None


class FileQuery(CamelMessage):
    """Which files are asked for.

    Attributes
    ----------
    text : str or None
        Part of the name; case does not count.
    folder_id : str or None
        Only those right inside this folder.
    is_trashed : bool
        Those that were deleted, in place of those that were not.
    is_oldest_first : bool
        The newest come first where it is not set.
    limit, offset : int
        Size of the page, and files before it.
    """

    text: str | None = None
    folder_id: str | None = None
    is_trashed: bool = False
    is_oldest_first: bool = False
    limit: int = 50
    offset: int = 0
