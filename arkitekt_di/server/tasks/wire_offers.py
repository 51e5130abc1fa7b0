"""What the service answers about who offers what: agents, actions, and the functions that carry them out."""

from datetime import UTC, datetime
from typing import Self

import strawberry

from arkitekt_di.errors import ActionNotFoundError
from arkitekt_di.messages.definitions import ActionKind
from arkitekt_di.server.graphql.context import Info
from arkitekt_di.server.tasks import offers as domain
from arkitekt_di.server.tasks.service import TaskService
from arkitekt_di.server.tasks.wire_ports import AnyDefault, ArgPort, ReturnPort


@strawberry.type
class Client:
    """An app that is logged in."""

    id: strawberry.ID
    client_id: str


@strawberry.type
class User:
    """A person."""

    sub: strawberry.ID


@strawberry.type
class Organization:
    """Who owns everything here."""

    slug: str


@strawberry.type
class MemoryShelve:
    """What an agent keeps in its memory."""

    id: strawberry.ID


@strawberry.type
class Agent:
    """A process that carries functions out."""

    id: strawberry.ID
    name: str
    description: str | None
    hash: str
    supervisor: str | None
    connected: bool
    active: bool
    client: Client
    user: User
    organization: Organization
    last_seen: datetime
    memory_shelve: MemoryShelve | None

    @classmethod
    def of(cls, agent: domain.Agent, service: TaskService) -> Self:
        """Show an agent."""
        is_connected = service.crew.at(agent.id) is not None
        return cls(
            id=strawberry.ID(agent.id),
            name=agent.name,
            description=agent.description,
            hash=agent.hash or "",
            supervisor=agent.supervisor,
            connected=is_connected,
            active=is_connected,
            client=Client(id=strawberry.ID(agent.client_id), client_id=agent.client_id),
            user=User(sub=strawberry.ID(agent.user_id)),
            organization=Organization(slug=agent.organization_id),
            last_seen=time_of(agent.seen_at),
            memory_shelve=MemoryShelve(id=strawberry.ID(agent.id)),
        )


@strawberry.type
class Collection:
    """What an action is filed under."""

    name: str


@strawberry.type
class PortGroup:
    """Ports that belong together in a form."""

    key: str


@strawberry.type
class Action:
    """What can be called, whoever carries it out."""

    id: strawberry.ID
    hash: str
    key: str
    version: str
    name: str
    description: str | None
    kind: ActionKind
    args: list[ArgPort]
    returns: list[ReturnPort]
    collections: list[Collection]
    port_groups: list[PortGroup]
    protocols: list[str]
    is_dev: bool
    stateful: bool
    pure: bool
    idempotent: bool
    defined_at: datetime

    @strawberry.field
    def is_test_for(self) -> "list[Action]":
        """Return what it tests; this hub does not keep tests."""
        return []

    @strawberry.field
    def implementations(self, info: Info) -> "list[Implementation]":
        """Return who carries it out."""
        service = info.context.part(TaskService)
        action = service.offers.action(self.id)
        if action is None:
            return []
        return [Implementation.of(offer, service) for offer in service.offers.offers(action.organization_id, self.id)]

    @classmethod
    def of(cls, action: domain.Action) -> Self:
        """Show an action."""
        document = action.definition
        return cls(
            id=strawberry.ID(action.id),
            hash=action.hash,
            key=document["key"],
            version=document["version"],
            name=action.name,
            description=document.get("description"),
            kind=ActionKind(document["kind"]),
            args=[ArgPort.of(port) for port in document.get("args") or ()],
            returns=[ReturnPort.of(port) for port in document.get("returns") or ()],
            collections=[Collection(name=name) for name in document.get("collections") or ()],
            port_groups=[PortGroup(key=group["key"]) for group in document.get("port_groups") or ()],
            protocols=list(document.get("protocols") or ()),
            is_dev=bool(document.get("is_dev")),
            stateful=bool(document.get("stateful")),
            pure=bool(document.get("pure")),
            idempotent=bool(document.get("idempotent")),
            defined_at=time_of(action.created_at),
        )


@strawberry.type
class Diagnostic:
    """Something in a declaration that was passed over; this hub refuses what it does not understand instead."""

    level: str
    code: str
    message: str
    path: str | None


@strawberry.type
class Implementation:
    """A function of an agent."""

    id: strawberry.ID
    interface: str
    name: str
    agent: Agent
    action: Action
    params: AnyDefault
    code_hash: str | None
    effects: str
    execution: str
    active: bool
    diagnostics: list[Diagnostic]

    @classmethod
    def of(cls, offer: domain.Offer, service: TaskService) -> Self:
        """Show a function."""
        action = service.offers.action(offer.action_id)
        if action is None:
            raise ActionNotFoundError(offer.interface, "its definition is gone")
        agent = service.offers.agent(offer.agent_id, offer.organization_id)
        return cls(
            id=strawberry.ID(offer.id),
            interface=offer.interface,
            name=action.name,
            agent=Agent.of(agent, service),
            action=Action.of(action),
            params=AnyDefault(offer.document.get("params") or {}),
            code_hash=offer.code_hash,
            effects=offer.effects,
            execution=offer.execution,
            active=offer.is_active and service.crew.at(offer.agent_id) is not None,
            diagnostics=[],
        )


def time_of(seconds: float) -> datetime:
    """Return a time of the ledger as GraphQL has it."""
    return datetime.fromtimestamp(seconds, UTC)
