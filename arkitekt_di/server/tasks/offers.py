"""Who offers what: agents, their functions, and the definitions that these carry out."""

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from arkitekt_di.errors import AgentNotFoundError, RecordRefusedError
from arkitekt_di.messages.definitions import Definition, Implementation
from arkitekt_di.server.database import Database
from arkitekt_di.server.identifiers import new_identifier
from arkitekt_di.server.principal import Principal
from arkitekt_di.server.tasks.tables import ACTIONS, AGENTS, IMPLEMENTATIONS


@dataclass(frozen=True, slots=True)
class Agent:
    """A process, or the promise of one, that carries functions out."""

    id: str
    organization_id: str
    user_id: str
    client_id: str
    name: str
    description: str | None = None
    hash: str | None = None
    supervisor: str | None = None
    features: tuple[str, ...] = ()
    seen_at: float = 0.0

    @property
    def app(self) -> str:
        """Identifier of the app, where the name says it: ``app:version``."""
        return self.name.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Action:
    """A definition that somebody carries out."""

    id: str
    organization_id: str
    hash: str
    name: str
    definition: dict[str, Any]
    created_at: float


@dataclass(frozen=True, slots=True)
class Offer:
    """A function of an agent, which carries out an action."""

    id: str
    organization_id: str
    agent_id: str
    action_id: str
    interface: str
    document: dict[str, Any]
    code_hash: str | None
    is_active: bool

    @property
    def effects(self) -> str:
        """What it leaves behind, as its author says."""
        return str(self.document.get("effects") or "UNKNOWN")

    @property
    def execution(self) -> str:
        """``PLAIN`` or ``WORKFLOW``."""
        return str(self.document.get("execution") or "PLAIN")


@dataclass(frozen=True)
class Declaration:
    """What an agent says about itself; None leaves what is known."""

    name: str | None = None
    description: str | None = None
    supervisor: str | None = None
    features: tuple[str, ...] = ()
    hash: str | None = None
    implementations: Sequence[Implementation] | None = None


@dataclass
class _Index:
    agents: dict[str, Agent] = field(default_factory=dict)
    actions: dict[str, Action] = field(default_factory=dict)
    offers: dict[str, Offer] = field(default_factory=dict)


class Offers:
    """Keeps agents, actions and functions: in the database, and at hand.

    Parameters
    ----------
    database : Database
    clock : callable, default time.time
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock
        self._index = _Index()

    async def start(self) -> None:
        """Read what is known."""
        async with self._database.transaction() as session:
            agents = [_agent_of(row) for row in (await session.execute(select(AGENTS))).mappings()]
            actions = [_action_of(row) for row in (await session.execute(select(ACTIONS))).mappings()]
            offers = [_offer_of(row) for row in (await session.execute(select(IMPLEMENTATIONS))).mappings()]
        self._index = _Index(
            {agent.id: agent for agent in agents},
            {action.id: action for action in actions},
            {offer.id: offer for offer in offers},
        )

    def agent(self, agent_id: str, organization_id: str) -> Agent:
        """Return an agent of an organization."""
        agent = self._index.agents.get(agent_id)
        if agent is None or agent.organization_id != organization_id:
            raise AgentNotFoundError(agent_id)
        return agent

    def agents(self, organization_id: str) -> list[Agent]:
        """Return the agents of an organization."""
        return [agent for agent in self._index.agents.values() if agent.organization_id == organization_id]

    def action(self, action_id: str) -> Action | None:
        """Return an action."""
        return self._index.actions.get(action_id)

    def actions(self, organization_id: str) -> list[Action]:
        """Return the actions of an organization, the newest last."""
        return [action for action in self._index.actions.values() if action.organization_id == organization_id]

    def offer(self, offer_id: str) -> Offer | None:
        """Return a function, active or not."""
        return self._index.offers.get(offer_id)

    def offers(self, organization_id: str, action_id: str | None = None) -> list[Offer]:
        """Return the active functions of an organization, or only those that carry out an action."""
        return [
            offer
            for offer in self._index.offers.values()
            if offer.organization_id == organization_id and offer.is_active and action_id in (None, offer.action_id)
        ]

    def offer_at(self, agent_id: str, interface: str) -> Offer | None:
        """Return the active function of this name of an agent."""
        offers = self._index.offers.values()
        here = (offer for offer in offers if offer.agent_id == agent_id and offer.interface == interface)
        return next((offer for offer in here if offer.is_active), None)

    def agent_of(self, principal: Principal) -> Agent | None:
        """Return the agent that a client, a user and an organization are together."""
        identity = (principal.organization_id, principal.user_id, principal.client_id)
        agents = self._index.agents.values()
        return next((a for a in agents if (a.organization_id, a.user_id, a.client_id) == identity), None)

    async def ensure(self, principal: Principal, declaration: Declaration) -> Agent:
        """Make sure that there is an agent, and take over what it declares."""
        known = self.agent_of(principal)
        agent = _renewed(known or _new_agent(principal, self._clock()), declaration)
        if declaration.implementations is None or (known is not None and known.hash == declaration.hash is not None):
            if agent != known:
                async with self._database.transaction() as session:
                    await _store_agent(session, agent, is_new=known is None, now=self._clock())
                self._index.agents[agent.id] = agent
            return agent
        return await self._declare(agent, declaration.implementations, is_new=known is None)

    async def _declare(self, agent: Agent, implementations: Sequence[Implementation], *, is_new: bool) -> Agent:
        named = _by_interface(implementations)
        now = self._clock()
        actions = {wanted.definition.hash: self._action_for(agent, wanted.definition, now) for wanted in named.values()}
        offers = {
            interface: self._offer_for(agent, interface, wanted, actions[wanted.definition.hash])
            for interface, wanted in named.items()
        }
        gone = [
            replace(offer, is_active=False)
            for offer in self._index.offers.values()
            if offer.agent_id == agent.id and offer.is_active and offer.interface not in offers
        ]
        async with self._database.transaction() as session:
            await _store_agent(session, agent, is_new=is_new, now=now)
            await self._store_actions(session, actions.values())
            await self._store_offers(session, [*offers.values(), *gone])
        self._index.agents[agent.id] = agent
        self._index.actions |= {action.id: action for action in actions.values()}
        self._index.offers |= {offer.id: offer for offer in (*offers.values(), *gone)}
        return agent

    def _action_for(self, agent: Agent, definition: Definition, now: float) -> Action:
        known = (action for action in self.actions(agent.organization_id) if action.hash == definition.hash)
        fresh = Action(
            new_identifier(),
            agent.organization_id,
            definition.hash,
            definition.name,
            definition.model_dump(mode="json"),
            now,
        )
        return next(known, fresh)

    def _offer_for(self, agent: Agent, interface: str, wanted: Implementation, action: Action) -> Offer:
        known = (o for o in self._index.offers.values() if o.agent_id == agent.id and o.interface == interface)
        offer_id = next((offer.id for offer in known), None) or new_identifier()
        document = wanted.model_dump(mode="json", exclude={"definition"})
        return Offer(
            offer_id, agent.organization_id, agent.id, action.id, interface, document, wanted.code_hash, is_active=True
        )

    async def _store_actions(self, session: AsyncSession, actions: Iterable[Action]) -> None:
        for action in actions:
            if action.id not in self._index.actions:
                await session.execute(insert(ACTIONS), _action_row(action))

    async def _store_offers(self, session: AsyncSession, offers: Iterable[Offer]) -> None:
        for offer in offers:
            row = _offer_row(offer)
            if offer.id in self._index.offers:
                await session.execute(update(IMPLEMENTATIONS).where(IMPLEMENTATIONS.c.id == offer.id).values(row))
            else:
                await session.execute(insert(IMPLEMENTATIONS), row)


def read_implementations(documents: Sequence[dict[str, Any]]) -> list[Implementation]:
    """Read what an agent declares.

    Raises
    ------
    RecordRefusedError
        Where something of it cannot be understood; the text says where.
    """
    try:
        return [Implementation.model_validate(document) for document in documents]
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise RecordRefusedError(
            f"a declaration is wrong at {place}: {error.errors()[0]['msg']}", "Change it"
        ) from error


def _by_interface(implementations: Sequence[Implementation]) -> dict[str, Implementation]:
    named = {wanted.interface or wanted.definition.key: wanted for wanted in implementations}
    if len(named) < len(implementations):
        raise RecordRefusedError("two functions have the same interface", "Give each a name of its own")
    return named


def _new_agent(principal: Principal, now: float) -> Agent:
    return Agent(
        new_identifier(),
        principal.organization_id,
        principal.user_id,
        principal.client_id,
        name=principal.client_id,
        seen_at=now,
    )


def _renewed(agent: Agent, declaration: Declaration) -> Agent:
    return replace(
        agent,
        name=declaration.name or agent.name,
        description=declaration.description or agent.description,
        supervisor=declaration.supervisor or agent.supervisor,
        features=declaration.features,
        hash=agent.hash if declaration.implementations is None else declaration.hash,
    )


async def _store_agent(session: AsyncSession, agent: Agent, *, is_new: bool, now: float) -> None:
    values = {
        "name": agent.name,
        "description": agent.description,
        "hash": agent.hash,
        "supervisor": agent.supervisor,
        "features": json.dumps(agent.features),
    }
    if not is_new:
        await session.execute(update(AGENTS).where(AGENTS.c.id == agent.id).values(values))
        return
    identity = {
        "id": agent.id,
        "organization_id": agent.organization_id,
        "user_id": agent.user_id,
        "client_id": agent.client_id,
        "epoch": 0,
        "is_connected": False,
        "seen_at": now,
        "created_at": now,
    }
    await session.execute(insert(AGENTS), identity | values)


def _agent_of(values: Any) -> Agent:
    names = (*("id", "organization_id", "user_id", "client_id", "name", "description", "hash"), "supervisor", "seen_at")
    return Agent(**{name: values[name] for name in names}, features=tuple(json.loads(values["features"])))


def _action_of(values: Any) -> Action:
    names = ("id", "organization_id", "hash", "name", "created_at")
    return Action(**{name: values[name] for name in names}, definition=json.loads(values["definition"]))


def _action_row(action: Action) -> dict[str, Any]:
    return {
        "id": action.id,
        "organization_id": action.organization_id,
        "hash": action.hash,
        "name": action.name,
        "folded_name": action.name.casefold(),
        "definition": json.dumps(action.definition),
        "created_at": action.created_at,
    }


def _offer_of(values: Any) -> Offer:
    names = ("id", "organization_id", "agent_id", "action_id", "interface", "code_hash", "is_active")
    return Offer(**{name: values[name] for name in names}, document=json.loads(values["document"]))


def _offer_row(offer: Offer) -> dict[str, Any]:
    return {
        "id": offer.id,
        "organization_id": offer.organization_id,
        "agent_id": offer.agent_id,
        "action_id": offer.action_id,
        "interface": offer.interface,
        "document": json.dumps(offer.document),
        "code_hash": offer.code_hash,
        "is_active": offer.is_active,
    }
