"""What the hub keeps about the objects that files and tables are in."""

from enum import StrEnum

from sqlalchemy import BigInteger, Float, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from arkitekt_di.server.database import Table
from arkitekt_di.server.identifiers import new_identifier


class BlobKind(StrEnum):
    """What an object is for; names its bucket, too."""

    FILE = "bigfile"
    TABLE = "parquet"


class BlobState(StrEnum):
    """How far an upload is."""

    OPEN = "OPEN"
    """May be written; invisible."""
    FINISHED = "FINISHED"
    """Checked and sealed; invisible until a record is created from it."""
    ATTACHED = "ATTACHED"
    """Holds the bytes of a record."""
    DISCARDED = "DISCARDED"
    """Garbage; kept as a row until no grant can write there any more."""


class Blob(Table):
    """One object, below a prefix of its own in the bucket of its kind; times are seconds since 1970, UTC."""

    __tablename__ = "blobs"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_identifier)
    organization_id: Mapped[str] = mapped_column(String(255))
    user_id: Mapped[str] = mapped_column(String(255))
    client_id: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16), default=BlobState.OPEN)
    created_at: Mapped[float] = mapped_column(Float(53))
    expires_at: Mapped[float] = mapped_column(Float(53))
    max_bytes: Mapped[int] = mapped_column(BigInteger)
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(String(64))
    original_name: Mapped[str | None] = mapped_column(String(255))
    content_type: Mapped[str | None] = mapped_column(String(255))
    # Unique: however many callers race, a key names one upload. None where there is no key.
    upload_key: Mapped[str | None] = mapped_column(String(64), unique=True)

    __table_args__ = (
        Index("ix_blobs_due", "state", "expires_at"),
        Index("ix_blobs_owner", "organization_id", "user_id", "state"),
    )
