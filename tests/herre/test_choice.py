import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkitekt_di.herre.choice import Offer, Surroundings, Way, choose_way
from arkitekt_di.herre.surroundings import surroundings

DESK = Surroundings(has_terminal=True, has_browser=True)
EVERYWHERE = [
    Surroundings(*flags) for flags in itertools.product([False, True], repeat=len(Surroundings.__dataclass_fields__))
]

offers = st.builds(
    Offer,
    wish=st.sampled_from(["auto", "code", "device", "headless", "never"]),
    **dict.fromkeys(["has_token", "has_secret", "is_silent", "has_login", "has_client"], st.booleans()),
)


@pytest.mark.parametrize("here", EVERYWHERE)
@pytest.mark.parametrize(
    ("offer", "way"),
    [
        (Offer(has_token=True, has_secret=True, is_silent=True, has_login=True, has_client=True), Way.TOKEN),
        (Offer(has_secret=True, is_silent=True, has_login=True, has_client=True), Way.SECRET),
        (Offer(is_silent=True, has_login=True), Way.SILENT),
        (Offer(has_login=True, has_client=True, wish="never"), Way.KEPT),
        (Offer(wish="never", has_client=True), Way.NOBODY),
        (Offer(wish="device", has_client=True), Way.DEVICE),
        (Offer(wish="headless", has_client=True), Way.DEVICE),
        (Offer(wish="headless", has_login=True), Way.KEPT),
        (Offer(wish="code", has_client=True), Way.CODE),
    ],
)
def test_what_was_given_decides_before_the_place_does(offer, here, way):
    assert choose_way(offer, here) is way


@pytest.mark.parametrize(
    ("here", "way"),
    [
        (Surroundings(), Way.NOBODY),
        (Surroundings(has_browser=True), Way.NOBODY),
        (Surroundings(has_terminal=True), Way.DEVICE),
        (Surroundings(is_notebook=True, has_browser=True), Way.DEVICE),
        (Surroundings(has_terminal=True, has_browser=True, is_remote=True), Way.DEVICE),
        (DESK, Way.CODE),
    ],
)
def test_the_place_decides_how_a_person_is_asked(here, way):
    assert choose_way(Offer(has_client=True), here) is way


def test_no_browser_can_come_back_to_an_app_that_is_not_registered():
    assert choose_way(Offer(), DESK) is Way.DEVICE


@given(offer=offers, here=st.sampled_from(EVERYWHERE))
def test_nobody_is_asked_where_nobody_is(offer, here):
    way = choose_way(offer, here)

    if offer.wish == "auto" and not (here.has_terminal or here.is_notebook):
        assert way not in {Way.CODE, Way.DEVICE}
    if offer.wish == "never":
        assert way not in {Way.CODE, Way.DEVICE}


@pytest.mark.parametrize("name", ["SSH_TTY", "SSH_CONNECTION", "JUPYTERHUB_SERVICE_PREFIX", "WSL_DISTRO_NAME"])
def test_variables_tell_that_the_browser_is_elsewhere(name):
    assert surroundings({name: "x"}, ()).is_remote
    assert not surroundings({name: ""}, ()).is_remote


def test_a_file_tells_that_this_is_a_container(tmp_path):
    mark = tmp_path / ".dockerenv"

    assert not surroundings({}, (mark,)).is_remote
    mark.touch()
    assert surroundings({}, (mark,)).is_remote


@pytest.mark.parametrize("browser", ["lynx", "/usr/bin/w3m", "links -g", "elinks:firefox"])
def test_a_browser_in_the_terminal_is_none(browser):
    assert not surroundings({"DISPLAY": ":0", "BROWSER": browser}, ()).has_browser


def test_a_screen_is_needed_for_a_browser(monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")

    assert surroundings({"DISPLAY": ":0"}, ()).has_browser
    assert not surroundings({}, ()).has_browser
