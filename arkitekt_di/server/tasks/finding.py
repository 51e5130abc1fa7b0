"""Finding agents, functions, actions and tasks by what is known of them."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from arkitekt_di.errors import ActionNotFoundError, AgentNotFoundError, RecordRefusedError, TaskNotFoundError
from arkitekt_di.server.listing import Page
from arkitekt_di.server.principal import Principal
from arkitekt_di.server.tasks import inputs
from arkitekt_di.server.tasks.offers import Action, Agent, Offer
from arkitekt_di.server.tasks.promise import Wanted
from arkitekt_di.server.tasks.records import Task
from arkitekt_di.server.tasks.service import TaskService

T = TypeVar("T")


class Finder:
    """Finds what one person may see.

    Parameters
    ----------
    service : TaskService
    principal : Principal
    """

    def __init__(self, service: TaskService, principal: Principal) -> None:
        self._service = service
        self._offers = service.offers
        self._organization_id = principal.organization_id
        self._principal = principal

    def actions(self, wanted: inputs.ActionFilter | None, page: Page) -> list[Action]:
        """Return actions, the newest first."""
        filters = wanted or inputs.ActionFilter()
        if filters.demands:
            raise RecordRefusedError("this hub cannot find actions by their ports yet", "Search by name")
        found = [action for action in self._offers.actions(self._organization_id) if self._is_wanted(action, filters)]
        return _page(sorted(found, key=lambda action: -action.created_at), page)

    def offers(self, wanted: inputs.ImplementationFilter | None, page: Page) -> list[Offer]:
        """Return functions."""
        filters = wanted or inputs.ImplementationFilter()
        found = [offer for offer in self._offers.offers(self._organization_id) if self._offer_is_wanted(offer, filters)]
        return _page(sorted(found, key=lambda offer: offer.interface), page)

    def agents(self, wanted: inputs.AgentFilter | None, page: Page) -> list[Agent]:
        """Return agents."""
        filters = wanted or inputs.AgentFilter()
        if filters.requires:
            raise RecordRefusedError("this hub cannot find agents by requirements yet", "Search by name")
        found = [agent for agent in self._offers.agents(self._organization_id) if self._agent_is_wanted(agent, filters)]
        return _page(sorted(found, key=lambda agent: agent.name), page)

    def action(self, action_id: str | None, action_hash: str | None) -> Action:
        """Return the one action of this identifier or hash."""
        actions = self._offers.actions(self._organization_id)
        found = (action for action in actions if action.id == action_id or action.hash == action_hash)
        return _one(found, lambda: ActionNotFoundError(str(action_id or action_hash), "there is none"))

    def offer(self, offer_id: str) -> Offer:
        """Return one function."""
        offer = self._offers.offer(offer_id)
        if offer is None or offer.organization_id != self._organization_id:
            raise ActionNotFoundError(offer_id, "nobody offers it")
        return offer

    def own_offer(self, interface: str | None, action_id: str | None) -> Offer:
        """Return a function of the asking app itself."""
        agent = self._offers.agent_of(self._principal)
        offers = [] if agent is None else self._offers.offers(self._organization_id)
        own = (offer for offer in offers if agent is not None and offer.agent_id == agent.id)
        found = (offer for offer in own if interface == offer.interface or action_id == offer.action_id)
        return _one(found, lambda: ActionNotFoundError(str(interface or action_id), "this app does not offer it"))

    def agent(self, agent_id: str | None, app: str | None, version: str | None) -> Agent:
        """Return the one agent of this identifier, or of this app."""
        if agent_id is not None:
            return self._offers.agent(agent_id, self._organization_id)
        name = f"{app}:{version}" if version is not None else app
        agents = self._offers.agents(self._organization_id)
        return _one(
            (agent for agent in agents if name in (agent.name, agent.app)), lambda: AgentNotFoundError(str(name))
        )

    async def task(self, task_id: str) -> Task:
        """Return one task."""
        task = await self._service.store.get(task_id)
        if task is None or task.draft.caller.organization_id != self._organization_id:
            raise TaskNotFoundError(task_id)
        return task

    async def own_task(self, task_id: str) -> Task:
        """Return one task that the asking person may control: theirs, whichever app called it."""
        task = await self.task(task_id)
        if task.draft.caller.user_id != self._principal.user_id:
            raise TaskNotFoundError(task_id)
        return task

    async def tasks(self, wanted: inputs.TaskFilter | None, page: Page) -> Sequence[Task]:
        """Return tasks of the organization, the newest first."""
        filters = wanted or inputs.TaskFilter()
        same: dict[str, Any] = {
            "reference": filters.reference,
            "action_id": filters.action,
            "implementation_id": filters.implementation,
            "agent_id": filters.agent,
            "parent_id": filters.parent,
            "root_id": filters.root,
            "args_hash": filters.args_hash,
        }
        return await self._service.store.find(
            Wanted(
                self._organization_id,
                same={name: value for name, value in same.items() if value is not None},
                ids=filters.ids,
                kinds=filters.state,
                is_done=filters.is_done,
                is_root=filters.root_isnull,
                after=None if filters.created_after is None else filters.created_after.timestamp(),
                before=None if filters.created_before is None else filters.created_before.timestamp(),
            ),
            page.limit,
            page.offset,
        )

    def _is_wanted(self, action: Action, wanted: inputs.ActionFilter) -> bool:
        document = action.definition
        conditions = (
            wanted.name is None or wanted.name.matches(action.name),
            not wanted.search or _is_in(wanted.search, action.name, document["key"], document.get("description")),
            wanted.ids is None or action.id in wanted.ids,
            wanted.kind is None or document["kind"] == wanted.kind.value,
            wanted.stateful is None or bool(document.get("stateful")) == wanted.stateful,
            not wanted.protocols or set(wanted.protocols) <= set(document.get("protocols") or ()),
            wanted.in_collection is None or wanted.in_collection in (document.get("collections") or ()),
            wanted.app_identifier is None or wanted.app_identifier in self._apps_of(action),
            wanted.assignable is None or bool(self._offers_of(action)) == wanted.assignable,
        )
        return all(conditions)

    def _offer_is_wanted(self, offer: Offer, wanted: inputs.ImplementationFilter) -> bool:
        action = self._offers.action(offer.action_id)
        conditions = (
            wanted.interface is None or wanted.interface.matches(offer.interface),
            not wanted.search or _is_in(wanted.search, offer.interface, None if action is None else action.name),
            wanted.ids is None or offer.id in wanted.ids,
            wanted.action_hash is None or (action is not None and action.hash == wanted.action_hash),
            wanted.active is None or (self._service.crew.at(offer.agent_id) is not None) == wanted.active,
        )
        return all(conditions)

    def _agent_is_wanted(self, agent: Agent, wanted: inputs.AgentFilter) -> bool:
        offered = {
            offer.interface for offer in self._offers.offers(agent.organization_id) if offer.agent_id == agent.id
        }
        conditions = (
            not wanted.search or _is_in(wanted.search, agent.name, agent.description),
            wanted.ids is None or agent.id in wanted.ids,
            wanted.client_id is None or agent.client_id == wanted.client_id,
            wanted.app_identifier is None or agent.app == wanted.app_identifier,
            wanted.supervisor is None or agent.supervisor == wanted.supervisor,
            wanted.available is None or (self._service.crew.at(agent.id) is not None) == wanted.available,
            not wanted.has_implementations or set(wanted.has_implementations) <= offered,
        )
        return all(conditions)

    def _offers_of(self, action: Action) -> list[Offer]:
        return self._offers.offers(self._organization_id, action.id)

    def _apps_of(self, action: Action) -> set[str]:
        return {self._offers.agent(offer.agent_id, self._organization_id).app for offer in self._offers_of(action)}


def _is_in(search: str, *texts: str | None) -> bool:
    folded = search.casefold()
    return any(folded in text.casefold() for text in texts if text)


def _page(found: list[T], page: Page) -> list[T]:
    return found[page.offset : page.offset + page.limit]


def _one(found: Iterable[T], error: Callable[[], Exception]) -> T:
    for record in found:
        return record
    raise error()
