"""The operations of the task service: each hands over to the domain and shows what comes back."""

import functools
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import strawberry
from strawberry.extensions import ParserCache
from strawberry.schema.config import StrawberryConfig

from arkitekt_di.errors import RecordRefusedError, TaskNotFoundError
from arkitekt_di.messages.orders import Collect
from arkitekt_di.server.graphql.context import Info
from arkitekt_di.server.graphql.limits import CACHED_DOCUMENTS, BoundDocuments, CheckedOnce
from arkitekt_di.server.graphql.paging import OffsetPaginationInput, page_of
from arkitekt_di.server.graphql.served_schema import ServedSchema
from arkitekt_di.server.principal import Principal
from arkitekt_di.server.tasks import inputs, wire, wire_offers, wire_ports
from arkitekt_di.server.tasks.feed import Feed
from arkitekt_di.server.tasks.finding import Finder
from arkitekt_di.server.tasks.offers import Declaration, read_implementations
from arkitekt_di.server.tasks.records import Caller, Task
from arkitekt_di.server.tasks.service import TaskService

TOKEN_CHECK_S = 10.0
"""Seconds after which the token of a subscription is looked at again: that costs more than sending an event."""


class BoundTaskDocuments(BoundDocuments):
    """Bounds of this service: to name a function, the unmodified client selects 840 fields with 1,600 words."""

    max_tokens = 2400
    max_fields = 1200


async def finder(info: Info) -> Finder:
    """Return what finds records for who asks."""
    return Finder(info.context.part(TaskService), await info.context.principal())


async def shown(info: Info, task: Task) -> wire.Task:
    """Return a task as whoever asks is told of it."""
    return await wire.Task.of(task, info.context.part(TaskService).audience(await info.context.principal()))


def caller_of(principal: Principal) -> Caller:
    """Return who asks for a task over GraphQL."""
    return Caller(principal.organization_id, principal.client_id, principal.user_id)


@strawberry.type
class Query:
    """What can be asked."""

    @strawberry.field
    async def task(self, info: Info, id: strawberry.ID) -> wire.Task:
        """Return one task."""
        return await shown(info, await (await finder(info)).task(id))

    @strawberry.field
    async def tasks(
        self,
        info: Info,
        filters: inputs.TaskFilter | None = None,
        ordering: list[inputs.TaskOrder] = [],  # noqa: B006  # strawberry reads the default, nobody writes it
        pagination: OffsetPaginationInput | None = None,
    ) -> list[wire.Task]:
        """Return one page, the newest first."""
        found = await (await finder(info)).tasks(filters, page_of(pagination))
        audience = info.context.part(TaskService).audience(await info.context.principal())
        return [await wire.Task.of(task, audience) for task in found]

    @strawberry.field
    async def event(self, info: Info, id: strawberry.ID) -> wire.TaskEvent:
        """Return one event of a task of the asking app."""
        principal = await info.context.principal()
        if id.isdecimal() and len(id) < 19:  # what the database can count to
            store = info.context.part(TaskService).store
            for event in await store.events_after(int(id) - 1, caller_of(principal), 1):
                if event.seq == int(id):
                    return wire.TaskEvent.of(event)
        raise TaskNotFoundError(id)

    @strawberry.field
    async def action(
        self,
        info: Info,
        id: strawberry.ID | None = None,
        task: strawberry.ID | None = None,
        implementation: strawberry.ID | None = None,
        hash: inputs.ActionHash | None = None,
        matching: inputs.ActionDemandInput | None = None,
    ) -> wire_offers.Action:
        """Return the one action that is meant."""
        found = await finder(info)
        if task is not None:
            id = strawberry.ID((await found.task(task)).draft.action_id)
        elif implementation is not None:
            id = strawberry.ID(found.offer(implementation).action_id)
        return wire_offers.Action.of(found.action(id, hash))

    @strawberry.field
    async def actions(
        self,
        info: Info,
        filters: inputs.ActionFilter | None = None,
        ordering: list[inputs.ActionOrder] = [],  # noqa: B006  # strawberry reads the default, nobody writes it
        pagination: OffsetPaginationInput | None = None,
    ) -> list[wire_offers.Action]:
        """Return one page, the newest first."""
        return [wire_offers.Action.of(action) for action in (await finder(info)).actions(filters, page_of(pagination))]

    @strawberry.field
    async def implementation(self, info: Info, id: strawberry.ID) -> wire_offers.Implementation:
        """Return one function."""
        return wire_offers.Implementation.of((await finder(info)).offer(id), info.context.part(TaskService))

    @strawberry.field
    async def my_implementation_at(
        self, info: Info, interface: str | None = None, action_id: strawberry.ID | None = None
    ) -> wire_offers.Implementation:
        """Return a function of the asking app itself."""
        offer = (await finder(info)).own_offer(interface, action_id)
        return wire_offers.Implementation.of(offer, info.context.part(TaskService))

    @strawberry.field
    async def implementations(
        self,
        info: Info,
        filters: inputs.ImplementationFilter | None = None,
        ordering: list[inputs.ImplementationOrder] = [],  # noqa: B006  # strawberry reads the default, nobody writes it
        pagination: OffsetPaginationInput | None = None,
    ) -> list[wire_offers.Implementation]:
        """Return one page, by name."""
        offers = (await finder(info)).offers(filters, page_of(pagination))
        return [wire_offers.Implementation.of(offer, info.context.part(TaskService)) for offer in offers]

    @strawberry.field
    async def agent(
        self,
        info: Info,
        id: strawberry.ID | None = None,
        app: str | None = None,
        version: str | None = None,
        device_id: str | None = None,
    ) -> wire_offers.Agent:
        """Return the one agent that is meant; this hub does not tell devices apart."""
        return wire_offers.Agent.of((await finder(info)).agent(id, app, version), info.context.part(TaskService))

    @strawberry.field
    async def agents(
        self,
        info: Info,
        filters: inputs.AgentFilter | None = None,
        ordering: list[inputs.AgentOrder] = [],  # noqa: B006  # strawberry reads the default, nobody writes it
        pagination: OffsetPaginationInput | None = None,
    ) -> list[wire_offers.Agent]:
        """Return one page, by name."""
        agents = (await finder(info)).agents(filters, page_of(pagination))
        return [wire_offers.Agent.of(agent, info.context.part(TaskService)) for agent in agents]


@strawberry.type
class Mutation:
    """What can be changed."""

    @strawberry.mutation
    async def assign(self, info: Info, input: inputs.AssignInput) -> wire.Task:
        """Call a function; the same reference of the same app again is the same task."""
        caller = caller_of(await info.context.principal())
        return await shown(info, (await info.context.part(TaskService).assignments.assign(caller, input.call())).task)

    @strawberry.mutation
    async def cancel(self, info: Info, input: inputs.CancelInput) -> wire.Task:
        """Ask a task's body to stop."""
        task = await (await finder(info)).own_task(input.task)
        return await shown(info, await info.context.part(TaskService).controls.cancel(task))

    @strawberry.mutation
    async def interrupt(self, info: Info, input: inputs.InterruptInput) -> wire.Task:
        """Stop a task's body and all that it has led to."""
        task = await (await finder(info)).own_task(input.task)
        return await shown(info, await info.context.part(TaskService).controls.interrupt(task))

    @strawberry.mutation
    async def pause(self, info: Info, input: inputs.PauseInput) -> wire.Task:
        """Let a task's body wait."""
        task = await (await finder(info)).own_task(input.task)
        return await shown(info, await info.context.part(TaskService).controls.pause(task))

    @strawberry.mutation
    async def resume(self, info: Info, input: inputs.ResumeInput) -> wire.Task:
        """Let a task's body run on."""
        task = await (await finder(info)).own_task(input.task)
        return await shown(info, await info.context.part(TaskService).controls.resume(task, only_step=input.step))

    @strawberry.mutation
    async def decide(self, info: Info, input: inputs.DecideInput) -> wire.Task:
        """Answer a task that waits for a person."""
        task = await (await finder(info)).task(input.task)
        values: Any = input.values
        if values is not None and not isinstance(values, dict):
            raise RecordRefusedError("the values of an answer are not an object", "Name each by its key")
        controls = info.context.part(TaskService).controls
        decided = await controls.decide(task, approved=input.approved, answer=input.answer, values=values)
        return await shown(info, decided)

    @strawberry.mutation
    async def collect(self, info: Info, input: inputs.CollectInput) -> list[str]:
        """Ask the agents of the organization to drop values from their memory."""
        service, principal = info.context.part(TaskService), await info.context.principal()
        for agent in service.offers.agents(principal.organization_id):
            service.dispatch.push(agent.id, Collect(drawers=tuple(input.drawers)))
        return list(input.drawers)

    @strawberry.mutation
    async def ensure_agent(self, info: Info, input: inputs.AgentInput) -> wire_offers.Agent:
        """Make sure that the asking app is known as an agent."""
        service, principal = info.context.part(TaskService), await info.context.principal()
        agent = await service.offers.ensure(principal, Declaration(input.name, input.description))
        return wire_offers.Agent.of(agent, service)

    @strawberry.mutation
    async def implement_agent(self, info: Info, input: inputs.ImplementAgentInput) -> wire_offers.Agent:
        """Take over what the asking app offers."""
        service, principal = info.context.part(TaskService), await info.context.principal()
        documents: Any = input.implementations or []
        declaration = Declaration(
            input.name, input.description, hash=input.hash, implementations=read_implementations(documents)
        )
        return wire_offers.Agent.of(await service.offers.ensure(principal, declaration), service)


@strawberry.type
class Subscription:
    """What can be watched."""

    @strawberry.subscription
    async def mytasks(self, info: Info, since: strawberry.ID | None = None) -> AsyncIterator[wire.TaskChangeEvent]:
        """Send the events of the asking app's tasks, as long as its token holds.

        With *since*, the ``id`` of an event, all that came after it are sent first: whoever was away misses nothing.
        """
        service, principal = info.context.part(TaskService), await info.context.principal()
        start = int(since) if since is not None and since.isdecimal() else await service.store.last_seq()
        feed = Feed(service.store, service.bus, caller_of(principal), start, service.settings.feed_events)
        checked_at = time.monotonic()
        async with aclosing(feed.events()) as events:
            async for event in events:
                if time.monotonic() - checked_at > TOKEN_CHECK_S:
                    await info.context.principal()
                    checked_at = time.monotonic()
                yield wire.TaskChangeEvent.of(event)


@functools.cache
def make_schema() -> ServedSchema:
    """Return the schema: one for every hub of this process, as it knows none of them and takes long to make."""
    return ServedSchema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[
            wire_ports.SliderAssignWidget,
            wire_ports.StringAssignWidget,
            wire_ports.ChoiceAssignWidget,
            wire_ports.SearchAssignWidget,
            wire_ports.CustomAssignWidget,
            wire_ports.ChoiceReturnWidget,
            wire_ports.CustomReturnWidget,
            wire_ports.MessageEffect,
            wire_ports.CustomEffect,
        ],
        extensions=[
            BoundTaskDocuments,
            lambda: ParserCache(maxsize=CACHED_DOCUMENTS),
            lambda: CheckedOnce(maxsize=CACHED_DOCUMENTS),
        ],
        config=StrawberryConfig(scalar_map=wire_ports.SCALARS | inputs.SCALARS, disable_field_suggestions=True),
    )
