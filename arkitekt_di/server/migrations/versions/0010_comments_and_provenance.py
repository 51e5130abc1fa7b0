"""Comments on records, and what made and changed records."""

import sqlalchemy as sa
from alembic import op

revision = "0010_comments_and_provenance"
down_revision = "0009_mandates"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "comments",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("organization_id", sa.String(255), nullable=False),
        sa.Column("user_id", sa.String(255), nullable=False),
        sa.Column("user_name", sa.String(255), nullable=False),
        sa.Column("client_id", sa.String(255), nullable=False),
        sa.Column("subject_kind", sa.String(32), nullable=False),
        sa.Column("subject_id", sa.String(36), nullable=False),
        sa.Column("reply_to_id", sa.String(36), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.Column("edited_at", sa.Float(53), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_comments"),
        sa.ForeignKeyConstraint(
            ["reply_to_id"], ["comments.id"], name="fk_comments_reply_to_id_comments", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_comments_subject", "comments", ["organization_id", "subject_id", "created_at", "id"])
    op.create_index("ix_comments_reply_to", "comments", ["reply_to_id"])
    op.create_table(
        "provenance",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("organization_id", sa.String(255), nullable=False),
        sa.Column("user_id", sa.String(255), nullable=False),
        sa.Column("user_name", sa.String(255), nullable=False),
        sa.Column("client_id", sa.String(255), nullable=False),
        sa.Column("app", sa.String(255), nullable=True),
        sa.Column("app_version", sa.String(255), nullable=True),
        sa.Column("subject_kind", sa.String(32), nullable=False),
        sa.Column("subject_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("task_id", sa.String(36), nullable=True),
        sa.Column("function", sa.String(255), nullable=True),
        sa.Column("arguments", sa.Text(), nullable=True),
        sa.Column("code_hash", sa.String(255), nullable=True),
        sa.Column("first_at", sa.Float(53), nullable=False),
        sa.Column("last_at", sa.Float(53), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_provenance"),
    )
    op.create_index("ix_provenance_subject", "provenance", ["organization_id", "subject_id", "first_at", "id"])


def downgrade() -> None:
    op.drop_table("provenance")
    op.drop_table("comments")
