from typing import Protocol

import pytest
from dependency_injector import providers

from arkitekt_di.containers.check import check
from arkitekt_di.containers.preset import Container, Service
from arkitekt_di.errors import CompositionError
from tests.containers.services import Address, OtherAddress, Whole, WithHub, whole


class Finder(Protocol):
    def find(self) -> str: ...


class Wants:
    def __init__(self, address: OtherAddress) -> None: ...


class WantsPromise:
    def __init__(self, finder: Finder) -> None: ...


def test_a_sound_container_passes():
    check(whole(WithHub))


def test_a_hole_is_named_with_its_path():
    with pytest.raises(CompositionError, match=r"Whole\.settings"):
        check(Whole(journal=[]))


def test_a_missing_argument_is_found_before_anything_is_made():
    class Lacking(Container):
        service = Service(Wants)

    with pytest.raises(CompositionError, match="missing a required argument: 'address'") as caught:
        check(Lacking())

    assert caught.value.path == ("service",)


def test_an_argument_of_the_wrong_class_is_found():
    class Misfit(Container):
        address = providers.Singleton(Address)
        service = Service(Wants, address)

    with pytest.raises(CompositionError, match="'address' wants OtherAddress, but Address"):
        check(Misfit())


def test_an_argument_that_breaks_a_promise_is_found():
    class Broken(Container):
        address = providers.Singleton(Address)
        service = Service(WantsPromise, finder=address)

    with pytest.raises(CompositionError, match="Address has no find"):
        check(Broken())


def test_a_cycle_is_found():
    class Circle(Container):
        a = Service(Address)
        b = Service(Address, a)
        a.add_args(b)

    with pytest.raises(CompositionError, match="a -> b -> a"):
        check(Circle())
