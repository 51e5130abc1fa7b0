"""What the hub keeps about how records came to be."""

from sqlalchemy import BigInteger, Float, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from arkitekt_di.server.database import Table
from arkitekt_di.server.identifiers import new_identifier


class Provenance(Table):
    """Something that was done to a record, once or several times in a row; times are seconds since 1970, UTC.

    App and task are written down as they were, because apps change and old tasks are forgotten.
    """

    __tablename__ = "provenance"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_identifier)
    organization_id: Mapped[str] = mapped_column(String(255))
    user_id: Mapped[str] = mapped_column(String(255))
    user_name: Mapped[str] = mapped_column(String(255))
    client_id: Mapped[str] = mapped_column(String(255))
    app: Mapped[str | None] = mapped_column(String(255))
    app_version: Mapped[str | None] = mapped_column(String(255))
    subject_kind: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[str] = mapped_column(String(36))
    kind: Mapped[str] = mapped_column(String(16))
    task_id: Mapped[str | None] = mapped_column(String(36))
    function: Mapped[str | None] = mapped_column(String(255))
    arguments: Mapped[str | None] = mapped_column(Text)
    code_hash: Mapped[str | None] = mapped_column(String(255))
    first_at: Mapped[float] = mapped_column(Float(53))
    last_at: Mapped[float] = mapped_column(Float(53))
    count: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (Index("ix_provenance_subject", "organization_id", "subject_id", "first_at", "id"),)
