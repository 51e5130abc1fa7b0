"""What one record is to another, on the wire."""

from enum import StrEnum
from typing import Final

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
