"""How a value is asked for and shown in a form: widgets, and the choices that they offer."""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import ConfigDict, Discriminator, Tag

from arkitekt_di.messages.model import CamelMessage

Json: TypeAlias = Any
"""A value that JSON can hold; parts that only user interfaces read travel as they are."""


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
