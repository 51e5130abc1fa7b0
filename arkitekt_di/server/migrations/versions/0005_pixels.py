"""Levels of resolution, arrays that share their objects, uploads that can be resumed, images that grow."""

import sqlalchemy as sa
from alembic import op

revision = "0005_pixels"
down_revision = "0004_image_records"
branch_labels = None
depends_on = None

_STORE_COLUMNS = (
    sa.Column("shared_key", sa.String(255), nullable=True),
    sa.Column("content", sa.String(64), nullable=True),
    sa.Column("upload_key", sa.String(255), nullable=True),
    sa.Column("upload_part", sa.Integer(), nullable=True),
)


def upgrade() -> None:
    for column in _STORE_COLUMNS:
        op.add_column("image_stores", column)
    op.create_index("ix_image_stores_content", "image_stores", ["organization_id", "content"])
    op.create_index("ix_image_stores_upload", "image_stores", ["user_id", "upload_key"])
    op.create_index("ix_image_stores_shared", "image_stores", ["shared_key"])
    op.add_column("images", sa.Column("writer_id", sa.String(36), nullable=True))
    op.create_table(
        "image_levels",
        sa.Column("image_id", sa.String(36), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("store_id", sa.String(36), nullable=False),
        sa.Column("method", sa.String(16), nullable=True),
        sa.PrimaryKeyConstraint("image_id", "level", name="pk_image_levels"),
        sa.UniqueConstraint("store_id", name="uq_image_levels_store_id"),
        sa.ForeignKeyConstraint(
            ["image_id"], ["images.id"], name="fk_image_levels_image_id_images", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["store_id"], ["image_stores.id"], name="fk_image_levels_store_id_image_stores"),
    )
    op.create_table(
        "image_frames",
        sa.Column("store_id", sa.String(36), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("objects", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "first", name="pk_image_frames"),
        sa.ForeignKeyConstraint(
            ["store_id"], ["image_stores.id"], name="fk_image_frames_store_id_image_stores", ondelete="CASCADE"
        ),
    )


def downgrade() -> None:
    op.drop_table("image_frames")
    op.drop_table("image_levels")
    op.drop_column("images", "writer_id")
    for index in ("ix_image_stores_shared", "ix_image_stores_upload", "ix_image_stores_content"):
        op.drop_index(index, "image_stores")
    for column in reversed(_STORE_COLUMNS):
        op.drop_column("image_stores", column.name)
