"""A copy of providers is what the library's copy is: the same graph, of providers that it shares with nobody."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from dependency_injector import containers, providers
from hypothesis import given
from hypothesis import strategies as st

from arkitekt_di.containers.copying import Copies
from arkitekt_di.containers.preset import Container, PresetMeta, Service
from arkitekt_di.errors import CompositionError


class Thing:
    """What the providers here make."""

    def __init__(self, *needs: object, **more: object) -> None:
        self.needs = (*needs, *more.values())


class Odd(providers.ThreadSafeSingleton[Any]):
    """A provider that is made in a way of its own."""

    def __init__(self, provides: Any = None, *needs: Any) -> None:
        super().__init__(provides, *needs, extra=1)


class Box(Container):
    """What is in a nested container."""

    outside: providers.Dependency[Any] = providers.Dependency()
    inner = providers.Factory(Thing, outside)


KINDS: Mapping[str, Callable[[list[Any]], Any]] = {
    "singleton": lambda needs: providers.Singleton(Thing, *needs),
    "safe": lambda needs: providers.ThreadSafeSingleton(Thing, *needs, 1, ["a list"]),
    "service": lambda needs: Service(Thing, **{f"k{index}": need for index, need in enumerate(needs)}),
    "factory": lambda needs: providers.Factory(Thing, *needs).add_attributes(extra=providers.Object(3)),
    "callable": lambda needs: providers.Callable(max, *needs, key=len),
    "object": lambda needs: providers.Object(needs[0] if needs else "text"),
    "attribute": lambda needs: (needs[0] if needs else providers.Object("x")).provided.real,
    "item": lambda needs: (needs[0] if needs else providers.Object("x")).provided[0],
    "method": lambda needs: (needs[0] if needs else providers.Object("x")).provided.call(*needs),
    "choice": lambda needs: providers.Selector(
        providers.Object("k0"), **{f"k{index}": need for index, need in enumerate(needs)}
    ),
    "dependency": lambda needs: providers.Dependency(default=needs[0]) if needs else providers.Dependency(int),
    "list": lambda needs: providers.List(*needs),
    "dict": lambda needs: providers.Dict({f"@{index}": need for index, need in enumerate(needs)}),
    "delegate": lambda needs: providers.Delegate(needs[0] if needs else providers.Object(2)),
    "odd": lambda needs: Odd(Thing, *needs),
    "box": lambda needs: providers.Container(Box, outside=needs[0] if needs else providers.Object(1)),
}
OVERRIDDEN = ("singleton", "safe", "service", "factory", "callable", "object", "choice", "dependency", "list", "odd")
"""Kinds of which the library copies what they are overridden by: not so the attributes of what is provided."""


@dataclass(frozen=True)
class Part:
    """One provider of a graph: its kind, and the numbers of those it needs, of lower number."""

    kind: str
    needs: list[int]


@dataclass(frozen=True)
class Plan:
    """A graph: its parts, which is overridden by which, and which needs which of any number."""

    parts: list[Part]
    overridden: list[tuple[int, int]]
    circles: list[tuple[int, int]]


NUMBER = st.integers(0, 9)
PAIRS = st.lists(st.tuples(NUMBER, NUMBER), max_size=4)
PLANS = st.builds(
    Plan,
    parts=st.lists(st.builds(Part, st.sampled_from(sorted(KINDS)), st.lists(NUMBER, max_size=3)), min_size=1),
    overridden=PAIRS,
    circles=PAIRS,
)


def graph(plan: Plan) -> dict[str, Any]:
    made: list[Any] = []
    for part in plan.parts:
        made.append(KINDS[part.kind]([made[number % len(made)] for number in part.needs if made]))
    for one, other in plan.overridden:
        kind, over = plan.parts[one % len(made)].kind, made[other % len(made)]
        if kind in OVERRIDDEN and over is not made[one % len(made)]:
            made[one % len(made)].override(over)
    for one, other in plan.circles:
        if isinstance(made[one % len(made)], providers.BaseSingleton | providers.Factory):
            made[one % len(made)].add_args(made[other % len(made)])
    return {f"p{index}": provider for index, provider in enumerate(made)}


@dataclass
class Shape:
    """What a graph looks like, with numbers in place of providers: two of the same shape are built the same."""

    numbers: dict[int, int] = field(default_factory=dict)
    seen: list[Any] = field(default_factory=list)
    rows: list[Any] = field(default_factory=list)

    def of(self, value: Any) -> Any:
        if isinstance(value, containers.DynamicContainer):
            return ("container", value.declarative_parent, self.of(dict(value.providers)))
        if isinstance(value, dict):
            return {name: self.of(one) for name, one in value.items()}
        if isinstance(value, list | tuple):
            return [self.of(one) for one in value]
        if not isinstance(value, providers.Provider):
            return value
        if id(value) not in self.numbers:
            self.numbers[id(value)] = len(self.numbers)
            self.seen.append(value)
            self.rows.append(None)
            self.rows[self.numbers[id(value)]] = (
                type(value),
                [
                    self.of(vars_of(value, name))
                    for name in ("args", "kwargs", "attributes", "selector", "providers", "default")
                ],
                id(value.provides) if isinstance(value, providers.Object) else self.of(vars_of(value, "provides")),
                vars_of(value, "instance_of"),
                value.name if isinstance(value, providers.AttributeGetter | providers.ItemGetter) else None,
                self.of(value.container) if isinstance(value, providers.Container) else None,
                self.of(value.overridden),
                self.of(value.last_overriding),
            )
        return ("provider", self.numbers[id(value)])


def vars_of(provider: Any, name: str) -> Any:
    """Return an attribute of a provider's class; providers of provided things invent any other."""
    return getattr(provider, name) if hasattr(type(provider), name) else None


def shape(value: Any) -> Shape:
    found = Shape()
    found.rows.append(found.of(value))
    return found


@given(plan=PLANS)
def test_a_copy_is_what_the_librarys_copy_is(plan: Plan):
    originals = graph(plan)
    before = shape(originals)

    copies = Copies().of(originals)

    assert shape(copies).rows == shape(providers.deepcopy(originals)).rows
    assert not {id(one) for one in before.seen} & {id(one) for one in shape(copies).seen}
    assert shape(originals).rows == before.rows


@given(plan=PLANS)
def test_what_is_copied_later_finds_what_was_copied(plan: Plan):
    originals = graph(plan)
    copies = Copies()

    first = copies.of({"p0": originals["p0"]})
    rest = copies.of(originals)

    assert rest["p0"] is first["p0"]
    assert shape(rest).rows == shape(providers.deepcopy(originals)).rows


def test_what_a_provided_attribute_is_overridden_by_is_copied_too():
    thing = providers.Object("text")
    attribute = thing.provided.upper
    attribute.override(providers.Object(3))

    assert Copies().of({"one": attribute})["one"]() == 3


def test_an_argument_that_cannot_be_copied_is_an_error_that_says_what_to_do():
    class Locked(Container):
        thing = providers.Singleton(Thing, threading.Lock())

    with pytest.raises(CompositionError, match=r"a lock cannot be copied .* providers.Object"):
        Locked()


def test_an_argument_that_can_change_is_copied_for_each_container():
    class Listed(Container):
        thing = providers.Singleton(Thing, ["a list"])

    one, other = Listed().thing().needs[0], Listed().thing().needs[0]

    assert one == other
    assert one is not other


def test_what_a_container_does_when_it_is_made_is_done_still():
    config = providers.Configuration(default={"answer": 42})
    me: providers.Self[Any] = providers.Self()
    made = PresetMeta(
        "Made",
        (Container,),
        {"__self__": me, "me": me, "config": config, "thing": providers.Singleton(Thing, me, config.answer)},
    )

    class Outer(Container):
        inner: Any = providers.Container(made)

    for container in (made(), Outer().inner.container):
        assert container.thing().needs == (container, 42)
        assert container.me() is container
