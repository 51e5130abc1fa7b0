"""The operations of the image profile: each hands over to the domain and shows what comes back."""

import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.graphql import OperationType

from arkitekt_di.errors import ImageRefusedError
from arkitekt_di.server.images import inputs, wire
from arkitekt_di.server.images.context import Info
from arkitekt_di.server.images.failures import is_expected, shown
from arkitekt_di.server.images.limits import BoundDocuments

log = logging.getLogger(__name__)


@strawberry.type
class Query:
    """What can be asked."""

    @strawberry.field
    async def array_dataset(self, info: Info, id: strawberry.ID) -> wire.ArrayDataset:
        """Return one image."""
        return wire.ArrayDataset.of(await info.context.services.images.get(await info.context.principal(), id))

    @strawberry.field
    async def array_datasets(
        self,
        info: Info,
        filters: inputs.ArrayDatasetFilter | None = None,
        ordering: list[inputs.ArrayDatasetOrder] = [],  # noqa: B006  # strawberry reads the default, nobody writes it
        pagination: inputs.OffsetPaginationInput | None = None,
    ) -> list[wire.ArrayDataset]:
        """Return one page."""
        listing = inputs.listing_of(filters, pagination, ordering)
        images = await info.context.services.images.list(await info.context.principal(), listing)
        return [wire.ArrayDataset.of(image) for image in images]


@strawberry.type
class Mutation:
    """What can be changed."""

    @strawberry.mutation
    async def request_zarr_upload(self, info: Info, input: inputs.RequestZarrUploadInput) -> wire.ZarrUploadGrant:
        """Open an upload."""
        grant = await info.context.services.uploads.open(await info.context.principal())
        return wire.ZarrUploadGrant.of(grant)

    @strawberry.mutation
    async def refresh_zarr_upload(self, info: Info, input: inputs.RefreshZarrUploadInput) -> wire.ZarrUploadGrant:
        """Renew a grant."""
        grant = await info.context.services.uploads.renew(await info.context.principal(), input.store_id)
        return wire.ZarrUploadGrant.of(grant)

    @strawberry.mutation
    async def finish_zarr_upload(self, info: Info, input: inputs.FinishZarrUploadInput) -> wire.ZarrStore:
        """Finish an upload, or discard it."""
        uploads = info.context.services.uploads
        end = uploads.finish if input.valid else uploads.discard
        return wire.ZarrStore.of(await end(await info.context.principal(), input.store_id))

    @strawberry.mutation
    async def request_zarr_access(self, info: Info, input: inputs.RequestZarrAccessInput) -> wire.ZarrAccessGrant:
        """Grant access."""
        grant = await info.context.services.images.grant_access(await info.context.principal(), input.store_id)
        return wire.ZarrAccessGrant.of(grant)

    @strawberry.mutation
    async def create_array_dataset(self, info: Info, input: inputs.CreateArrayDatasetInput) -> wire.ArrayDataset:
        """Create an image."""
        image = await info.context.services.images.create(await info.context.principal(), input.draft())
        return wire.ArrayDataset.of(image)

    @strawberry.mutation
    async def update_array_dataset(self, info: Info, input: inputs.UpdateArrayDatasetInput) -> wire.ArrayDataset:
        """Edit an image."""
        image = await info.context.services.images.edit(await info.context.principal(), input.id, input.edit())
        return wire.ArrayDataset.of(image)

    @strawberry.mutation
    async def delete_array_dataset(self, info: Info, input: inputs.DeleteArrayDatasetInput) -> strawberry.ID:
        """Delete an image."""
        await info.context.services.images.delete(await info.context.principal(), input.id)
        return input.id


@strawberry.type
class Subscription:
    """What can be watched."""

    @strawberry.subscription
    async def array_datasets(
        self, info: Info, folder: strawberry.ID | None = None
    ) -> AsyncIterator[wire.ArrayDatasetEvent]:
        """Send changes as they happen, as long as the token holds."""
        if folder is not None:
            raise ImageRefusedError("this hub does not keep folders yet", "Watch the whole organization")
        principal = await info.context.principal()
        with info.context.services.changes.watch(principal.organization_id) as changes:
            async for change in changes:
                await info.context.principal()
                yield wire.ArrayDatasetEvent.of(change)


class ImageSchema(strawberry.Schema):
    """The schema of the image profile; whatever it answers, its errors can be shown to clients."""

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


def make_schema() -> ImageSchema:
    """Return the schema."""
    return ImageSchema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        extensions=[BoundDocuments],
        config=StrawberryConfig(scalar_map=wire.SCALARS | inputs.SCALARS, disable_field_suggestions=True),
    )


def _shown(result: ExecutionResult) -> ExecutionResult:
    result.errors = [shown(error) for error in result.errors] if result.errors else None
    return result


async def _each_shown(results: AsyncGenerator[Any, None]) -> AsyncGenerator[Any, None]:
    async with aclosing(results):
        async for result in results:
            yield _shown(result)
