"""What the hub keeps about images: one row a stored array, one row an image."""

from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Float, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from arkitekt_di.server.database import Table
from arkitekt_di.server.identifiers import new_identifier


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

    __table_args__ = (
        Index("ix_image_stores_due", "state", "expires_at"),
        Index("ix_image_stores_owner", "organization_id", "user_id", "state"),
    )


class Image(Table):
    """One image; whatever is here has all its pixels."""

    __tablename__ = "images"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_identifier)
    organization_id: Mapped[str] = mapped_column(String(255))
    user_id: Mapped[str] = mapped_column(String(255))
    client_id: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(255))
    folded_name: Mapped[str] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    axes: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    created_at: Mapped[float] = mapped_column(Float(53))
    # Unique: however many callers race, one store becomes one image.
    store_id: Mapped[str] = mapped_column(ForeignKey("image_stores.id"), unique=True)
    store: Mapped[Store] = relationship(lazy="joined", innerjoin=True)

    __table_args__ = (Index("ix_images_newest", "organization_id", "created_at", "id"),)
