"""A record of any kind, as operations name it."""

import strawberry

from arkitekt_di.messages.changes import RecordKind
from arkitekt_di.messages.comments import Subject

strawberry.enum(RecordKind)


@strawberry.type(description="A record of any kind.")
class RecordReference:
    """A record."""

    kind: RecordKind
    id: strawberry.ID


@strawberry.input
class SubjectInput:
    """A record that something is about."""

    kind: RecordKind
    id: strawberry.ID

    def message(self) -> Subject:
        """Return what is named."""
        return Subject(kind=self.kind, id=self.id)
