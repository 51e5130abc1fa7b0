"""What the service is asked with.

Deep inputs that only agents write (declarations, hooks, demands) are scalars here: they arrive as JSON and are read by
the models of the agent socket, so that both ways of declaring an agent are one.
"""

from datetime import datetime
from typing import Any, NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

from arkitekt_di.errors import RecordRefusedError
from arkitekt_di.messages.definitions import ActionKind
from arkitekt_di.messages.tasks import EventKind
from arkitekt_di.server.graphql.paging import Ordering
from arkitekt_di.server.graphql.scalars import read_text
from arkitekt_di.server.identifiers import new_identifier
from arkitekt_di.server.tasks.calls import Call, Target
from arkitekt_di.server.tasks.wire import TaskPolicy

ActionHash = NewType("ActionHash", str)
Args = NewType("Args", object)
HookInput = NewType("HookInput", object)
ResolvedDependencyInput = NewType("ResolvedDependencyInput", object)
StateRequirementInput = NewType("StateRequirementInput", object)
ImplementationInput = NewType("ImplementationInput", object)
StateImplementationInput = NewType("StateImplementationInput", object)
LockImplementationInput = NewType("LockImplementationInput", object)
BlokImplementationInput = NewType("BlokImplementationInput", object)
AssetInput = NewType("AssetInput", object)
ActionDemandInput = NewType("ActionDemandInput", object)
PortDemandInput = NewType("PortDemandInput", object)
RequiresInput = NewType("RequiresInput", object)

_JSON_KINDS: dict[str, object] = {
    "Args": Args,
    "HookInput": HookInput,
    "ResolvedDependencyInput": ResolvedDependencyInput,
    "StateRequirementInput": StateRequirementInput,
    "ImplementationInput": ImplementationInput,
    "StateImplementationInput": StateImplementationInput,
    "LockImplementationInput": LockImplementationInput,
    "BlokImplementationInput": BlokImplementationInput,
    "AssetInput": AssetInput,
    "ActionDemandInput": ActionDemandInput,
    "PortDemandInput": PortDemandInput,
    "RequiresInput": RequiresInput,
}

SCALARS: dict[object, ScalarDefinition] = {
    ActionHash: strawberry.scalar(
        name="ActionHash", serialize=str, parse_value=read_text, description="Names a definition."
    ),
} | {
    kind: strawberry.scalar(name=name, serialize=lambda value: value, parse_value=lambda value: value)
    for name, kind in _JSON_KINDS.items()
}
"""Scalars of the inputs beside GraphQL's own."""


@strawberry.input
class AssignInput:
    """A call."""

    args: Args
    action: strawberry.ID | None = None
    action_hash: ActionHash | None = None
    implementation: strawberry.ID | None = None
    agent: strawberry.ID | None = None
    interface: str | None = None
    reference: str | None = None
    capture: bool = False
    step: bool | None = None
    policy: TaskPolicy | None = None
    resolution: strawberry.ID | None = None
    hooks: list[HookInput] | None = None
    dependencies: list[ResolvedDependencyInput] | None = None
    state_requires: list[StateRequirementInput] | None = None
    not_before: datetime | None = None

    def call(self) -> Call:
        """Return what is asked for; raises `RecordRefusedError` where it is more than the hub can do."""
        if not isinstance(self.args, dict):
            raise RecordRefusedError("the arguments are not an object", "Name each by the key of its port")
        extras = {"hooks": self.hooks, "dependencies": self.dependencies, "notBefore": self.not_before}
        if unsupported := [name for name, value in extras.items() if value]:
            raise RecordRefusedError(f"this hub does not know {', '.join(unsupported)} of a call yet", "Leave it out")
        options: dict[str, Any] = {
            "policy": None if self.policy is None else self.policy.value,
            "capture": self.capture,
            "step": self.step,
            "resolution": self.resolution,
            "state_requires": self.state_requires,
        }
        target = Target(
            implementation=self.implementation,
            agent=self.agent,
            interface=self.interface,
            action=self.action,
            action_hash=self.action_hash,
        )
        return Call(
            target,
            self.args,
            self.reference or new_identifier(),
            options={name: value for name, value in options.items() if value},
        )


@strawberry.input
class CancelInput:
    """The task to cancel."""

    task: strawberry.ID


@strawberry.input
class InterruptInput:
    """The task to interrupt."""

    task: strawberry.ID


@strawberry.input
class PauseInput:
    """The task to pause."""

    task: strawberry.ID


@strawberry.input
class ResumeInput:
    """The task to resume; with ``step`` only to its next breakpoint."""

    task: strawberry.ID
    step: bool = False


@strawberry.input
class DecideInput:
    """The answer to a task that waits for a person."""

    task: strawberry.ID
    approved: bool
    answer: str | None = None
    values: Args | None = None


@strawberry.input
class CollectInput:
    """Values that an agent is to drop from its memory."""

    drawers: list[strawberry.ID]


@strawberry.input
class AgentInput:
    """The agent that the asking app is."""

    name: str | None = None
    description: str | None = None
    kind: str | None = None
    hook_url: str | None = None
    hook_url_secret: str | None = None


@strawberry.input
class ImplementAgentInput:
    """What the asking app offers, for agents that do not say so when they register."""

    name: str | None = None
    description: str | None = None
    hash: str | None = None
    implementations: list[ImplementationInput] | None = None
    states: list[StateImplementationInput] | None = None
    locks: list[LockImplementationInput] | None = None
    bloks: list[BlokImplementationInput] | None = None
    assets: list[AssetInput] | None = None


@strawberry.input
class StrFilterLookup:
    """What a text has to be like."""

    exact: str | None = None
    i_exact: str | None = None
    contains: str | None = None
    i_contains: str | None = None
    starts_with: str | None = None
    i_starts_with: str | None = None
    in_list: list[str] | None = None

    def matches(self, text: str) -> bool:
        """Tell whether a text is like that."""
        folded = text.casefold()
        conditions = (
            self.exact is None or text == self.exact,
            self.i_exact is None or folded == self.i_exact.casefold(),
            self.contains is None or self.contains in text,
            self.i_contains is None or self.i_contains.casefold() in folded,
            self.starts_with is None or text.startswith(self.starts_with),
            self.i_starts_with is None or folded.startswith(self.i_starts_with.casefold()),
            self.in_list is None or text in self.in_list,
        )
        return all(conditions)


@strawberry.input
class ActionFilter:
    """Which actions are wanted."""

    name: StrFilterLookup | None = None
    search: str | None = None
    ids: list[strawberry.ID] | None = None
    demands: list[PortDemandInput] | None = None
    protocols: list[str] | None = None
    kind: ActionKind | None = None
    in_collection: str | None = None
    assignable: bool | None = None
    stateful: bool | None = None
    app_identifier: str | None = None


@strawberry.input
class ImplementationFilter:
    """Which functions are wanted."""

    interface: StrFilterLookup | None = None
    search: str | None = None
    ids: list[strawberry.ID] | None = None
    action_hash: ActionHash | None = None
    active: bool | None = None


@strawberry.input
class AgentFilter:
    """Which agents are wanted."""

    search: str | None = None
    ids: list[strawberry.ID] | None = None
    client_id: str | None = None
    app_identifier: strawberry.ID | None = None
    available: bool | None = None
    supervisor: str | None = None
    has_implementations: list[str] | None = None
    requires: list[RequiresInput] | None = None


@strawberry.input
class TaskFilter:
    """Which tasks are wanted."""

    ids: list[strawberry.ID] | None = None
    state: list[EventKind] | None = None
    is_done: bool | None = None
    reference: str | None = None
    action: strawberry.ID | None = None
    implementation: strawberry.ID | None = None
    agent: strawberry.ID | None = None
    parent: strawberry.ID | None = None
    root: strawberry.ID | None = None
    root_isnull: bool | None = None
    args_hash: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None


@strawberry.input
class TaskOrder:
    """In which order tasks are wanted."""

    created_at: Ordering | None = None


@strawberry.input
class ActionOrder:
    """In which order actions are wanted."""

    defined_at: Ordering | None = None


@strawberry.input
class AgentOrder:
    """In which order agents are wanted."""

    last_seen: Ordering | None = None


@strawberry.input
class ImplementationOrder:
    """In which order functions are wanted."""

    created_at: Ordering | None = None
