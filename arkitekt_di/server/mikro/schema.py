"""The GraphQL of the data service: the operations of every area in one schema."""

import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.graphql import OperationType
from strawberry.types.scalar import ScalarDefinition

from arkitekt_di.server.files import schema as files
from arkitekt_di.server.folders.schema import FolderMutation, FolderQuery, FolderSubscription
from arkitekt_di.server.graphql import scalars
from arkitekt_di.server.graphql.failures import is_expected, shown
from arkitekt_di.server.graphql.limits import BoundDocuments
from arkitekt_di.server.images import inputs as image_inputs
from arkitekt_di.server.images import wire as image_wire
from arkitekt_di.server.images.schema import ImageMutation, ImageQuery, ImageSubscription
from arkitekt_di.server.ngff.schema import NgffMutation
from arkitekt_di.server.tables import schema as tables
from arkitekt_di.server.tables import transformations

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Area:
    """What one kind of records brings to the schema; strawberry types whose fields are merged with the others'."""

    query: type | None = None
    mutation: type | None = None
    subscription: type | None = None
    scalars: Mapping[object, ScalarDefinition] = field(default_factory=dict)
    others: tuple[type, ...] = ()


AREAS = (
    Area(ImageQuery, ImageMutation, ImageSubscription, {**image_wire.SCALARS, **image_inputs.SCALARS}),
    Area(FolderQuery, FolderMutation, FolderSubscription),
    Area(files.FileQuery, files.FileMutation, files.FileSubscription, files.SCALARS),
    Area(tables.TableQuery, tables.TableMutation, tables.TableSubscription, tables.SCALARS, transformations.KINDS),
    Area(mutation=NgffMutation),
)


class MikroSchema(strawberry.Schema):
    """The schema of the service; whatever it answers, its errors can be shown to clients."""

    async def execute(self, *args: Any, **kwargs: Any) -> ExecutionResult:
        """Run one query or mutation; there is no room for the many answers of a subscription."""
        kwargs["allowed_operation_types"] = (OperationType.QUERY, OperationType.MUTATION)
        return _shown(await super().execute(*args, **kwargs))

    async def subscribe(self, *args: Any, **kwargs: Any) -> AsyncGenerator[ExecutionResult, None]:
        """Run one subscription, for the older WebSocket protocol."""
        return _each_shown(await super().subscribe(*args, **kwargs))

    async def stream(self, *args: Any, **kwargs: Any) -> AsyncGenerator[Any, None]:
        """Run one operation of any kind, for the newer WebSocket protocol."""
        return _each_shown(await super().stream(*args, **kwargs))

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Log what nobody expected, with its traceback; what a client did wrong is told to the client alone."""
        for error in errors:
            if not is_expected(error):
                operation = execution_context and execution_context.operation_name
                log.error("the GraphQL operation %s failed", operation, exc_info=error.original_error)


def make_schema() -> MikroSchema:
    """Return the schema."""
    watched = tuple(area.subscription for area in AREAS if area.subscription is not None)
    known = scalars.SCALARS | {kind: scalar for area in AREAS for kind, scalar in area.scalars.items()}
    return MikroSchema(
        query=merge_types("Query", tuple(area.query for area in AREAS if area.query is not None)),
        mutation=merge_types("Mutation", tuple(area.mutation for area in AREAS if area.mutation is not None)),
        subscription=merge_types("Subscription", watched),
        types=[kind for area in AREAS for kind in area.others],
        extensions=[BoundDocuments],
        config=StrawberryConfig(scalar_map=known, disable_field_suggestions=True),
    )


def _shown(result: ExecutionResult) -> ExecutionResult:
    result.errors = [shown(error) for error in result.errors] if result.errors else None
    return result


async def _each_shown(results: AsyncGenerator[Any, None]) -> AsyncGenerator[Any, None]:
    async with aclosing(results):
        async for result in results:
            yield _shown(result)
