"""Mandate keys: programs that nobody sits in front of log in with them."""

import sqlalchemy as sa
from alembic import op

revision = "0009_mandates"
down_revision = "0008_audit"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mandates",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("key_digest", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("organization_id", sa.String(64), nullable=False),
        sa.Column("app", sa.String(255), nullable=True),
        sa.Column("is_service", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_mandates"),
        sa.UniqueConstraint("key_digest", name="uq_mandates_key_digest"),
        _belongs_to("mandates", "user_id", "users", "id"),
        _belongs_to("mandates", "organization_id", "organizations", "id"),
    )
    op.create_index("ix_mandates_user_id", "mandates", ["user_id"])
    op.create_table(
        "mandated_clients",
        sa.Column("client_id", sa.String(64), nullable=False),
        sa.Column("mandate_id", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("client_id", name="pk_mandated_clients"),
        _belongs_to("mandated_clients", "client_id", "clients", "client_id"),
        _belongs_to("mandated_clients", "mandate_id", "mandates", "id"),
    )
    op.create_index("ix_mandated_clients_mandate_id", "mandated_clients", ["mandate_id"])


def downgrade() -> None:
    op.drop_table("mandated_clients")
    op.drop_table("mandates")


def _belongs_to(table: str, column: str, other: str, key: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}_{other}"
    return sa.ForeignKeyConstraint([column], [f"{other}.{key}"], name=name, ondelete="CASCADE")
