"""What an app says about the functions that it offers: actions, and how they are carried out.

The same models serve both spellings of the wire: ``REGISTER`` writes them in snake_case, GraphQL in camelCase.
"""

import hashlib
import json
from collections.abc import Sequence
from enum import StrEnum

from pydantic import Field

from arkitekt_di.messages.model import CamelMessage
from arkitekt_di.messages.ports import ArgPort, PortGroup, ReturnPort
from arkitekt_di.messages.widgets import Json


class ActionKind(StrEnum):
    """Whether an action returns once or yields many times."""

    FUNCTION = "FUNCTION"
    GENERATOR = "GENERATOR"


class Effects(StrEnum):
    """What running a function leaves behind, as its author says; for people to judge by, never a promise."""

    NONE = "NONE"
    REPEATABLE = "REPEATABLE"
    UNKNOWN = "UNKNOWN"
    IRREVERSIBLE = "IRREVERSIBLE"


class Execution(StrEnum):
    """How a function runs: a workflow may call others, and is resumed from its journal when its agent dies."""

    PLAIN = "PLAIN"
    WORKFLOW = "WORKFLOW"


_IDENTITY = {
    "args",
    "collections",
    "description",
    "is_test_for",
    "key",
    "kind",
    "name",
    "port_groups",
    "returns",
    "stateful",
    "version",
}


class Definition(CamelMessage):
    """What an action is, whoever carries it out.

    Attributes
    ----------
    key : str
        Name of the action within its app, such as ``segment``.
    version : str
    name : str
        Title for people.
    description : str or None
    kind : ActionKind
    args : tuple of ArgPort
    returns : tuple of ReturnPort
    stateful, pure, idempotent, allow_probe, is_dev : bool
    collections, protocols, catalogs : tuple of str
        What it is filed under.
    """

    description: str | None = None
    collections: tuple[str, ...] = ()
    key: str = Field(min_length=1)
    version: str = Field(min_length=1)
    name: str = Field(min_length=1)
    stateful: bool = False
    pure: bool = False
    idempotent: bool = False
    allow_probe: bool = False
    catalogs: tuple[str, ...] = ()
    protocols: tuple[str, ...] = ()
    port_groups: tuple[PortGroup, ...] = ()
    args: tuple[ArgPort, ...] = ()
    returns: tuple[ReturnPort, ...] = ()
    kind: ActionKind
    is_test_for: tuple[Json, ...] = ()
    is_dev: bool = False

    @property
    def hash(self) -> str:
        """Identity of the action: SHA-256, hexadecimal, of the members that make it the action that it is.

        The eleven members and their order are those of the real rekuest, so that both name an action alike.
        """
        members = self.model_dump(mode="json", include=_IDENTITY)
        return hashlib.sha256(json.dumps(members, sort_keys=True).encode()).hexdigest()


class Implementation(CamelMessage):
    """One app's way of carrying an action out.

    Attributes
    ----------
    definition : Definition
    interface : str or None
        Name under which the agent knows it; what ``ASSIGN`` names.
    locks : tuple of str or None
        Keys of locks that it holds while it runs.
    needs_token : bool
        Whether the agent wants a provenance token with each task.
    effects : Effects
    execution : Execution
    code_hash : str or None
        Of the source code, so that a task can tell which code ran.
    """

    definition: Definition
    dependencies: tuple[Json, ...] = ()
    tracks: tuple[Json, ...] | None = None
    interface: str | None = None
    params: Json = None
    locks: tuple[str, ...] | None = None
    optimistics: tuple[Json, ...] | None = None
    manipulates: tuple[str, ...] | None = None
    needs_token: bool = True
    effects: Effects = Effects.UNKNOWN
    execution: Execution = Execution.PLAIN
    code_hash: str | None = None
    logo: str | None = None


class LockDefinition(CamelMessage):
    """What a lock stands for."""

    key: str
    description: str | None = None


class LockImplementation(CamelMessage):
    """A lock that an agent has."""

    key: str
    definition: LockDefinition


class StateDefinition(CamelMessage):
    """What a state consists of."""

    name: str
    ports: tuple[ReturnPort, ...]


class StateImplementation(CamelMessage):
    """A state that an agent shows while it runs."""

    interface: str
    definition: StateDefinition


class Declaration(CamelMessage):
    """Everything that an agent offers: the part of ``REGISTER`` that the hub keeps.

    Attributes
    ----------
    name : str or None
        Name of the agent.
    description : str or None
    implementations : tuple of Implementation
    states : tuple of StateImplementation
    locks : tuple of LockImplementation
    """

    name: str | None = None
    description: str | None = None
    implementations: tuple[Implementation, ...] = ()
    states: tuple[StateImplementation, ...] = ()
    locks: tuple[LockImplementation, ...] = ()

    @property
    def hash(self) -> str:
        """SHA-256, hexadecimal: a hub that knows it needs to store nothing again."""
        return hashlib.sha256(json.dumps(self.wire(), sort_keys=True).encode()).hexdigest()

    def wire(self) -> dict[str, Json]:
        """Return the members as ``REGISTER`` writes them."""
        return self.model_dump(mode="json", exclude_none=True)


def find_implementation(implementations: Sequence[Implementation], interface: str) -> Implementation | None:
    """Return the implementation that an agent knows as *interface*; None where there is none."""
    return next((one for one in implementations if one.interface == interface), None)
