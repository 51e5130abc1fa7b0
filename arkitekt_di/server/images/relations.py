"""What images were made from."""

from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy import Float, Index, String, UniqueConstraint, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from arkitekt_di.errors import ImageNotFoundError, ImageRefusedError
from arkitekt_di.messages.changes import RecordKind
from arkitekt_di.server.database import Table
from arkitekt_di.server.identifiers import new_identifier
from arkitekt_di.server.images.tables import Image
from arkitekt_di.server.listing import MAX_PAGE
from arkitekt_di.server.principal import Principal
from arkitekt_di.server.records import named

MAX_SOURCES = 64
"""Images that one image is derived from, at most."""


class RelationKind(StrEnum):
    """What one record is to another."""

    DERIVED_FROM = "DERIVED_FROM"


class Relation(Table):
    """One record was made from another; times are seconds since 1970, UTC."""

    __tablename__ = "relations"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_identifier)
    organization_id: Mapped[str] = mapped_column(String(255))
    user_id: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(32))
    source_kind: Mapped[str] = mapped_column(String(32))
    source_id: Mapped[str] = mapped_column(String(36))
    target_kind: Mapped[str] = mapped_column(String(32))
    target_id: Mapped[str] = mapped_column(String(36))
    created_at: Mapped[float] = mapped_column(Float(53))

    __table_args__ = (
        UniqueConstraint("kind", "source_id", "target_id", name="uq_relations_kind"),
        Index("ix_relations_source", "organization_id", "source_id"),
        Index("ix_relations_target", "organization_id", "target_id"),
    )


async def derive(session: AsyncSession, principal: Principal, image: Image, sources: Sequence[str]) -> None:
    """Keep what *image* was made from.

    Raises
    ------
    ImageNotFoundError
        One of the sources is not there.
    ImageRefusedError
        There are too many.
    """
    if len(sources) > MAX_SOURCES:
        raise ImageRefusedError(f"{len(sources)} sources were named", f"Name {MAX_SOURCES} or fewer")
    for source_id in dict.fromkeys(sources):
        if await session.scalar(select(Image.id).where(*named(Image, principal, source_id))) is None:
            raise ImageNotFoundError(source_id)
        session.add(
            Relation(
                organization_id=principal.organization_id,
                user_id=principal.user_id,
                kind=RelationKind.DERIVED_FROM,
                source_kind=RecordKind.IMAGE,
                source_id=image.id,
                target_kind=RecordKind.IMAGE,
                target_id=source_id,
                created_at=image.created_at,
            )
        )


async def sources_of(session: AsyncSession, image: Image) -> Sequence[Image]:
    """Return the images that *image* was made from, as far as they are not in the trash."""
    found = select(Image).join(Relation, Relation.target_id == Image.id).where(Relation.source_id == image.id)
    return (await session.scalars(found.where(Image.deleted_at.is_(None)).order_by(Image.created_at))).all()


async def derived_of(session: AsyncSession, image: Image) -> Sequence[Image]:
    """Return the images that were made from *image*, oldest first, as far as they are not in the trash."""
    found = select(Image).join(Relation, Relation.source_id == Image.id).where(Relation.target_id == image.id)
    there = found.where(Image.deleted_at.is_(None)).order_by(Image.created_at, Image.id)
    return (await session.scalars(there.limit(MAX_PAGE))).all()
