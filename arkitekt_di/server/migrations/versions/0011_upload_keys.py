"""Unfinished uploads of one key are there once, however many hubs use the database.

Revision ID: 0011_upload_keys
Revises: 0010_comments_and_provenance
"""

import sqlalchemy as sa
from alembic import op

revision = "0011_upload_keys"
down_revision = "0010_comments_and_provenance"
branch_labels = None
depends_on = None

UNFINISHED = sa.text("state IN ('OPEN', 'FINISHED')")

# Two hubs could open uploads of one key at the same time: the older ones keep it.
FREE_DOUBLES = """
UPDATE image_stores SET upload_key = NULL, upload_part = NULL
WHERE state IN ('OPEN', 'FINISHED') AND upload_key IS NOT NULL AND EXISTS (
    SELECT 1 FROM image_stores AS older
    WHERE older.organization_id = image_stores.organization_id AND older.user_id = image_stores.user_id
      AND older.upload_key = image_stores.upload_key AND older.upload_part = image_stores.upload_part
      AND older.state IN ('OPEN', 'FINISHED')
      AND (older.created_at < image_stores.created_at
           OR (older.created_at = image_stores.created_at AND older.id < image_stores.id))
)
"""


def upgrade() -> None:
    op.execute(FREE_DOUBLES)
    op.create_index(
        "uq_image_stores_unfinished",
        "image_stores",
        ["organization_id", "user_id", "upload_key", "upload_part"],
        unique=True,
        sqlite_where=UNFINISHED,
        postgresql_where=UNFINISHED,
    )


def downgrade() -> None:
    op.drop_index("uq_image_stores_unfinished", "image_stores")
