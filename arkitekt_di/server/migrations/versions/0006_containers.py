"""Folders, files, tables and the objects that hold them; metrics of records."""

import sqlalchemy as sa
from alembic import op

revision = "0006_containers"
down_revision = "0005_pixels"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Which deletion of a folder took the record along, so that one restore brings back what went with it.
    op.add_column("images", sa.Column("deleted_with", sa.String(36), nullable=True))
    op.create_index("ix_images_deleted_with", "images", ["deleted_with"])
    op.create_table(
        "folders",
        *_record(),
        sa.Column("parent_id", sa.String(36), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("slot", sa.String(64), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_folders"),
        sa.UniqueConstraint("slot", name="uq_folders_slot"),
        sa.ForeignKeyConstraint(["parent_id"], ["folders.id"], name="fk_folders_parent_id_folders"),
    )
    op.create_index("ix_folders_parent", "folders", ["organization_id", "parent_id"])
    op.create_index("ix_folders_deleted", "folders", ["deleted_at"])
    op.create_index("ix_folders_deleted_with", "folders", ["deleted_with"])
    _create_blobs()
    _create_filed("files")
    _create_filed(
        "table_datasets",
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=True),
        sa.Column("image_id", sa.String(36), nullable=True),
    )
    op.create_index("ix_table_datasets_image", "table_datasets", ["image_id"])
    _create_metrics()


def downgrade() -> None:
    for table in ("metrics", "table_datasets", "files", "blobs", "folders"):
        op.drop_table(table)
    op.drop_index("ix_images_deleted_with", "images")
    op.drop_column("images", "deleted_with")


def _record() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("organization_id", sa.String(255), nullable=False),
        sa.Column("user_id", sa.String(255), nullable=False),
        sa.Column("user_name", sa.String(255), nullable=False),
        sa.Column("client_id", sa.String(255), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("folded_name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.Column("updated_at", sa.Float(53), nullable=False),
        sa.Column("deleted_at", sa.Float(53), nullable=True),
        sa.Column("deleted_with", sa.String(36), nullable=True),
    )


def _create_filed(table: str, *columns: sa.Column[object]) -> None:
    op.create_table(
        table,
        *_record(),
        sa.Column("folder_id", sa.String(36), nullable=True),
        sa.Column("blob_id", sa.String(36), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.ForeignKeyConstraint(["blob_id"], ["blobs.id"], name=f"fk_{table}_blob_id_blobs"),
        sa.UniqueConstraint("blob_id", name=f"uq_{table}_blob_id"),
    )
    op.create_index(f"ix_{table}_newest", table, ["organization_id", "created_at", "id"])
    op.create_index(f"ix_{table}_folder", table, ["organization_id", "folder_id"])
    op.create_index(f"ix_{table}_deleted", table, ["deleted_at"])
    op.create_index(f"ix_{table}_deleted_with", table, ["deleted_with"])


def _create_blobs() -> None:
    op.create_table(
        "blobs",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("organization_id", sa.String(255), nullable=False),
        sa.Column("user_id", sa.String(255), nullable=False),
        sa.Column("client_id", sa.String(255), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.Column("expires_at", sa.Float(53), nullable=False),
        sa.Column("max_bytes", sa.BigInteger(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.String(64), nullable=True),
        sa.Column("original_name", sa.String(255), nullable=True),
        sa.Column("content_type", sa.String(255), nullable=True),
        sa.Column("upload_key", sa.String(64), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_blobs"),
        sa.UniqueConstraint("upload_key", name="uq_blobs_upload_key"),
    )
    op.create_index("ix_blobs_due", "blobs", ["state", "expires_at"])
    op.create_index("ix_blobs_owner", "blobs", ["organization_id", "user_id", "state"])


def _create_metrics() -> None:
    op.create_table(
        "metrics",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("organization_id", sa.String(255), nullable=False),
        sa.Column("user_id", sa.String(255), nullable=False),
        sa.Column("user_name", sa.String(255), nullable=False),
        sa.Column("client_id", sa.String(255), nullable=False),
        sa.Column("subject_kind", sa.String(32), nullable=False),
        sa.Column("subject_id", sa.String(36), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("folded_key", sa.Text(), nullable=False),
        sa.Column("magnitude", sa.Float(53), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("unit", sa.String(255), nullable=True),
        sa.Column("supersedes_id", sa.String(36), nullable=True),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_metrics"),
        # Unique: a metric has one successor, however many try.
        sa.UniqueConstraint("supersedes_id", name="uq_metrics_supersedes_id"),
    )
    op.create_index("ix_metrics_subject", "metrics", ["organization_id", "subject_id", "created_at"])
