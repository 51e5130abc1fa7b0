"""What one record is to another, on the wire."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from arkitekt_di.messages.changes import RecordKind
from arkitekt_di.messages.comments import Subject
from arkitekt_di.messages.model import CamelMessage

MAX_RELATIONS: Final = 64
"""Records that one image is said to come from, at most."""


class RelationKind(StrEnum):
    """What an image is to another record."""

    DERIVED_FROM = "DERIVED_FROM"
    """It was made from it: from an image, from a table, or out of a file."""
    LABEL_OF = "LABEL_OF"
    """Its pixels say which object each pixel of the other image belongs to."""


class Relation(CamelMessage):
    """What an image is to one other record.

    Attributes
    ----------
    kind : RelationKind
    subject : Subject
        The other record: an image, a file or a table.
    """

    kind: RelationKind
    subject: Subject


def added(said: Iterable[Relation]) -> tuple[Relation, ...]:
    """Return what holds once *said* is: what labels an image is derived from it, and nothing holds twice."""
    return _once(said, implying=RelationKind.LABEL_OF, implied=RelationKind.DERIVED_FROM)


def removed(said: Iterable[Relation]) -> tuple[Relation, ...]:
    """Return what does not hold any more without *said*: what is not derived from an image does not label it."""
    return _once(said, implying=RelationKind.DERIVED_FROM, implied=RelationKind.LABEL_OF)


def _once(said: Iterable[Relation], *, implying: RelationKind, implied: RelationKind) -> tuple[Relation, ...]:
    given = list(said)
    images = [one for one in given if one.subject.kind is RecordKind.IMAGE and one.kind is implying]
    both = (*given, *(one.model_copy(update={"kind": implied}) for one in images))
    return tuple({(one.kind, one.subject.kind, one.subject.id): one for one in both}.values())
