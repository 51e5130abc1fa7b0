"""Authorization codes, and clients that administrators register."""

import sqlalchemy as sa
from alembic import op

revision = "0003_provider"
down_revision = "0002_images"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("clients", sa.Column("redirect_uris", sa.Text(), nullable=False, server_default=""))
    op.add_column("logins", sa.Column("used_at", sa.BigInteger(), nullable=True))
    op.create_table(
        "registrations",
        sa.Column("client_id", sa.String(64), nullable=False),
        sa.Column("organization_id", sa.String(64), nullable=False),
        sa.Column("secret_digest", sa.String(64), nullable=True),
        sa.Column("user_id", sa.String(64), nullable=True),
        sa.PrimaryKeyConstraint("client_id", name="pk_registrations"),
        _belongs_to("registrations", "client_id", "clients", "client_id"),
        _belongs_to("registrations", "organization_id", "organizations", "id"),
        _belongs_to("registrations", "user_id", "users", "id"),
    )
    op.create_table(
        "authorization_codes",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("client_id", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("organization_id", sa.String(64), nullable=False),
        sa.Column("redirect_uri", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("code_challenge", sa.String(64), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=True),
        sa.Column("authenticated_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("redeemed_at", sa.BigInteger(), nullable=True),
        sa.Column("login_id", sa.String(64), nullable=True),
        sa.PrimaryKeyConstraint("digest", name="pk_authorization_codes"),
        _belongs_to("authorization_codes", "client_id", "clients", "client_id"),
        _belongs_to("authorization_codes", "user_id", "users", "id"),
        _belongs_to("authorization_codes", "organization_id", "organizations", "id"),
        _belongs_to("authorization_codes", "login_id", "logins", "id"),
    )
    op.create_index("ix_authorization_codes_expires_at", "authorization_codes", ["expires_at"])


def downgrade() -> None:
    op.drop_table("authorization_codes")
    op.drop_table("registrations")
    op.drop_column("logins", "used_at")
    op.drop_column("clients", "redirect_uris")


def _belongs_to(table: str, column: str, other: str, key: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}_{other}"
    return sa.ForeignKeyConstraint([column], [f"{other}.{key}"], name=name, ondelete="CASCADE")
