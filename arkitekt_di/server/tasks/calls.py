"""A call as it is asked for, and the task that it would be."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from arkitekt_di.errors import ActionNotFoundError, RecordRefusedError
from arkitekt_di.messages.frames import FEATURE_STATE_REQUIRES
from arkitekt_di.server.tasks.crew import Crew
from arkitekt_di.server.tasks.offers import Action, Agent, Offer, Offers
from arkitekt_di.server.tasks.records import Caller, Task, TaskDraft
from arkitekt_di.server.tasks.rows import text_of


@dataclass(frozen=True)
class Target:
    """What is called: the first of these that is set says it."""

    implementation: str | None = None
    agent: str | None = None
    interface: str | None = None
    action: str | None = None
    action_hash: str | None = None
    dependency: str | None = None
    method: str | None = None

    def __str__(self) -> str:
        names = (self.implementation, self.interface, self.action, self.action_hash, self.method)
        return next((name for name in names if name is not None), "nothing")


@dataclass(frozen=True)
class Call:
    """What a caller asks for."""

    target: Target
    args: dict[str, Any]
    reference: str
    parent: Task | None = None
    parent_step: int | None = None
    call_key: str | None = None
    options: dict[str, Any] = field(default_factory=dict)


class Resolution:
    """Decides which function of which agent answers a call.

    Parameters
    ----------
    offers : Offers
    crew : Crew
        Agents that are connected are preferred, and of these the least busy.
    """

    def __init__(self, offers: Offers, crew: Crew) -> None:
        self._offers = offers
        self._crew = crew

    def draft(self, caller: Caller, call: Call) -> TaskDraft:
        """Return the task that a call asks for.

        Raises
        ------
        ActionNotFoundError
            Where nobody offers what is called.
        RecordRefusedError
            Where the agent cannot do what is asked beside.
        """
        offer = self.offer(caller.organization_id, call)
        agent = self._offers.agent(offer.agent_id, caller.organization_id)
        action = self._offers.action(offer.action_id)
        if call.options.get("state_requires") and FEATURE_STATE_REQUIRES not in agent.features:
            raise RecordRefusedError(f"agent {agent.name!r} cannot test its states", "Call without state_requires")
        args = text_of(call.args)
        parent = call.parent
        return TaskDraft(
            caller=caller,
            reference=call.reference,
            action_id=offer.action_id,
            implementation_id=offer.id,
            agent_id=offer.agent_id,
            interface=offer.interface,
            args=args,
            args_hash=hashlib.sha256(_text_in_order(call.args, args).encode()).hexdigest(),
            code_hash=offer.code_hash,
            parent_id=None if parent is None else parent.id,
            root_id=None if parent is None else parent.draft.root_id or parent.id,
            parent_step=call.parent_step,
            call_key=call.call_key,
            options=call.options | {"movable": call.target.implementation is None and call.target.agent is None},
            effects=offer.effects,
            execution=offer.execution,
            is_repeatable=_is_repeatable(action),
            is_held=parent is not None and call.options.get("policy") == "ASK",
        )

    def offer(self, organization_id: str, call: Call) -> Offer:
        """Return the function that answers a call."""
        target = call.target
        if target.implementation is not None:
            found = self._offers.offer(target.implementation)
            candidates = [found] if found is not None else []
        elif target.agent is not None and target.interface is not None:
            found = self._offers.offer_at(target.agent, target.interface)
            candidates = [found] if found is not None else []
        else:
            candidates = self._of_action(organization_id, call)
        usable = [offer for offer in candidates if offer.is_active and offer.organization_id == organization_id]
        if not usable:
            raise ActionNotFoundError(str(target), "nobody offers it")
        return min(usable, key=self._eagerness)

    def elsewhere(self, task: Task) -> Offer | None:
        """Return another connected agent's function for the same action, where the caller named none."""
        if not task.draft.options.get("movable"):
            return None
        offers = self._offers.offers(task.draft.caller.organization_id, task.draft.action_id)
        others = [offer for offer in offers if offer.agent_id != task.draft.agent_id and self._crew.at(offer.agent_id)]
        return min(others, key=self._eagerness, default=None)

    def _eagerness(self, offer: Offer) -> tuple[bool, int, float]:
        connection = self._crew.at(offer.agent_id)
        agent = self._offers.agent(offer.agent_id, offer.organization_id)
        return connection is None, 0 if connection is None else connection.load, -agent.seen_at

    def _of_action(self, organization_id: str, call: Call) -> list[Offer]:
        target = call.target
        actions = self._offers.actions(organization_id)
        if target.action is not None:
            wanted = [action for action in actions if action.id == target.action]
        elif target.action_hash is not None:
            wanted = [action for action in actions if action.hash == target.action_hash]
        else:
            wanted = [action for action in actions if self._meets(action, self._demand(call))]
        return [offer for action in wanted for offer in self._offers.offers(organization_id, action.id)]

    def _demand(self, call: Call) -> dict[str, Any]:
        """Return what the calling function has declared about a function that it depends on."""
        parent = call.parent and self._offers.offer(call.parent.draft.implementation_id)
        for dependency in (parent.document.get("dependencies") or ()) if parent else ():
            if dependency.get("key") == call.target.dependency:
                for method in dependency.get("action_dependencies") or dependency.get("actionDependencies") or ():
                    if method.get("key") == call.target.method:
                        return {"app": dependency.get("app")} | (method.get("demand") or {"key": call.target.method})
        raise ActionNotFoundError(str(call.target), "the calling function does not declare that it depends on it")

    def _meets(self, action: Action, demand: dict[str, Any]) -> bool:
        own = action.definition | {"hash": action.hash}
        names = ("hash", "key", "version", "name")
        if any(demand.get(name) is not None and demand[name] != own.get(name) for name in names):
            return False
        app = demand.get("app")
        return app is None or any(
            self._is_of(offer, app) for offer in self._offers.offers(action.organization_id, action.id)
        )

    def _is_of(self, offer: Offer, app: str) -> bool:
        agent: Agent = self._offers.agent(offer.agent_id, offer.organization_id)
        return agent.app == app


def _text_in_order(args: dict[str, Any], written: str) -> str:
    """Return arguments as JSON with the members of all objects in order, so that the same have the same hash."""
    return written if _is_in_order(args) else text_of(_in_order(args))


def _is_in_order(value: Any) -> bool:
    if isinstance(value, dict):
        return list(value) == sorted(value) and all(map(_is_in_order, value.values()))
    return not isinstance(value, list) or all(_is_in_order(one) for one in value if isinstance(one, dict | list))


def _in_order(value: Any) -> Any:
    """Return a value with the members of its objects in order."""
    if isinstance(value, dict):
        return {name: _in_order(value[name]) for name in sorted(value)}
    if isinstance(value, list) and any(isinstance(one, dict | list) for one in value):
        return [_in_order(one) for one in value]
    return value


def _is_repeatable(action: Action | None) -> bool:
    return action is not None and bool(action.definition.get("idempotent") or action.definition.get("pure"))
