from typing import Any

import pytest
from dependency_injector import providers

from arkitekt_di.containers.preset import Container, PresetMeta, Service
from arkitekt_di.errors import CompositionError
from tests.containers.services import (
    Address,
    OtherAddress,
    OtherRecorder,
    Recorder,
    Whole,
    WithHub,
    WithLease,
    WithOtherHub,
    WithOtherLease,
    whole,
)


def test_a_dependant_gets_the_very_object_that_the_container_gives():
    container = whole(WithHub)

    assert container.mikro.service().needs[0] is container.fakts.service()
    assert container.fakts.service().needs[0] is container.fakts.discovery()
    assert container.fakts.discovery().needs[0] is container.hub()


def test_a_preset_replaces_a_provider_for_every_dependant():
    assert type(whole(WithHub).fakts.service().needs[0]) is OtherAddress


def test_a_preset_leaves_its_base_as_it_was():
    whole(WithHub)

    assert type(whole().fakts.service().needs[0]) is Address
    assert "hub" not in Whole.providers


def test_settings_reach_a_replaced_nested_container():
    assert whole(WithHub).fakts.service().needs[1] == 3


def test_a_nested_container_that_a_preset_replaces_has_the_inputs_that_the_preset_gives_it():
    container = whole(WithOtherLease)

    assert container.fakts.cfg() == 4
    assert container.fakts.service().needs[1] == 4
    assert whole(WithLease).fakts.service().needs[1] == 3


def test_a_preset_of_a_preset_replaces_again():
    container = whole(WithOtherHub)

    assert type(container.fakts.discovery().needs[0]) is OtherRecorder
    assert type(whole(WithHub).fakts.discovery().needs[0]) is Recorder


@pytest.mark.parametrize("kind", [WithLease, WithOtherLease])
def test_what_a_preset_put_into_a_nested_container_is_one_object_in_presets_of_it_too(kind: type[Whole]):
    container: Any = whole(kind)
    lease = container.lease()

    assert lease.needs[0] is container.fakts.service() is container.mikro.service().needs[0]
    assert lease.needs[1] is container.fakts.discovery() is container.fakts.service().needs[0]


def test_two_containers_share_nothing():
    assert whole(WithHub).hub() is not whole(WithHub).hub()


def test_a_misspelt_name_in_a_preset_is_an_error_that_tells_the_nearest():
    with pytest.raises(CompositionError, match="did you mean 'mikro'"):
        PresetMeta("Misspelt", (Whole,), {"mirko": providers.Singleton(Address)})


def test_a_preset_has_one_container_as_its_base():
    class Unrelated(Container):
        thing = Service(Recorder, [], "thing")

    with pytest.raises(CompositionError, match="more than one container"):
        PresetMeta("Both", (Whole, Unrelated), {})
