"""What the hub keeps about folders."""

import hashlib
import unicodedata

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from arkitekt_di.server.database import Table
from arkitekt_di.server.records import Record


class Folder(Record, Table):
    """One folder."""

    __tablename__ = "folders"

    parent_id: Mapped[str | None] = mapped_column(ForeignKey("folders.id"))
    description: Mapped[str | None] = mapped_column(Text)
    # Unique: however many callers race, a name is taken once in each folder. None in the trash.
    slot: Mapped[str | None] = mapped_column(String(64), unique=True)

    __table_args__ = (
        Index("ix_folders_parent", "organization_id", "parent_id"),
        Index("ix_folders_deleted", "deleted_at"),
        Index("ix_folders_deleted_with", "deleted_with"),
    )


def slot_of(organization_id: str, parent_id: str | None, name: str) -> str:
    """Return what two folders of the same name in the same place have in common.

    Names that look the same are the same (Unicode NFC); case counts, as it does in most file systems of servers.
    """
    parts = (organization_id, parent_id or "", unicodedata.normalize("NFC", name))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
