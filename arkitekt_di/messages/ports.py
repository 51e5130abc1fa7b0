"""What goes into a function and what comes out: ports, and what their values have to be."""

from enum import StrEnum

from pydantic import Field

from arkitekt_di.messages.model import CamelMessage
from arkitekt_di.messages.widgets import AssignWidget, Choice, Json, Part, ReturnWidget


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
