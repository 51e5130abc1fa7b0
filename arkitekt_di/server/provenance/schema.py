"""What can be asked about how records came to be."""

from datetime import UTC, datetime
from typing import Self

import strawberry
from strawberry.scalars import JSON

from arkitekt_di.messages.provenance import OriginKind
from arkitekt_di.server.graphql.context import Info
from arkitekt_di.server.graphql.paging import OffsetPaginationInput, page_of
from arkitekt_di.server.graphql.scalars import ByteCount
from arkitekt_di.server.graphql.subject import SubjectInput
from arkitekt_di.server.images.wire import User
from arkitekt_di.server.provenance.chronicle import Provenances, ToldLine

strawberry.enum(OriginKind)


@strawberry.type(description="The task that did something to a record.")
class OriginTask:
    """A task."""

    id: strawberry.ID
    function: str
    arguments: JSON | None
    hidden_arguments: list[str]
    code_hash: str | None


@strawberry.type(description="Something that was done to a record, once or several times in a row.")
class Origin:
    """One line of provenance."""

    id: strawberry.ID
    kind: OriginKind
    user: User
    client_id: str
    app: str | None
    app_version: str | None
    task: OriginTask | None
    first_at: datetime
    last_at: datetime
    count: ByteCount

    @classmethod
    def of(cls, told: ToldLine) -> Self:
        """Show a row."""
        task, line = None, told.line
        if line.task_id is not None:
            values = told.arguments.values
            task = OriginTask(
                id=strawberry.ID(line.task_id),
                function=line.function or "",
                arguments=None if values is None else JSON(values),
                hidden_arguments=list(told.arguments.hidden),
                code_hash=line.code_hash,
            )
        return cls(
            id=strawberry.ID(line.id),
            kind=OriginKind(line.kind),
            user=User(id=strawberry.ID(line.user_id), sub=line.user_id, preferred_username=line.user_name),
            client_id=line.client_id,
            app=line.app,
            app_version=line.app_version,
            task=task,
            first_at=datetime.fromtimestamp(line.first_at, UTC),
            last_at=datetime.fromtimestamp(line.last_at, UTC),
            count=ByteCount(line.count),
        )


@strawberry.type
class ProvenanceQuery:
    """What can be asked about how records came to be."""

    @strawberry.field
    async def provenance(
        self, info: Info, subject: SubjectInput, pagination: OffsetPaginationInput | None = None
    ) -> list[Origin]:
        """Return one page of what was done to an image, a file or a table, oldest first."""
        found = await info.context.part(Provenances).list(
            await info.context.principal(), subject.message(), page_of(pagination)
        )
        return [Origin.of(told) for told in found]
