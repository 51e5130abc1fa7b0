import stat

import pytest

from arkitekt_di.fakts.discovery import RememberedDiscovery, StaticDiscovery
from arkitekt_di.fakts.location import HubLocation
from arkitekt_di.fakts.remembered import MOST, Hubs, RememberedHubs


@pytest.fixture
def hubs(tmp_path):
    return RememberedHubs(tmp_path / "made" / "hubs.json")


def test_at_first_there_is_none(hubs):
    assert hubs.load() == Hubs()


def test_the_latest_choice_is_the_current_hub_and_the_others_stay_known(hubs):
    for url in ("https://a", "https://b", "https://a"):
        hubs.choose(url)

    assert hubs.load() == Hubs(current="https://a", known=("https://a", "https://b"))


def test_their_number_is_bounded(hubs):
    for number in range(MOST + 5):
        hubs.choose(f"https://hub{number}")

    assert len(hubs.load().known) == MOST
    assert hubs.load().known[0] == f"https://hub{MOST + 4}"


def test_only_the_user_may_change_them(hubs, tmp_path):
    hubs.choose("https://a")

    assert stat.S_IMODE((tmp_path / "made" / "hubs.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "made").stat().st_mode) == 0o700


@pytest.mark.parametrize("content", ["", "{", "[]", '{"current": 3}'])
def test_a_damaged_file_counts_as_none_and_says_so(hubs, tmp_path, content, caplog):
    hubs.choose("https://a")
    (tmp_path / "made" / "hubs.json").write_text(content)

    assert hubs.load() == Hubs()
    assert "cannot be read" in caplog.text


@pytest.mark.anyio
async def test_the_remembered_hub_goes_before_the_fallback(hubs):
    discovery = RememberedDiscovery(hubs, StaticDiscovery("http://127.0.0.1:1"))

    assert await discovery.find() == HubLocation("http://127.0.0.1:1")
    hubs.choose("https://a")
    assert await discovery.find() == HubLocation("https://a")
