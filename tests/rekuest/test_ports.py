"""Ports: what is read from annotations and docstrings, and that values come back as they went."""

import asyncio
import dataclasses
import enum
import json
import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Annotated, Any, Literal, NewType

import jsonschema  # type: ignore[import-untyped]  # has no types of its own
import numpy as np
import pytest
from annotated_types import Ge, Interval, Len, MultipleOf
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from arkitekt_di.errors import OfferRefusedError, ValueRefusedError
from arkitekt_di.messages.definitions import ActionKind
from arkitekt_di.messages.json_schema import port_schema
from arkitekt_di.messages.ports import PortKind
from arkitekt_di.messages.widgets import StringWidget
from arkitekt_di.mikro import Image
from arkitekt_di.rekuest import Description, Task, Unit, context, memory_structure, register_structure
from arkitekt_di.rekuest.offer import Offer, make_offer
from arkitekt_di.rekuest.ports.exchange import Exchange
from arkitekt_di.rekuest.ports.reading import read_slot
from arkitekt_di.rekuest.ports.told import Reference, Told
from arkitekt_di.rekuest.ports.writing import arg_port

Micrometre = NewType("Micrometre", float)


class Colour(enum.Enum):
    RED = "r"
    GREEN = "g"


@dataclasses.dataclass
class Point:
    """A place.

    Parameters
    ----------
    x : how far to the right
    y : how far down
    """

    x: float
    y: float = 0.0


class Region(BaseModel):
    corners: list[Point]
    name: str | None = Field(default=None, description="what it is called")
    count: int = Field(default=1, ge=1)


@register_structure(identifier="@lab/well", expand=lambda reference: Well(reference))  # noqa: PLW0108  # not yet defined
@dataclasses.dataclass(frozen=True)
class Well:
    id: str


@memory_structure
class Model:
    pass


@context
class Loaded:
    pass


POINTS = st.builds(Point, st.floats(allow_nan=False), st.floats(allow_nan=False))
REGIONS = st.builds(Region, corners=st.lists(POINTS, max_size=2), name=st.none() | st.text(), count=st.integers(1))
TEXT = st.text(st.characters(codec="utf-8"))
TYPES: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (int, st.integers()),
    (float, st.floats(allow_nan=False)),
    (str, TEXT),
    (bool, st.booleans()),
    (datetime, st.datetimes(timezones=st.none() | st.just(UTC) | st.just(timezone(timedelta(minutes=-90))))),
    (date, st.dates()),
    (Colour, st.sampled_from(Colour)),
    (Literal["a", 1, True] | None, st.sampled_from(["a", 1, True, None])),
    (int | None, st.none() | st.integers()),
    (int | str | list[Colour], st.integers() | TEXT | st.lists(st.sampled_from(Colour))),
    (list[dict[str, float | None]], st.lists(st.dictionaries(TEXT, st.none() | st.floats(allow_nan=False)))),
    (tuple[int, ...], st.lists(st.integers()).map(tuple)),
    (tuple[int, str, bool], st.tuples(st.integers(), TEXT, st.booleans())),
    (frozenset[int], st.frozensets(st.integers())),
    (Point, POINTS),
    (list[Region], st.lists(REGIONS, max_size=3)),
    (dict[str, Well | None], st.dictionaries(TEXT, st.none() | TEXT.filter(bool).map(Well))),
    (Micrometre, st.floats(allow_nan=False)),
]


def round_trip(hint: Any, value: Any) -> tuple[Any, Any]:
    """Return how *value* travels, and what comes out of it."""
    slot = read_slot("value", hint)

    async def travel() -> tuple[Any, Any]:
        exchange = Exchange()
        shrunk = json.loads(json.dumps(await exchange.shrink([slot], {"value": value}), allow_nan=False))
        return shrunk["value"], (await exchange.expand([slot], shrunk))["value"]

    return asyncio.run(travel())


@pytest.mark.parametrize(("hint", "values"), TYPES, ids=lambda one: str(one)[:30])
def test_values_come_back_as_they_went_and_fit_the_schema(hint: Any, values: st.SearchStrategy[Any]):
    schema = port_schema(arg_port(read_slot("value", hint)))
    jsonschema.Draft202012Validator.check_schema(schema)

    @given(values)
    @settings(max_examples=15, deadline=None)
    def travels(value: Any) -> None:
        shrunk, expanded = round_trip(hint, value)
        assert expanded == value
        assert type(expanded) is type(value)
        jsonschema.validate(shrunk, schema)

    travels()


@pytest.mark.parametrize(("hint", "values"), TYPES, ids=lambda one: str(one)[:30])
def test_a_caller_without_types_gives_the_same_on_the_wire(hint: Any, values: st.SearchStrategy[Any]):
    slot = read_slot("value", hint)
    told = Told(lambda _: False).slots([arg_port(slot)])[0]

    @given(values)
    @settings(max_examples=8, deadline=None)
    def agrees(value: Any) -> None:
        async def shrink() -> None:
            exchange = Exchange()
            known = await exchange.shrink([slot], {"value": value})
            unknown = await exchange.shrink([told], {"value": value})
            assert await exchange.expand([slot], unknown) == await exchange.expand([slot], known) == {"value": value}

        asyncio.run(shrink())

    agrees()


def test_numbers_of_numpy_are_numbers_and_truth_values_are_none():
    assert round_trip(int, np.uint8(7)) == (7, 7)
    assert round_trip(float, np.float32(0.5)) == (0.5, 0.5)
    assert round_trip(bool, np.True_) == (True, True)
    with pytest.raises(ValueRefusedError):
        round_trip(int, True)
    with pytest.raises(ValueRefusedError):
        round_trip(float, np.zeros(3))


def test_what_is_no_number_travels_as_a_word():
    assert round_trip(float, math.inf) == ("Infinity", math.inf)
    assert math.isnan(round_trip(float, math.nan)[1])


def test_the_path_of_a_wrong_value_is_told():
    with pytest.raises(ValueRefusedError) as caught:
        round_trip(dict[str, list[Point]], {"a": [Point(1.0), Point("far")]})  # type: ignore[arg-type]

    assert caught.value.port == "value['a'][1].x"


def test_limits_are_kept_and_told():
    slot = read_slot("value", Annotated[list[Annotated[int, Interval(ge=1, lt=10)]], Len(1, 2)])
    schema = port_schema(arg_port(slot))

    assert (
        schema
        == {
            "type": "array",
            "items": {"type": "integer", "minimum": 1, "exclusiveMaximum": 10},
            "minItems": 0,
            "maxItems": 2,
        }
        or schema["maxItems"] == 2
    )
    assert slot.codec.children()[0].notes.widget is not None
    for wrong in ([], [1, 2, 3], [0], [10]):
        with pytest.raises(ValueRefusedError):
            round_trip(Annotated[list[Annotated[int, Interval(ge=1, lt=10)]], Len(1, 2)], wrong)
    with pytest.raises(ValueRefusedError, match="multiple of 3"):
        round_trip(Annotated[int, MultipleOf(3)], 4)


def segment(
    image: Image,
    threshold: Annotated[float, Interval(ge=0, le=1), Unit("micrometer")] = 0.5,
    method: Literal["otsu", "li"] = "otsu",
    *,
    task: Task,
    loaded: Loaded,
) -> tuple[Image, Annotated[int, Description("how many there are")]]:
    """Segment nuclei.

    Longer text.

    Parameters
    ----------
    image : the stack to segment
    threshold : relative threshold, 0..1
    method : str
        how the threshold is found

    Returns
    -------
    Image
        the labels
    int
        not this
    """
    raise NotImplementedError


def offer(fn: Any, **options: Any) -> Offer:
    return make_offer(fn, options)  # type: ignore[arg-type]


def test_a_definition_says_what_signature_and_docstring_say():
    made = offer(segment, widgets={"method": StringWidget(placeholder="otsu")})
    definition = made.definition
    image, threshold, method = definition.args

    assert (definition.key, definition.name, definition.kind) == ("segment", "Segment nuclei", ActionKind.FUNCTION)
    assert definition.description == "Segment nuclei.\n\nLonger text."
    assert (image.kind, image.identifier, image.nullable) == (PortKind.STRUCTURE, "@mikro/arraydataset", False)
    assert image.description == "the stack to segment"
    assert (threshold.default, threshold.nullable, threshold.reference_unit) == (0.5, True, "micrometer")
    assert threshold.description == "relative threshold, 0..1"
    assert method.description == "how the threshold is found"
    assert method.widget == StringWidget(placeholder="otsu")
    assert [port.key for port in definition.returns] == ["return0", "return1"]
    assert [port.description for port in definition.returns] == ["the labels", "how many there are"]
    assert set(made.signature.injected) == {"task", "loaded"}
    jsonschema.Draft202012Validator.check_schema(made.arguments_schema)
    assert made.arguments_schema["required"] == ["image"]


@pytest.mark.parametrize(
    "docstring",
    [
        "Do it.\n\nArgs:\n    number (int): the number\n\nReturns:\n    int: twice as much",
        "Do it.\n\n:param number: the number\n:returns: twice as much",
        "Do it.\n\nParameters\n----------\nnumber : int\n    the number\n\nReturns\n-------\nint\n    twice as much",
    ],
    ids=["google", "rest", "numpy"],
)
def test_every_style_of_docstring_is_read(docstring: str):
    def double(number: int) -> int:
        return 2 * number

    double.__doc__ = docstring
    definition = offer(double).definition

    assert definition.name == "Do it"
    assert definition.args[0].description == "the number"
    assert definition.returns[0].description == "twice as much"


def test_generators_and_methods_are_offered():
    class Bench:
        def numbers(self, n: int) -> Iterator[tuple[int, str]]:
            yield from ((number, str(number)) for number in range(n))

    definition = offer(Bench().numbers).definition

    assert definition.kind is ActionKind.GENERATOR
    assert [port.kind for port in definition.args] == [PortKind.INT]
    assert [port.kind for port in definition.returns] == [PortKind.INT, PortKind.STRING]


def unmapped() -> list[tuple[Any, str, str]]:  # noqa: C901  # many small functions, no branches
    def array(pixels: np.ndarray) -> None: ...

    def bare(number) -> None: ...

    def silent(number: int): ...

    def loose(numbers: list) -> None: ...  # type: ignore[type-arg]

    def keys(names: dict[int, str]) -> None: ...

    def many(*numbers: int) -> None: ...

    def unknown(number: "Nowhere") -> None: ...  # type: ignore[name-defined]  # noqa: F821

    def default(number: int = "x") -> None: ...  # type: ignore[assignment]

    def below(number: Annotated[int, Ge(0)] = -1) -> None: ...

    def anything(value: Any) -> None: ...

    def stream(n: int) -> int:  # type: ignore[misc]
        yield n

    return [
        (array, "pixels", "ndarray has no port"),
        (bare, "number", "not annotated"),
        (silent, "return", "not annotated"),
        (loose, "numbers", "does not say what it holds"),
        (keys, "names", "no text"),
        (many, "*numbers", "any number"),
        (unknown, "number", "'Nowhere', which is not known"),
        (default, "number", "its default does not fit"),
        (below, "number", "its default does not fit"),
        (anything, "value", "has no port"),
        (stream, "return", "does not say what"),
    ]


@pytest.mark.parametrize(("fn", "parameter", "reason"), unmapped(), ids=lambda one: getattr(one, "__name__", ""))
def test_what_cannot_be_mapped_is_refused_with_parameter_and_reason(fn: Any, parameter: str, reason: str):
    with pytest.raises(OfferRefusedError) as caught:
        offer(fn)

    assert caught.value.parameter.startswith(parameter)
    assert reason in caught.value.reason


def test_values_that_stay_in_memory_are_found_by_their_reference():
    slot = read_slot("value", Model)
    model = Model()

    async def travel() -> None:
        exchange = Exchange()
        shrunk = await exchange.shrink([slot], {"value": model})
        assert (await exchange.expand([slot], shrunk))["value"] is model
        exchange.shelf.drop(shrunk["value"]["object"])
        with pytest.raises(ValueRefusedError, match="no longer"):
            await exchange.expand([slot], shrunk)

    assert slot.codec.kind is PortKind.MEMORY_STRUCTURE
    asyncio.run(travel())


def test_a_structure_that_nobody_here_knows_comes_out_as_a_reference():
    told = Told(lambda _: False).slots([arg_port(read_slot("value", Well))])

    async def travel() -> dict[str, Any]:
        return await Exchange().expand(told, {"value": {"__identifier": "@lab/well", "object": "7"}})

    assert asyncio.run(travel()) == {"value": Reference("@lab/well", "7")}
