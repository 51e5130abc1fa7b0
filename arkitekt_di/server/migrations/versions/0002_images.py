"""Images and the arrays that they are made of."""

import sqlalchemy as sa
from alembic import op

revision = "0002_images"
down_revision = "0001_identity"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "image_stores",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("organization_id", sa.String(255), nullable=False),
        sa.Column("user_id", sa.String(255), nullable=False),
        sa.Column("client_id", sa.String(255), nullable=False),
        sa.Column("bucket", sa.String(63), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.Column("expires_at", sa.Float(53), nullable=False),
        sa.Column("max_bytes", sa.BigInteger(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("header", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_image_stores"),
        sa.UniqueConstraint("key", name="uq_image_stores_key"),
    )
    op.create_index("ix_image_stores_due", "image_stores", ["state", "expires_at"])
    op.create_index("ix_image_stores_owner", "image_stores", ["organization_id", "user_id", "state"])
    op.create_table(
        "images",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("organization_id", sa.String(255), nullable=False),
        sa.Column("user_id", sa.String(255), nullable=False),
        sa.Column("client_id", sa.String(255), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("folded_name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("axes", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.Column("store_id", sa.String(36), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_images"),
        sa.ForeignKeyConstraint(["store_id"], ["image_stores.id"], name="fk_images_store_id_image_stores"),
        sa.UniqueConstraint("store_id", name="uq_images_store_id"),
    )
    op.create_index("ix_images_newest", "images", ["organization_id", "created_at", "id"])


def downgrade() -> None:
    op.drop_table("images")
    op.drop_table("image_stores")
