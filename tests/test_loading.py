"""Modules are loaded with the collector put off, and nobody finds it off afterwards."""

import gc
import subprocess
import sys
from collections.abc import Iterator

import pytest

from arkitekt_di.loading import MANY, load, loading


@pytest.fixture
def collections() -> Iterator[list[int]]:
    """Return the generations that were collected."""
    seen: list[int] = []

    def note(phase: str, facts: dict[str, int]) -> None:
        if phase == "stop":
            seen.append(facts["generation"])

    gc.collect()
    gc.callbacks.append(note)
    yield seen
    gc.callbacks.remove(note)


def test_nothing_is_collected_while_modules_are_loaded(collections: list[int]) -> None:
    with loading():
        made = [[number] for number in range(MANY // 2)]
        assert collections == []

    assert gc.isenabled()
    assert 2 not in collections, (len(made), "few objects are no reason to look at all")


def test_after_many_objects_the_collector_looks_once(collections: list[int]) -> None:
    with loading():
        made = [[number] for number in range(max(2 * MANY, sys.getallocatedblocks()))]

    assert collections.count(2) == 1, len(made)


def test_where_there_is_much_more_the_collector_does_not_look(
    collections: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "getallocatedblocks", lambda: 100 * MANY)
    with loading():
        made = [[number] for number in range(2 * MANY)]

    assert 2 not in collections, len(made)


def test_a_collector_that_somebody_put_off_stays_off(collections: list[int]) -> None:
    gc.disable()
    try:
        with loading():
            made = [[number] for number in range(2 * MANY)]
        assert not gc.isenabled(), len(made)
        assert collections == []
    finally:
        gc.enable()


def test_a_module_that_cannot_be_loaded_leaves_the_collector_on() -> None:
    with pytest.raises(ModuleNotFoundError, match="nothing_of_this_name"):
        load("nothing_of_this_name")

    assert gc.isenabled()


def test_what_a_process_of_ours_has_loaded_is_never_looked_at_again() -> None:
    code = """
import gc
from arkitekt_di.loading import loading_for_good
with loading_for_good():
    import arkitekt_di.settings.models
    assert not gc.isenabled()
assert gc.isenabled()
print(gc.get_freeze_count() > 10_000 > len(gc.get_objects()))
"""
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "True\n"
