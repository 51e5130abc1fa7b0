"""Ports and widgets as the service answers them: the shapes that clients select from a definition."""

from collections.abc import Mapping
from typing import Any, NewType, Self

import strawberry
from strawberry.scalars import JSON
from strawberry.types.scalar import ScalarDefinition

Document = Mapping[str, Any]

AnyDefault = NewType("AnyDefault", object)
Identifier = NewType("Identifier", str)

SCALARS: dict[object, ScalarDefinition] = {
    AnyDefault: strawberry.scalar(
        name="AnyDefault", serialize=lambda value: value, parse_value=lambda value: value, description="Any JSON value."
    ),
    Identifier: strawberry.scalar(
        name="Identifier", serialize=str, parse_value=str, description="Names a structure, such as @mikro/arraydataset."
    ),
}
"""Scalars of the schema beside GraphQL's own."""


@strawberry.type
class ActionArgument:
    """One argument of a call that a user interface evaluates."""

    key: str | None
    value_literal: JSON | None
    value_path: str | None
    util_call: "UtilCall | None"
    value_list: "list[ActionArgument] | None"
    value_dict: "list[ActionArgument] | None"

    @classmethod
    def of(cls, document: Document) -> Self:
        """Show an argument."""
        return cls(
            key=document.get("key"),
            value_literal=document.get("value_literal"),
            value_path=document.get("value_path"),
            util_call=UtilCall.of(document["util_call"]) if document.get("util_call") else None,
            value_list=_all(ActionArgument, document.get("value_list")),
            value_dict=_all(ActionArgument, document.get("value_dict")),
        )


@strawberry.type
class UtilCall:
    """A pure operation that a user interface evaluates."""

    operation: str
    arguments: list[ActionArgument] | None

    @classmethod
    def of(cls, document: Document) -> Self:
        """Show a call."""
        return cls(operation=document["operation"], arguments=_all(ActionArgument, document.get("arguments")))


@strawberry.type
class DynamicValue:
    """A value that a component takes from elsewhere."""

    literal: str | None = None
    path: str | None = None


@strawberry.type
class ComponentProp:
    """One property of a component."""

    key: str
    static_value: JSON | None
    dynamic_value: DynamicValue | None
    declares_value: str | None
    util_call: UtilCall | None

    @classmethod
    def of(cls, document: Document) -> Self:
        """Show a property."""
        dynamic = document.get("dynamic_value")
        return cls(
            key=document["key"],
            static_value=document.get("static_value"),
            dynamic_value=DynamicValue(**dynamic) if dynamic else None,
            declares_value=document.get("declares_value"),
            util_call=UtilCall.of(document["util_call"]) if document.get("util_call") else None,
        )


@strawberry.interface
class AssignWidget:
    """How a value that goes in is asked for."""

    kind: str


@strawberry.type
class SliderAssignWidget(AssignWidget):
    """A slider."""

    min: float | None = None
    max: float | None = None
    step: float | None = None


@strawberry.type
class StringAssignWidget(AssignWidget):
    """Text."""

    placeholder: str | None = None
    as_paragraph: bool | None = None


@strawberry.type
class ChoiceAssignWidget(AssignWidget):
    """One of the choices of the port."""

    placeholder: str | None = None


@strawberry.type
class SearchAssignWidget(AssignWidget):
    """One of the options that a query finds."""

    query: str
    ward: str
    dependencies: list[str] | None = None


@strawberry.type
class CustomAssignWidget(AssignWidget):
    """A component that the user interface knows."""

    component: str = ""
    props: list[ComponentProp] | None = None
    dependencies: list[str] | None = None


@strawberry.interface
class ReturnWidget:
    """How a value that comes out is shown."""

    kind: str


@strawberry.type
class ChoiceReturnWidget(ReturnWidget):
    """The label of the choice."""


@strawberry.type
class CustomReturnWidget(ReturnWidget):
    """A component that the user interface knows."""

    component: str = ""
    props: list[ComponentProp] | None = None


@strawberry.interface
class Effect:
    """What a form does when values change."""

    kind: str
    dependencies: list[str]
    call: UtilCall
    call_json: JSON
    source: str | None


@strawberry.type
class MessageEffect(Effect):
    """It shows a message."""

    message: str = ""


@strawberry.type
class CustomEffect(Effect):
    """It does what the user interface knows."""


@strawberry.type
class Validator:
    """A condition on a value."""

    call: UtilCall
    call_json: JSON
    source: str | None
    error_message: str | None
    dependencies: list[str] | None
    label: str | None

    @classmethod
    def of(cls, document: Document) -> Self:
        """Show a condition."""
        return cls(
            call=UtilCall.of(document["call"]),
            call_json=JSON(document["call"]),
            source=document.get("source"),
            error_message=document.get("error_message"),
            dependencies=list(document.get("dependencies") or ()),
            label=document.get("label"),
        )


@strawberry.type
class Choice:
    """One value of an enumeration."""

    value: AnyDefault
    label: str
    description: str | None

    @classmethod
    def of(cls, document: Document) -> Self:
        """Show a choice."""
        return cls(
            value=AnyDefault(document["value"]), label=document["label"], description=document.get("description")
        )


@strawberry.interface
class Port:
    """A value that goes into an action, or comes out of it."""

    key: str
    kind: str
    label: str | None
    description: str | None
    identifier: Identifier | None
    nullable: bool
    reference_unit: str | None
    proposed_units: list[str] | None
    dimension: str | None
    choices: list[Choice] | None
    effects: list[Effect] | None


@strawberry.type
class ArgPort(Port):
    """A value that goes in."""

    children: "list[ArgPort] | None"
    default: AnyDefault | None
    widget: AssignWidget | None
    validators: list[Validator] | None

    @classmethod
    def of(cls, document: Document) -> Self:
        """Show a port."""
        default = document.get("default")
        return cls(
            **_port(document),
            children=_all(ArgPort, document.get("children")),
            default=None if default is None else AnyDefault(default),
            widget=_assign_widget(document.get("widget")),
            validators=_all(Validator, document.get("validators")),
        )


@strawberry.type
class ReturnPort(Port):
    """A value that comes out."""

    children: "list[ReturnPort] | None"
    widget: ReturnWidget | None

    @classmethod
    def of(cls, document: Document) -> Self:
        """Show a port."""
        return cls(
            **_port(document),
            children=_all(ReturnPort, document.get("children")),
            widget=_return_widget(document.get("widget")),
        )


def _all(kind: Any, documents: Any) -> Any:
    return None if documents is None else [kind.of(document) for document in documents]


def _port(document: Document) -> dict[str, Any]:
    plain = ("key", "kind", "label", "description", "identifier", "reference_unit", "proposed_units", "dimension")
    return {name: document.get(name) for name in plain} | {
        "nullable": bool(document.get("nullable")),
        "choices": _all(Choice, document.get("choices")),
        "effects": [_effect(effect) for effect in document.get("effects") or ()],
    }


def _effect(document: Document) -> Effect:
    kind = MessageEffect if document.get("kind") == "MESSAGE" else CustomEffect
    own = {"message": document.get("message") or ""} if kind is MessageEffect else {}
    return kind(
        kind=document["kind"],
        dependencies=list(document.get("dependencies") or ()),
        call=UtilCall.of(document["call"]),
        call_json=JSON(document["call"]),
        source=document.get("source"),
        **own,
    )


_ASSIGN_WIDGETS: dict[str, tuple[type[AssignWidget], tuple[str, ...]]] = {
    "SLIDER": (SliderAssignWidget, ("min", "max", "step")),
    "STRING": (StringAssignWidget, ("placeholder", "as_paragraph")),
    "CHOICE": (ChoiceAssignWidget, ("placeholder",)),
    "SEARCH": (SearchAssignWidget, ("query", "ward", "dependencies")),
}


def _assign_widget(document: Document | None) -> AssignWidget | None:
    if document is None:
        return None
    kind = document.get("kind", "")
    if kind in _ASSIGN_WIDGETS:
        widget, names = _ASSIGN_WIDGETS[kind]
        return widget(kind=kind, **{name: document.get(name) for name in names})
    return CustomAssignWidget(
        kind=kind,
        component=document.get("component") or "",
        props=_all(ComponentProp, document.get("props")),
        dependencies=document.get("dependencies"),
    )


def _return_widget(document: Document | None) -> ReturnWidget | None:
    if document is None:
        return None
    if document.get("kind") == "CHOICE":
        return ChoiceReturnWidget(kind="CHOICE")
    return CustomReturnWidget(
        kind=document.get("kind", ""),
        component=document.get("component") or "",
        props=_all(ComponentProp, document.get("props")),
    )
