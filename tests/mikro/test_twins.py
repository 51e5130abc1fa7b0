"""Every function of the front comes for sync and for async code, with the same parameters and the same result."""

import inspect
from collections.abc import Callable
from typing import Any, Final

import pytest

from arkitekt_di import mikro

NOT_OF_AN_APP: Final = frozenset({"draw", "drafts_from", "drafts_of", "shapes_of"})
"""Functions that only calculate: they wait for nothing, and take no app."""


def _functions() -> dict[str, Callable[..., Any]]:
    return {name: getattr(mikro, name) for name in mikro.__all__ if inspect.isroutine(getattr(mikro, name))}


SYNC: Final = sorted(name for name in _functions() if f"a{name}" in mikro.__all__)


def test_every_function_that_takes_an_app_has_a_twin_for_async_code() -> None:
    functions = _functions()
    twins = {f"a{name}" for name in SYNC}

    assert set(functions) == set(SYNC) | twins | NOT_OF_AN_APP
    assert len(SYNC) > 50


@pytest.mark.parametrize("name", SYNC)
def test_a_function_and_its_twin_have_the_same_parameters(name: str) -> None:
    functions = _functions()

    ours, twin = inspect.signature(functions[name]), inspect.signature(functions[f"a{name}"])

    assert twin == ours
    assert "app" in ours.parameters
    assert ours.parameters["app"].kind is inspect.Parameter.KEYWORD_ONLY


@pytest.mark.parametrize("name", SYNC)
def test_a_twin_can_be_awaited_or_says_how_it_is_used_in_async_code(name: str) -> None:
    twin = _functions()[f"a{name}"]

    result = inspect.signature(twin).return_annotation
    lasting = (mikro.Pages, mikro.Watch, mikro.ImageWriter)

    assert inspect.iscoroutinefunction(twin) or getattr(result, "__origin__", result) in lasting


@pytest.mark.parametrize("name", SYNC)
def test_what_names_one_record_takes_the_record_as_well(name: str) -> None:
    parameters = inspect.signature(_functions()[name]).parameters

    assert not [parameter for parameter in parameters if parameter.endswith("_id")]
