"""What an image was made from, in the words of the GraphQL of mikro."""

from collections.abc import Sequence
from typing import Final, Self

import strawberry

from arkitekt_di.errors import ImageRefusedError
from arkitekt_di.messages.changes import RecordKind
from arkitekt_di.messages.comments import Subject
from arkitekt_di.messages.relations import Relation, RelationKind
from arkitekt_di.server.graphql.subject import RecordReference, SubjectInput

strawberry.enum(RelationKind)

CATEGORIZED: Final = "CATEGORIZED"
"""Mikro's word for values that became labels."""

_MEMBERS: Final = {"DATASET": ("dataset", RecordKind.IMAGE), "TABLE_DATASET": ("tableDataset", RecordKind.TABLE)}
"""Kinds of sources that are kept: the member that names one, and what it is."""


@strawberry.type(description="What an image is to another record.")
class ImageRelation:
    """One relation."""

    kind: RelationKind
    subject: RecordReference

    @classmethod
    def of(cls, relation: Relation) -> Self:
        """Show a relation."""
        subject = RecordReference(kind=relation.subject.kind, id=strawberry.ID(relation.subject.id))
        return cls(kind=relation.kind, subject=subject)


@strawberry.input
class ImageRelationInput:
    """What an image is to another record."""

    kind: RelationKind
    subject: SubjectInput

    def message(self) -> Relation:
        """Return what is said."""
        return Relation(kind=self.kind, subject=self.subject.message())


def relations_from(derived_from: Sequence[object], source_files: Sequence[object]) -> tuple[Relation, ...]:
    """Return what is named as sources of an image.

    An image whose values became labels is a label of that source, and derived from it.

    Raises
    ------
    ImageRefusedError
        A source is of a kind that this hub does not keep.
    """
    found: list[Relation] = []
    for given in derived_from:
        source = given if isinstance(given, dict) else {}
        member, kind = _MEMBERS.get(str(source.get("kind")), ("dataset", RecordKind.IMAGE))
        subject = _subject(source.get(member), kind)
        found.append(Relation(kind=RelationKind.DERIVED_FROM, subject=subject))
        if source.get("valueRelation") == CATEGORIZED and kind is RecordKind.IMAGE:
            found.append(Relation(kind=RelationKind.LABEL_OF, subject=subject))
    for given in source_files:
        file_id = given.get("file") if isinstance(given, dict) else None
        found.append(Relation(kind=RelationKind.DERIVED_FROM, subject=_subject(file_id, RecordKind.FILE)))
    return tuple(found)


def _subject(record_id: object, kind: RecordKind) -> Subject:
    if not isinstance(record_id, str):
        raise ImageRefusedError(
            "this hub keeps datasets, tables and files as sources of an image, and nothing else", "Name one of these"
        )
    return Subject(kind=kind, id=record_id)
