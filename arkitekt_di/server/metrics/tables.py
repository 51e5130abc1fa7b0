"""What the hub keeps about metrics."""

from sqlalchemy import Float, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from arkitekt_di.server.database import Table
from arkitekt_di.server.identifiers import new_identifier


class Metric(Table):
    """One measured value; never changed, only superseded or deleted."""

    __tablename__ = "metrics"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_identifier)
    organization_id: Mapped[str] = mapped_column(String(255))
    user_id: Mapped[str] = mapped_column(String(255))
    user_name: Mapped[str] = mapped_column(String(255))
    client_id: Mapped[str] = mapped_column(String(255))
    subject_kind: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[str] = mapped_column(String(36))
    key: Mapped[str] = mapped_column(String(255))
    folded_key: Mapped[str] = mapped_column(Text)
    magnitude: Mapped[float | None] = mapped_column(Float(53))
    code: Mapped[str | None] = mapped_column(Text)
    unit: Mapped[str | None] = mapped_column(String(255))
    # Unique: a metric has one successor, however many try.
    supersedes_id: Mapped[str | None] = mapped_column(String(36), unique=True)
    created_at: Mapped[float] = mapped_column(Float(53))

    __table_args__ = (Index("ix_metrics_subject", "organization_id", "subject_id", "created_at"),)
