"""What the hub keeps about images: one row a stored array, one row an image."""

from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Float, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from arkitekt_di.server.database import Table
from arkitekt_di.server.identifiers import new_identifier
from arkitekt_di.server.records import Filed


class StoreState(StrEnum):
    """How far an upload is."""

    OPEN = "OPEN"
    """May be written; invisible."""
    FINISHED = "FINISHED"
    """Checked and sealed; invisible until an image is created from it."""
    ATTACHED = "ATTACHED"
    """Holds the pixels of an image."""
    DISCARDED = "DISCARDED"
    """Garbage; kept as a row until no grant can write there any more."""


_UNFINISHED = text("state IN ('OPEN', 'FINISHED')")


class Store(Table):
    """One array in the object store, from the request for an upload on; times are seconds since 1970, UTC."""

    __tablename__ = "image_stores"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_identifier)
    organization_id: Mapped[str] = mapped_column(String(255))
    user_id: Mapped[str] = mapped_column(String(255))
    client_id: Mapped[str] = mapped_column(String(255))
    bucket: Mapped[str] = mapped_column(String(63))
    key: Mapped[str] = mapped_column(String(255), unique=True)
    state: Mapped[str] = mapped_column(String(16), default=StoreState.OPEN)
    created_at: Mapped[float] = mapped_column(Float(53))
    expires_at: Mapped[float] = mapped_column(Float(53))
    max_bytes: Mapped[int] = mapped_column(BigInteger)
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    header: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    shared_key: Mapped[str | None] = mapped_column(String(255))
    content: Mapped[str | None] = mapped_column(String(64))
    upload_key: Mapped[str | None] = mapped_column(String(255))
    upload_part: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (
        Index("ix_image_stores_due", "state", "expires_at"),
        Index("ix_image_stores_owner", "organization_id", "user_id", "state"),
        Index("ix_image_stores_content", "organization_id", "content"),
        Index("ix_image_stores_upload", "user_id", "upload_key"),
        Index("ix_image_stores_shared", "shared_key"),
        # However many hubs race, one key opens one upload of each level.
        Index(
            "uq_image_stores_unfinished",
            "organization_id",
            "user_id",
            "upload_key",
            "upload_part",
            unique=True,
            sqlite_where=_UNFINISHED,
            postgresql_where=_UNFINISHED,
        ),
    )

    @property
    def place(self) -> str:
        """Return where the objects are: below the store's own key, or where another one keeps the very same."""
        return self.shared_key or self.key


class ImageLevel(Table):
    """One of the coarser levels of an image, counted from 1."""

    __tablename__ = "image_levels"

    image_id: Mapped[str] = mapped_column(ForeignKey("images.id", ondelete="CASCADE"), primary_key=True)
    level: Mapped[int] = mapped_column(Integer, primary_key=True)
    store_id: Mapped[str] = mapped_column(ForeignKey("image_stores.id"), unique=True)
    method: Mapped[str | None] = mapped_column(String(16))
    store: Mapped[Store] = relationship(lazy="joined", innerjoin=True)


class Frames(Table):
    """Objects of frames that were appended to an array that still grows, by the place of the first one."""

    __tablename__ = "image_frames"

    store_id: Mapped[str] = mapped_column(ForeignKey("image_stores.id", ondelete="CASCADE"), primary_key=True)
    first: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    objects: Mapped[dict[str, Any]] = mapped_column(JSON)


class ImageTag(Table):
    """One tag of an image, as it was given and as it is compared."""

    __tablename__ = "image_tags"

    image_id: Mapped[str] = mapped_column(ForeignKey("images.id", ondelete="CASCADE"), primary_key=True)
    folded: Mapped[str] = mapped_column(String(1024), primary_key=True)
    tag: Mapped[str] = mapped_column(String(255))

    __table_args__ = (Index("ix_image_tags_folded", "folded"),)


class ImageAxis(Table):
    """How many pixels an image has along one axis, to find it by."""

    __tablename__ = "image_axes"

    image_id: Mapped[str] = mapped_column(ForeignKey("images.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(255), primary_key=True)
    position: Mapped[int] = mapped_column(Integer)
    size: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (Index("ix_image_axes_size", "name", "size"),)


class Image(Filed, Table):
    """One image; whatever is here has all its pixels."""

    __tablename__ = "images"

    description: Mapped[str | None] = mapped_column(Text)
    axes: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    dtype: Mapped[str] = mapped_column(String(64))
    acquired_at: Mapped[float | None] = mapped_column(Float(53))
    acquired_until: Mapped[float | None] = mapped_column(Float(53))
    acquisition: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    channels: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True))
    tags: Mapped[list[ImageTag]] = relationship(
        lazy="selectin", order_by=ImageTag.folded, cascade="all, delete-orphan", passive_deletes=True
    )
    # Unique: however many callers race, one store becomes one image.
    store_id: Mapped[str] = mapped_column(ForeignKey("image_stores.id"), unique=True)
    store: Mapped[Store] = relationship(lazy="joined", innerjoin=True)
    writer_id: Mapped[str | None] = mapped_column(String(36))
    levels: Mapped[list["ImageLevel"]] = relationship(
        lazy="selectin", order_by="ImageLevel.level", cascade="all, delete-orphan", passive_deletes=True
    )

    __table_args__ = (
        Index("ix_images_newest", "organization_id", "created_at", "id"),
        Index("ix_images_folder", "organization_id", "folder_id"),
        Index("ix_images_deleted", "deleted_at"),
        Index("ix_images_deleted_with", "deleted_with"),
    )

    def stores(self) -> list[Store]:
        """Return the arrays of every level, the finest first."""
        return [self.store, *(level.store for level in self.levels)]
