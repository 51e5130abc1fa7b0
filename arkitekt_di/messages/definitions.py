"""What an app says about the functions that it offers: actions, their ports, and how they are carried out.

The same models serve both spellings of the wire: ``REGISTER`` writes them in snake_case, GraphQL in camelCase.
"""

import hashlib
import json
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import ConfigDict, Discriminator, Field, Tag

from arkitekt_di.messages.model import CamelMessage

Json: TypeAlias = Any
"""A value that JSON can hold; parts that only user interfaces read travel as they are."""


class PortKind(StrEnum):
    """What kind of value a port takes."""

    INT = "INT"
    STRING = "STRING"
    STRUCTURE = "STRUCTURE"
    LIST = "LIST"
    BOOL = "BOOL"
    DICT = "DICT"
    FLOAT = "FLOAT"
    DATE = "DATE"
    UNION = "UNION"
    ENUM = "ENUM"
    MODEL = "MODEL"
    MEMORY_STRUCTURE = "MEMORY_STRUCTURE"
    INTERFACE = "INTERFACE"
    QUANTITY = "QUANTITY"


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


class Part(CamelMessage):
    """A part of a definition that keeps members which it does not know: others wrote them, and others read them."""

    model_config = ConfigDict(extra="allow")


class Choice(Part):
    """One value of an enumeration, with what a person reads.

    Attributes
    ----------
    value : object
        What travels.
    label : str
    image, description : str or None
    """

    value: Json
    label: str
    image: str | None = None
    description: str | None = None


class Widget(Part):
    """How a user interface asks for a value, or shows one; of a kind that is not known here.

    Attributes
    ----------
    kind : str
        Such as ``SLIDER``; the other members depend on it.
    """

    kind: str


class SliderWidget(Widget):
    """A slider from *min* to *max*."""

    kind: Literal["SLIDER"] = "SLIDER"
    follow_value: str | None = None
    min: float | None = None
    max: float | None = None
    step: float | None = None


class StringWidget(Widget):
    """A line of text, or a paragraph."""

    kind: Literal["STRING"] = "STRING"
    follow_value: str | None = None
    placeholder: str | None = None
    as_paragraph: bool | None = None


class ChoiceWidget(Widget):
    """One of the port's choices."""

    kind: Literal["CHOICE"] = "CHOICE"
    follow_value: str | None = None
    placeholder: str | None = None


class SearchWidget(Widget):
    """One of the options that a GraphQL query at the service *ward* finds."""

    kind: Literal["SEARCH"] = "SEARCH"
    follow_value: str | None = None
    query: str
    ward: str
    filters: tuple[Json, ...] | None = None
    dependencies: tuple[str, ...] = ()
    placeholder: str | None = None


class ChoiceReturnWidget(Widget):
    """The label of the choice that was returned."""

    kind: Literal["CHOICE"] = "CHOICE"


class CustomReturnWidget(Widget):
    """A component that the user interface knows by name."""

    kind: Literal["CUSTOM"] = "CUSTOM"
    component: str
    props: tuple[Json, ...] | None = None


class CustomWidget(CustomReturnWidget):
    """A component that the user interface knows by name, for a value that goes in."""

    follow_value: str | None = None
    dependencies: tuple[str, ...] = ()
    fallback: Json = None


def _kind_of(widget: object) -> str:
    kind = widget.get("kind") if isinstance(widget, dict) else getattr(widget, "kind", None)
    return kind if kind in {"SLIDER", "STRING", "CHOICE", "SEARCH", "CUSTOM"} else ""


def _return_kind_of(widget: object) -> str:
    kind = _kind_of(widget)
    return kind if kind in {"CHOICE", "CUSTOM"} else ""


AssignWidget: TypeAlias = Annotated[
    Annotated[SliderWidget, Tag("SLIDER")]
    | Annotated[StringWidget, Tag("STRING")]
    | Annotated[ChoiceWidget, Tag("CHOICE")]
    | Annotated[SearchWidget, Tag("SEARCH")]
    | Annotated[CustomWidget, Tag("CUSTOM")]
    | Annotated[Widget, Tag("")],
    Discriminator(_kind_of),
]
"""How a value that goes in is asked for."""

ReturnWidget: TypeAlias = Annotated[
    Annotated[ChoiceReturnWidget, Tag("CHOICE")]
    | Annotated[CustomReturnWidget, Tag("CUSTOM")]
    | Annotated[Widget, Tag("")],
    Discriminator(_return_kind_of),
]
"""How a value that comes out is shown."""


class Operand(Part):
    """One argument of a `Call`: a constant, or the value of a port.

    Attributes
    ----------
    key : str
        Name of the argument.
    value_literal : object
    value_path : str or None
        ``value`` is the port's own value.
    """

    key: str | None = None
    value_literal: Json = None
    value_path: str | None = None
    agent_call: Json = None
    util_call: Json = None
    value_list: tuple[Json, ...] | None = None
    value_dict: tuple[Json, ...] | None = None


class Call(Part):
    """A pure operation of the base catalog that a user interface evaluates, such as ``gte(a, b)``."""

    operation: str
    arguments: tuple[Operand, ...] | None = None


class Validator(Part):
    """A condition on a value, for user interfaces; the agent checks its own limits by itself."""

    call: Call
    dependencies: tuple[str, ...] = ()
    label: str | None = None
    error_message: str | None = None
    source: str | None = None


class Port(CamelMessage):
    """One value that goes into an action or comes out of it.

    Attributes
    ----------
    key : str
        Name of the parameter; ``return0``, ``return1``, ... on the way out.
    kind : PortKind
    label, description : str or None
        For people.
    identifier : str or None
        Of a STRUCTURE, MEMORY_STRUCTURE, MODEL or ENUM, such as ``@mikro/arraydataset``.
    nullable : bool
        Whether the value may be absent.
    choices : tuple of Choice or None
        Values of an ENUM.
    dimension, reference_unit : str or None
    proposed_units : tuple of str or None
        Of a QUANTITY.
    """

    key: str = Field(min_length=1)
    label: str | None = None
    kind: PortKind
    description: str | None = None
    identifier: str | None = None
    nullable: bool = False
    effects: tuple[Json, ...] | None = None
    choices: tuple[Choice, ...] | None = None
    reference_unit: str | None = None
    proposed_units: tuple[str, ...] | None = None
    dimension: str | None = None


class ArgPort(Port):
    """A value that goes in.

    Attributes
    ----------
    children : tuple of ArgPort or None
        Ports of the values inside: one for LIST and DICT, one for each member of a UNION or MODEL.
    default : object
        Taken where the caller names no value, as it travels; None where there is none.
    """

    children: tuple["ArgPort", ...] | None = None
    validators: tuple[Validator, ...] | None = None
    default: Json = None
    widget: AssignWidget | None = None
    requires: tuple[Json, ...] | None = None


class ReturnPort(Port):
    """A value that comes out.

    Attributes
    ----------
    children : tuple of ReturnPort or None
        As for `ArgPort`.
    """

    children: tuple["ReturnPort", ...] | None = None
    widget: ReturnWidget | None = None
    provides: tuple[Json, ...] | None = None


class PortGroup(Part):
    """Ports that belong together in a form."""

    key: str
    title: str | None = None
    description: str | None = None
    effects: tuple[Json, ...] = ()
    ports: tuple[str, ...] = ()


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
