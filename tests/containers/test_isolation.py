"""Presets alive side by side never share an instance: random ones, and those that come with the package."""

from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from dependency_injector import providers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arkitekt_di.config import preset_path
from arkitekt_di.containers.check import check
from arkitekt_di.containers.graph import declared, start_order, walk
from arkitekt_di.containers.overriding import replace
from arkitekt_di.containers.preset import Container, PresetMeta, Service, effective
from arkitekt_di.containers.presets import PRESETS, shipped_preset
from arkitekt_di.fakts.discovery import NoDiscovery
from arkitekt_di.messages.manifest import Manifest
from arkitekt_di.settings.load import load_app_settings
from arkitekt_di.settings.models import AppSettings


class Thing:
    """What every provider here makes."""

    def __init__(self, *needs: object) -> None:
        self.needs = needs


class Box(Container):
    """A service with a collaborator, and something from outside."""

    outside: providers.Dependency[Any] = providers.Dependency()
    inner: Any = providers.ThreadSafeSingleton(Thing, outside)
    service = Service(Thing, inner)


class OtherBox(Box):
    """A preset of it."""

    inner = providers.ThreadSafeSingleton(Thing, Box.outside, Box.outside)


@dataclass(frozen=True)
class Plan:
    """How one preset differs from its base.

    Attributes
    ----------
    replaced : dict
        Needs of each provider that is replaced, by number; they are of lower numbers, so that there is no circle.
    added : tuple of set
        Needs of each provider that is added.
    box : type or None
        What stands for the nested container; None leaves it.
    """

    replaced: dict[int, set[int]]
    added: tuple[set[int], ...]
    box: type[Box] | None


SIZE = 5
NEEDS = st.integers(0, SIZE - 1).flatmap(lambda top: st.tuples(st.just(top), st.sets(st.integers(0, max(0, top - 1)))))
PLANS = st.builds(
    Plan,
    replaced=st.lists(NEEDS, max_size=3).map(dict),
    added=st.lists(st.sets(st.integers(0, SIZE - 1)), max_size=2).map(tuple),
    box=st.sampled_from([None, Box, OtherBox]),
)


UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy


def base_of(needs: list[set[int]]) -> Any:
    made: dict[str, Any] = {}
    for number in range(SIZE):
        lower = [made[f"p{one}"] for one in sorted(needs[number]) if one < number]
        made[f"p{number}"] = Service(Thing, *lower)
    made["box"] = providers.Container(Box, outside=made[f"p{SIZE - 1}"])
    made["last"] = Service(Thing, made["box"].service, *(made[f"p{number}"] for number in range(SIZE)))
    return PresetMeta("Base", (Container,), made)


def preset_of(base: Any, plan: Plan, depth: int) -> Any:
    known = base.providers
    fresh: dict[str, Any] = {
        f"p{number}": Service(Thing, *(known[f"p{one}"] for one in sorted(needs) if one < number))
        for number, needs in plan.replaced.items()
    }
    added = {
        f"added{depth}_{index}": Service(Thing, *(fresh.get(f"p{one}", known[f"p{one}"]) for one in sorted(needs)))
        for index, needs in enumerate(plan.added)
    }
    if plan.box is not None:
        fresh["box"] = providers.Container(plan.box, outside=fresh.get("p0", known["p0"]))
    return PresetMeta(f"Preset{depth}", (base,), {**fresh, **added}, adds=tuple(added))


def things(container: Any) -> dict[int, Thing]:
    """Return everything that a container makes, and what that holds."""
    found: dict[int, Thing] = {}
    waiting = [provider() for _, provider in declared(container)]
    while waiting:
        thing = waiting.pop()
        if id(thing) not in found:
            found[id(thing)] = thing
            waiting += thing.needs
    return found


@UNHURRIED
@given(
    needs=st.lists(st.sets(st.integers(0, SIZE - 1)), min_size=SIZE, max_size=SIZE),
    plans=st.lists(PLANS, max_size=3),
)
def test_random_presets_side_by_side_never_share_an_instance(needs: list[set[int]], plans: list[Plan]):
    kinds = [base_of(needs)]
    for depth, plan in enumerate(plans):
        kinds.append(preset_of(kinds[-1], plan, depth))

    alive = [things(kind()) for kind in kinds for _ in range(2)]

    for one, other in combinations(alive, 2):
        assert one.keys().isdisjoint(other)


@UNHURRIED
@given(
    needs=st.lists(st.sets(st.integers(0, SIZE - 1)), min_size=SIZE, max_size=SIZE),
    plans=st.lists(PLANS, max_size=3),
)
def test_in_a_random_preset_every_dependant_holds_what_the_container_gives(needs: list[set[int]], plans: list[Plan]):
    kind = base_of(needs)
    for depth, plan in enumerate(plans):
        kind = preset_of(kind, plan, depth)
    container = kind()

    given_by_name = {id(provider()) for _, provider in declared(container)}

    assert things(container).keys() == given_by_name
    assert container.last().needs[0] is container.box.service()
    assert list(container.last().needs[1:]) == [getattr(container, f"p{number}")() for number in range(SIZE)]


@pytest.mark.parametrize("base", [Box, OtherBox])
def test_an_instance_is_shared_where_somebody_shares_it(base: type[Box]):
    shared = Thing()

    one, other = base(outside=providers.Object(shared)), base(outside=providers.Object(shared))

    assert things(one).keys() & things(other).keys() == {id(shared)}  # the test above could fail


def test_the_presets_of_the_package_side_by_side_never_share_an_instance():
    manifest = Manifest(identifier="isolation")
    alive = [shipped_preset(name).make(settings=AppSettings(), manifest=manifest) for name in PRESETS for _ in range(2)]
    for container in alive:
        if hasattr(container, "hub"):  # it tells where it is when it runs
            replace(container, "fakts.discovery", providers.ThreadSafeSingleton(NoDiscovery))

    made = [
        {
            id(provider()): name
            for name, provider in walk(container)
            if isinstance(effective(provider), providers.BaseSingleton)
        }
        for container in alive
    ]

    assert all(len(one) > 20 for one in made)
    for one, other in combinations(made, 2):
        assert one.keys().isdisjoint(other)


@pytest.mark.parametrize("name", PRESETS)
def test_the_graph_of_a_preset_resolves_with_its_yaml(name: str, tmp_path: Path):
    loaded = load_app_settings(preset_path(name), environ={}, start=tmp_path)

    container = shipped_preset(name).make(settings=loaded.settings, manifest=Manifest(identifier="check"))

    check(container)
    started = [service for service, _ in start_order(container)]
    assert {"transport", "fakts", "herre", "mikro", "rekuest"} <= set(started)
    assert started.index("fakts") < started.index("herre") < started.index("mikro")
