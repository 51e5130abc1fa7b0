"""What the hub keeps about regions of interest: one row a region, one row a set of them."""

from typing import Any

from sqlalchemy import JSON, Boolean, Float, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from arkitekt_di.server.database import Table
from arkitekt_di.server.identifiers import new_identifier


class RoiCollection(Table):
    """Regions that share axes, of one image where there is one; times are seconds since 1970, UTC."""

    __tablename__ = "roi_collections"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_identifier)
    organization_id: Mapped[str] = mapped_column(String(255))
    user_id: Mapped[str] = mapped_column(String(255))
    image_id: Mapped[str | None] = mapped_column(ForeignKey("images.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(255))
    folded_name: Mapped[str] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    axes: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    created_at: Mapped[float] = mapped_column(Float(53))
    is_default: Mapped[bool] = mapped_column(Boolean)

    __table_args__ = (Index("ix_roi_collections_image", "image_id"),)


class Roi(Table):
    """One region of interest."""

    __tablename__ = "rois"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_identifier)
    organization_id: Mapped[str] = mapped_column(String(255))
    user_id: Mapped[str] = mapped_column(String(255))
    user_name: Mapped[str] = mapped_column(String(255))
    client_id: Mapped[str] = mapped_column(String(255))
    collection_id: Mapped[str] = mapped_column(ForeignKey("roi_collections.id", ondelete="CASCADE"))
    image_id: Mapped[str | None] = mapped_column(String(36))
    mask_id: Mapped[str | None] = mapped_column(String(36))
    kind: Mapped[str] = mapped_column(String(16))
    label: Mapped[str] = mapped_column(String(255))
    folded_label: Mapped[str] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    dims: Mapped[list[str]] = mapped_column(JSON)
    vectors: Mapped[list[list[float]]] = mapped_column(JSON)
    coordinates: Mapped[dict[str, int]] = mapped_column(JSON)
    tags: Mapped[list[str]] = mapped_column(JSON)
    stroke_color: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    fill_color: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    stroke_width: Mapped[float] = mapped_column(Float(53))
    is_filled: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[float] = mapped_column(Float(53))
    updated_at: Mapped[float] = mapped_column(Float(53))

    __table_args__ = (
        Index("ix_rois_image", "image_id", "created_at", "id"),
        Index("ix_rois_collection", "collection_id", "created_at", "id"),
    )
