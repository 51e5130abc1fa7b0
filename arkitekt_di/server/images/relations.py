"""What images were made from, and which images they label."""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import Float, Index, String, UniqueConstraint, delete, exists, literal, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from arkitekt_di.errors import ImageNotFoundError, ImageRefusedError, StoredFileNotFoundError, TableNotFoundError
from arkitekt_di.messages import relations
from arkitekt_di.messages.changes import RecordKind
from arkitekt_di.messages.comments import Subject
from arkitekt_di.messages.relations import MAX_RELATIONS, RelationKind
from arkitekt_di.server.database import Table
from arkitekt_di.server.identifiers import new_identifier
from arkitekt_di.server.images.tables import Image
from arkitekt_di.server.listing import MAX_PAGE
from arkitekt_di.server.principal import Principal
from arkitekt_di.server.records import Record, named

Targets = Mapping[RecordKind, type[Record]]
"""Where the records are that an image may be related to."""

_MISSING: Final[Mapping[RecordKind, type[ImageNotFoundError | StoredFileNotFoundError | TableNotFoundError]]] = {
    RecordKind.IMAGE: ImageNotFoundError,
    RecordKind.FILE: StoredFileNotFoundError,
    RecordKind.TABLE: TableNotFoundError,
}
"""What is raised where one of them is not there."""


class Relation(Table):
    """What one record is to another; times are seconds since 1970, UTC."""

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


async def relate(
    session: AsyncSession,
    principal: Principal,
    image: Image,
    said: Sequence[relations.Relation],
    targets: Targets,
    *,
    now: float,
) -> None:
    """Keep what *image* is to other records; what is kept already counts once.

    Raises
    ------
    ImageNotFoundError, StoredFileNotFoundError, TableNotFoundError
        One of them is not there.
    ImageRefusedError
        They are too many, an image cannot be that to such a record, or it would come from itself.
    """
    kept = await _kept(session, image)
    new = [one for one in relations.added(said) if (one.kind, one.subject.id) not in kept]
    if len(kept) + len(new) > MAX_RELATIONS:
        raise ImageRefusedError(f"an image would have {len(kept) + len(new)} sources", f"Name {MAX_RELATIONS} or fewer")
    for kind, target_kind, target_id in ((one.kind, one.subject.kind, one.subject.id) for one in new):
        table = _target(kind, target_kind, targets)
        if await session.scalar(select(table.id).where(*named(table, principal, target_id))) is None:
            raise _MISSING[target_kind](target_id)
        if target_kind is RecordKind.IMAGE and await _comes_from(session, target_id, image.id):
            raise ImageRefusedError(
                f"the image {image.id} would come from itself, by way of {target_id}", "Name an image that came before"
            )
        session.add(
            Relation(
                organization_id=principal.organization_id,
                user_id=principal.user_id,
                kind=kind,
                source_kind=RecordKind.IMAGE,
                source_id=image.id,
                target_kind=target_kind,
                target_id=target_id,
                created_at=now,
            )
        )


async def unrelate(session: AsyncSession, image: Image, said: Sequence[relations.Relation]) -> None:
    """Forget what *image* is to other records, be they there or not; what is not kept is no error."""
    for one in relations.removed(said):
        gone = Relation.source_id == image.id, Relation.kind == one.kind, Relation.target_id == one.subject.id
        await session.execute(delete(Relation).where(*gone, Relation.target_kind == one.subject.kind))


def check_label(kept: Sequence[relations.Relation], said: Sequence[relations.Relation]) -> None:
    """Raise `ImageRefusedError` where an image that labels one is to label another one as well."""
    labelled = {one.subject.id for one in kept if one.kind is RelationKind.LABEL_OF}
    others = {one.subject.id for one in said if one.kind is RelationKind.LABEL_OF} | labelled
    if len(others) > max(len(labelled), 1):
        raise ImageRefusedError(
            f"an image labels one other image, and not {len(others)}", "Take the label away from the other one first"
        )


async def _kept(session: AsyncSession, image: Image) -> set[tuple[str, str]]:
    rows = await session.execute(select(Relation.kind, Relation.target_id).where(Relation.source_id == image.id))
    return {(kind, target_id) for kind, target_id in rows}


async def _comes_from(session: AsyncSession, image_id: str, ancestor_id: str) -> bool:
    """Tell whether an image is another one, or comes from it by any number of steps."""
    first = select(literal(image_id).label("id")).cte("origins", recursive=True)
    further = select(Relation.target_id).join(first, Relation.source_id == first.c.id)
    origins = first.union(further.where(Relation.target_kind == RecordKind.IMAGE))
    return bool(await session.scalar(select(exists().where(origins.c.id == ancestor_id))))


def _target(kind: RelationKind, target: RecordKind, targets: Targets) -> type[Record]:
    if target not in targets or (kind is RelationKind.LABEL_OF and target is not RecordKind.IMAGE):
        raise ImageRefusedError(
            f"an image is not {kind.replace('_', ' ').lower()} a {target.lower()}",
            "Name images, files and tables that it was derived from, and images that it labels",
        )
    return targets[target]


async def relations_of(session: AsyncSession, image: Image, targets: Targets) -> Sequence[relations.Relation]:
    """Return what *image* is to others, as far as they are not in the trash, in the order of their kinds."""
    found: list[relations.Relation] = []
    for target, table in targets.items():
        query = select(Relation.kind, table.id).join(table, Relation.target_id == table.id)
        query = query.where(Relation.source_id == image.id, table.deleted_at.is_(None))
        rows = await session.execute(query.order_by(Relation.kind, table.created_at, table.id))
        found += [
            relations.Relation(kind=RelationKind(kind), subject=Subject(kind=target, id=record_id))
            for kind, record_id in rows
        ]
    return found


async def sources_of(session: AsyncSession, image: Image) -> Sequence[Image]:
    """Return the images that *image* was made from, as far as they are not in the trash."""
    found = select(Image).join(Relation, Relation.target_id == Image.id)
    found = found.where(Relation.source_id == image.id, Relation.kind == RelationKind.DERIVED_FROM)
    return (await session.scalars(found.where(Image.deleted_at.is_(None)).order_by(Image.created_at))).all()


async def derived_of(session: AsyncSession, image: Image) -> Sequence[Image]:
    """Return the images that were made from *image*, oldest first, as far as they are not in the trash."""
    found = select(Image).join(Relation, Relation.source_id == Image.id)
    found = found.where(Relation.target_id == image.id, Relation.kind == RelationKind.DERIVED_FROM)
    there = found.where(Image.deleted_at.is_(None)).order_by(Image.created_at, Image.id)
    return (await session.scalars(there.limit(MAX_PAGE))).all()
