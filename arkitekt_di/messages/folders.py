"""Folders on the wire."""

from arkitekt_di.messages.model import CamelMessage


class FolderRecord(CamelMessage):
    """What the hub knows about a folder.

    Attributes
    ----------
    id : str
    name : str
    path : str
        Names from the outermost folder to this one, with slashes between them.
    parent_id : str or None
        The folder that it is in.
    description : str or None
    created_at, deleted_at : str or None
        ISO 8601, UTC; a folder with the latter is in the trash.
    """

    id: str
    name: str
    path: str
    parent_id: str | None = None
    description: str | None = None
    created_at: str | None = None
    deleted_at: str | None = None


class FolderQuery(CamelMessage):
    """Which folders are asked for.

    Attributes
    ----------
    text : str or None
        Part of the name; case does not count.
    parent_id : str or None
        Only those right inside this folder.
    is_outermost : bool
        Only those that are in no folder.
    is_trashed : bool
        Those that were deleted, in place of those that were not.
    limit, offset : int
        Size of the page, and folders before it.
    """

    text: str | None = None
    parent_id: str | None = None
    is_outermost: bool = False
    is_trashed: bool = False
    limit: int = 50
    offset: int = 0
