import pytest
from dependency_injector import providers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arkitekt_di.containers.drawing import mermaid, nodes
from arkitekt_di.containers.explaining import put_there_by
from arkitekt_di.containers.graph import start_order
from arkitekt_di.containers.preset import Container, PresetMeta, Service
from arkitekt_di.errors import CompositionError
from tests.containers.services import Recorder, WithHub, whole


def test_a_service_comes_after_everything_it_needs():
    assert [name for name, _ in start_order(whole(WithHub))] == ["hub", "fakts", "mikro"]


def test_a_cycle_is_an_error_that_draws_the_path():
    class Circle(Container):
        a = Service(Recorder, [], "a")
        b = Service(Recorder, [], "b", a)
        c = Service(Recorder, [], "c", b)
        a.add_args(c)

    with pytest.raises(CompositionError, match="a -> c -> b -> a") as caught:
        start_order(Circle())

    assert caught.value.path == ("a", "c", "b", "a")


def test_the_drawing_shows_needs_and_who_replaced_what():
    container = whole(WithHub)

    drawn = mermaid(nodes(container, lambda name: put_there_by(container, name, [])))

    assert drawn.splitlines() == [
        "graph TD",
        '  fakts_discovery["fakts.discovery<br/>OtherAddress<br/>put there by preset FaktsBesideHub"]',
        '  fakts["fakts<br/>Recorder"]',
        '  mikro["mikro<br/>Recorder"]',
        '  hub["hub<br/>Recorder<br/>put there by preset WithHub"]',
        "  fakts_discovery --> hub",
        "  fakts --> fakts_discovery",
        "  mikro --> fakts",
        "  classDef replaced stroke-dasharray: 5 5",
        "  class fakts_discovery,hub replaced",
    ]


def _random_needs(size: int) -> st.SearchStrategy[tuple[set[int], ...]]:
    return st.tuples(*(st.sets(st.integers(0, max(0, index - 1))) for index in range(size)))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy
@given(st.integers(1, 12).flatmap(_random_needs))
def test_every_order_of_start_respects_every_need(needs: tuple[set[int], ...]):
    made: list[Service[Recorder]] = []
    for index, needed in enumerate(needs):
        made.append(Service(Recorder, [], str(index), *(made[n] for n in needed if n < index)))
    shuffled = {f"s{index}": provider for index, provider in reversed(list(enumerate(made)))}
    container = PresetMeta("Random", (Container,), dict(shuffled))()

    order = [name for name, _ in start_order(container)]

    assert sorted(order) == sorted(shuffled)
    for index, needed in enumerate(needs):
        assert all(order.index(f"s{n}") < order.index(f"s{index}") for n in needed if n < index)


def test_a_choice_leads_to_every_implementation_it_may_take():
    class Choosing(Container):
        kind = providers.Object("one")
        one = Service(Recorder, [], "one")
        service = Service(Recorder, [], "user", providers.Selector(kind, one=one))

    assert [name for name, _ in start_order(Choosing())] == ["one", "service"]
