from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.person import CHROMIUM, BrowsedHub, Person, a_context, browsed_hub, chromium, set_up


@pytest.fixture(scope="module")  # its event loop must be gone before a test elsewhere starts one
def browser():
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def hub(browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowsedHub]:
    """Return a hub that Ada has opened, in this browser."""
    data: Path = tmp_path_factory.mktemp("browsed") / "data"
    with browsed_hub(data) as hub:
        context = a_context(browser)
        first = Person(context.new_page(), hub.url)
        set_up(first, hub)
        assert first.heading == "The hub is ready"
        assert first.complaints == []
        context.close()
        yield hub


@pytest.fixture
def stranger(browser, hub: BrowsedHub) -> Iterator[Person]:
    """Someone who is not logged in; whatever the browser complains about fails the test."""
    context = a_context(browser)
    person = Person(context.new_page(), hub.url)
    yield person
    context.close()
    assert person.complaints == []


@pytest.fixture
def ada(stranger: Person) -> Person:
    stranger.log_in()
    return stranger
