import pytest
from dependency_injector import providers

from arkitekt_di.containers.graph import start_order
from arkitekt_di.containers.overriding import overriding, replace
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
