"""Which folders a query asks for, and in which order."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, select

from arkitekt_di.server.folders.tables import Folder
from arkitekt_di.server.listing import Listing, Order
from arkitekt_di.server.principal import Principal
from arkitekt_di.server.records import owned

BY_NAME = (Order("name"),)


@dataclass(frozen=True)
class FolderListing(Listing):
    """One page of folders.

    Attributes
    ----------
    parent_id : str or None
        Only those right inside this folder.
    is_outermost : bool
        Only those that are in no folder.
    is_trashed : bool
        Those in the trash that were deleted by themselves, in place of those that are not.
    """

    parent_id: str | None = None
    is_outermost: bool = False
    is_trashed: bool = False
    order: Sequence[Order] = BY_NAME

    def select(self, principal: Principal) -> Select[Folder]:
        """Return the query for the folders of the organization of *principal*."""
        query = select(Folder).where(owned(Folder, principal))
        if self.is_trashed:
            query = query.where(Folder.deleted_with == Folder.id)
        else:
            query = query.where(Folder.deleted_at.is_(None))
        if self.parent_id is not None:
            query = query.where(Folder.parent_id == self.parent_id)
        if self.is_outermost:
            query = query.where(Folder.parent_id.is_(None))
        return self.narrow(query, Folder)
