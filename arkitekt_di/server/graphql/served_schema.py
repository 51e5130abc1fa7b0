"""A schema whose errors can be shown to clients, whatever it answers."""

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.graphql import OperationType

from arkitekt_di.server.graphql.failures import is_expected, shown

log = logging.getLogger(__name__)


class ServedSchema(strawberry.Schema):
    """The schema of a service."""

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


def _shown(result: ExecutionResult) -> ExecutionResult:
    result.errors = [shown(error) for error in result.errors] if result.errors else None
    return result


async def _each_shown(results: AsyncGenerator[Any, None]) -> AsyncGenerator[Any, None]:
    async with aclosing(results):
        async for result in results:
            yield _shown(result)
