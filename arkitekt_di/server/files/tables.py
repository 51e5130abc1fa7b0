"""What the hub keeps about files."""

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from arkitekt_di.server.blobs.tables import Blob
from arkitekt_di.server.database import Table
from arkitekt_di.server.filing import Stored


class File(Stored, Table):
    """One file; whatever is here has all its bytes."""

    __tablename__ = "files"

    # Unique: however many callers race, one upload becomes one file.
    blob_id: Mapped[str] = mapped_column(ForeignKey("blobs.id"), unique=True)
    blob: Mapped[Blob] = relationship(lazy="joined", innerjoin=True)

    __table_args__ = (
        Index("ix_files_newest", "organization_id", "created_at", "id"),
        Index("ix_files_folder", "organization_id", "folder_id"),
        Index("ix_files_deleted", "deleted_at"),
        Index("ix_files_deleted_with", "deleted_with"),
    )
