"""What the hub keeps about comments."""

from sqlalchemy import Float, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from arkitekt_di.server.database import Table
from arkitekt_di.server.identifiers import new_identifier


class Comment(Table):
    """What somebody said about a record; times are seconds since 1970, UTC."""

    __tablename__ = "comments"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_identifier)
    organization_id: Mapped[str] = mapped_column(String(255))
    user_id: Mapped[str] = mapped_column(String(255))
    user_name: Mapped[str] = mapped_column(String(255))
    client_id: Mapped[str] = mapped_column(String(255))
    subject_kind: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[str] = mapped_column(String(36))
    reply_to_id: Mapped[str | None] = mapped_column(ForeignKey("comments.id", ondelete="CASCADE"))
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[float] = mapped_column(Float(53))
    edited_at: Mapped[float | None] = mapped_column(Float(53))

    __table_args__ = (
        Index("ix_comments_subject", "organization_id", "subject_id", "created_at", "id"),
        Index("ix_comments_reply_to", "reply_to_id"),
    )
