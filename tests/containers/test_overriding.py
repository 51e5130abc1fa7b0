from contextlib import ExitStack

import pytest
from dependency_injector import providers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arkitekt_di.containers.graph import start_order, walk
from arkitekt_di.containers.overriding import overriding, replace
from arkitekt_di.containers.preset import effective
from arkitekt_di.errors import CompositionError
from tests.containers.services import OtherAddress, Recorder, WithHub, whole


def test_an_override_holds_for_the_block_and_for_every_dependant():
    container = whole(WithHub)

    with overriding(container, {"fakts": "fake"}):
        assert container.mikro.service().needs == ("fake",)

    assert type(container.mikro.service().needs[0]) is Recorder


def test_an_override_does_not_drop_what_the_preset_overrides():
    container = whole(WithHub)

    with overriding(container, {"fakts.discovery": "fake"}):
        assert container.fakts.service().needs[0] == "fake"

    assert type(container.fakts.service().needs[0]) is OtherAddress


def test_overrides_nest():
    container = whole()

    with overriding(container, {"mikro": "outer"}):
        with overriding(container, {"mikro": "inner"}):
            assert container.mikro.service() == "inner"
        assert container.mikro.service() == "outer"


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_overlapping_overrides_take_back_their_own_whatever_the_order(data: st.DataObject):
    container = whole(WithHub)
    names = ("mikro", "fakts", "fakts.discovery")
    running: list[tuple[ExitStack, str, object]] = []

    for number in range(data.draw(st.integers(2, 8))):
        is_ending = data.draw(st.booleans())
        if running and is_ending:
            stack, _name, _value = running.pop(data.draw(st.integers(0, len(running) - 1)))
            stack.close()
        else:
            name = data.draw(st.sampled_from(names))
            stack = ExitStack()
            stack.enter_context(overriding(container, {name: number}))
            running.append((stack, name, number))
        for name in names:
            values = [value for _stack, one, value in running if one == name]
            given_now = effective(dict(walk(container))[name])()
            assert given_now == values[-1] if values else not isinstance(given_now, int)
    for stack, _name, _value in running:
        stack.close()

    assert type(container.mikro.service()) is type(container.fakts.service()) is Recorder
    assert type(container.fakts.service().needs[0]) is OtherAddress


def test_what_is_replaced_for_good_inside_a_block_outlives_it_only_where_it_was_put():
    container = whole()

    with overriding(container, {"mikro": "for the block"}):
        replace(container, "mikro", "for good")
        assert container.mikro.service() == "for good"

    assert container.mikro.service() == "for good"


def test_another_container_does_not_see_an_override():
    one, other = whole(), whole()

    with overriding(one, {"mikro": "fake"}):
        assert type(other.mikro.service()) is Recorder


def test_a_misspelt_name_is_an_error_before_anything_is_replaced():
    container = whole()

    with (
        pytest.raises(CompositionError, match="did you mean 'fakts'"),
        overriding(container, {"mikro": "fake", "fakt": "fake"}),
    ):
        pass

    assert type(container.mikro.service()) is Recorder


def test_a_provider_can_be_given_instead_of_an_object():
    container = whole()

    with overriding(container, {"mikro": providers.Factory(OtherAddress)}):
        assert type(container.mikro.service()) is OtherAddress


def test_a_replacement_stays():
    container = whole()

    replace(container, "mikro", "fake")

    assert container.mikro.service() == "fake"


def test_a_fake_with_a_life_is_started_like_the_service_it_stands_for():
    container = whole()
    fake = Recorder([], "fake")

    with overriding(container, {"mikro": fake}):
        assert [name for name, _ in start_order(container)] == ["fakts", "mikro"]
    with overriding(container, {"mikro": "no life"}):
        assert [name for name, _ in start_order(container)] == ["fakts"]
