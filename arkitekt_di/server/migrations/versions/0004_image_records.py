"""Images: folder, trash, tags, axes, acquisition, channels; regions, relations, a journal."""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004_image_records"
down_revision = "0003_provider"
branch_labels = None
depends_on = None

_IMAGE_COLUMNS = (
    sa.Column("folder_id", sa.String(36), nullable=True),
    sa.Column("updated_at", sa.Float(53), nullable=False, server_default="0"),
    sa.Column("deleted_at", sa.Float(53), nullable=True),
    sa.Column("user_name", sa.String(255), nullable=False, server_default=""),
    sa.Column("dtype", sa.String(64), nullable=False, server_default=""),
    sa.Column("acquired_at", sa.Float(53), nullable=True),
    sa.Column("acquired_until", sa.Float(53), nullable=True),
    sa.Column("acquisition", sa.JSON(none_as_null=True), nullable=True),
    sa.Column("channels", sa.JSON(none_as_null=True), nullable=True),
)


def upgrade() -> None:
    for column in _IMAGE_COLUMNS:
        op.add_column("images", column)
    op.create_index("ix_images_folder", "images", ["organization_id", "folder_id"])
    op.create_index("ix_images_deleted", "images", ["deleted_at"])
    _create_parts_of_images()
    _create_regions()
    _create_links()
    _create_journal()
    _describe_images_that_are_there()


def downgrade() -> None:
    for table in (
        "changes", "change_counters", "relations", "rois", "roi_collections", "image_axes",
        "image_tags",
    ):  # fmt: skip
        op.drop_table(table)
    op.drop_index("ix_images_deleted", "images")
    op.drop_index("ix_images_folder", "images")
    for column in reversed(_IMAGE_COLUMNS):
        op.drop_column("images", column.name)


def _create_parts_of_images() -> None:
    op.create_table(
        "image_tags",
        sa.Column("image_id", sa.String(36), nullable=False),
        sa.Column("folded", sa.String(1024), nullable=False),
        sa.Column("tag", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("image_id", "folded", name="pk_image_tags"),
        _part_of("image_tags", "image_id", "images"),
    )
    op.create_index("ix_image_tags_folded", "image_tags", ["folded"])
    op.create_table(
        "image_axes",
        sa.Column("image_id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("image_id", "name", name="pk_image_axes"),
        _part_of("image_axes", "image_id", "images"),
    )
    op.create_index("ix_image_axes_size", "image_axes", ["name", "size"])


def _create_regions() -> None:
    op.create_table(
        "roi_collections",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("organization_id", sa.String(255), nullable=False),
        sa.Column("user_id", sa.String(255), nullable=False),
        sa.Column("image_id", sa.String(36), nullable=True),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("folded_name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("axes", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_roi_collections"),
        _part_of("roi_collections", "image_id", "images"),
    )
    op.create_index("ix_roi_collections_image", "roi_collections", ["image_id"])
    op.create_table(
        "rois",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("organization_id", sa.String(255), nullable=False),
        sa.Column("user_id", sa.String(255), nullable=False),
        sa.Column("user_name", sa.String(255), nullable=False),
        sa.Column("client_id", sa.String(255), nullable=False),
        sa.Column("collection_id", sa.String(36), nullable=False),
        sa.Column("image_id", sa.String(36), nullable=True),
        sa.Column("mask_id", sa.String(36), nullable=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("label", sa.String(255), nullable=False),
        sa.Column("folded_label", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("dims", sa.JSON(), nullable=False),
        sa.Column("vectors", sa.JSON(), nullable=False),
        sa.Column("coordinates", sa.JSON(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("stroke_color", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("fill_color", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("stroke_width", sa.Float(53), nullable=False),
        sa.Column("is_filled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.Column("updated_at", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_rois"),
        _part_of("rois", "collection_id", "roi_collections"),
    )
    op.create_index("ix_rois_image", "rois", ["image_id", "created_at", "id"])
    op.create_index("ix_rois_collection", "rois", ["collection_id", "created_at", "id"])


def _create_links() -> None:
    op.create_table(
        "relations",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("organization_id", sa.String(255), nullable=False),
        sa.Column("user_id", sa.String(255), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("source_kind", sa.String(32), nullable=False),
        sa.Column("source_id", sa.String(36), nullable=False),
        sa.Column("target_kind", sa.String(32), nullable=False),
        sa.Column("target_id", sa.String(36), nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_relations"),
        sa.UniqueConstraint("kind", "source_id", "target_id", name="uq_relations_kind"),
    )
    op.create_index("ix_relations_source", "relations", ["organization_id", "source_id"])
    op.create_index("ix_relations_target", "relations", ["organization_id", "target_id"])


def _create_journal() -> None:
    op.create_table(
        "change_counters",
        sa.Column("organization_id", sa.String(255), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", name="pk_change_counters"),
    )
    op.create_table(
        "changes",
        sa.Column("organization_id", sa.String(255), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("subject_kind", sa.String(32), nullable=False),
        sa.Column("subject_id", sa.String(36), nullable=False),
        sa.Column("place_id", sa.String(36), nullable=True),
        sa.Column("former_place_id", sa.String(36), nullable=True),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "number", name="pk_changes"),
    )
    op.create_index("ix_changes_at", "changes", ["at"])


def _describe_images_that_are_there() -> None:
    bind = op.get_bind()
    bind.execute(sa.text("UPDATE images SET updated_at = created_at"))
    rows = bind.execute(
        sa.text(
            "SELECT images.id, images.axes, image_stores.header FROM images"
            " JOIN image_stores ON image_stores.id = images.store_id"
        )
    ).all()
    for image_id, axes, header in rows:
        names, stored = _decoded(axes), _decoded(header)
        bind.execute(
            sa.text("UPDATE images SET dtype = :dtype WHERE id = :id"), {"dtype": stored["data_type"], "id": image_id}
        )
        for position, (axis, size) in enumerate(zip(names, stored["shape"], strict=True)):
            bind.execute(
                sa.text(
                    "INSERT INTO image_axes (image_id, name, position, size) VALUES (:id, :name, :position, :size)"
                ),
                {"id": image_id, "name": axis["name"], "position": position, "size": size},
            )


def _decoded(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value  # PostgreSQL's driver has read it already


def _part_of(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}_{other}", ondelete="CASCADE")
