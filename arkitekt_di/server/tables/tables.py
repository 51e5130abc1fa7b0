"""What the hub keeps about tables."""

from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from arkitekt_di.server.blobs.tables import Blob
from arkitekt_di.server.database import Table
from arkitekt_di.server.filing import Stored


class TableDataset(Stored, Table):
    """One table; whatever is here has all its rows."""

    __tablename__ = "table_datasets"

    description: Mapped[str | None] = mapped_column(Text)
    columns: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    row_count: Mapped[int | None] = mapped_column(BigInteger)
    image_id: Mapped[str | None] = mapped_column(String(36))
    # Unique: however many callers race, one upload becomes one table.
    blob_id: Mapped[str] = mapped_column(ForeignKey("blobs.id"), unique=True)
    blob: Mapped[Blob] = relationship(lazy="joined", innerjoin=True)

    __table_args__ = (
        Index("ix_table_datasets_newest", "organization_id", "created_at", "id"),
        Index("ix_table_datasets_folder", "organization_id", "folder_id"),
        Index("ix_table_datasets_deleted", "deleted_at"),
        Index("ix_table_datasets_deleted_with", "deleted_with"),
        Index("ix_table_datasets_image", "image_id"),
    )
