"""Links: good for one image and one time, made by one hub."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkitekt_di.errors import LinkExpiredError, LinkRefusedError
from arkitekt_di.server.ngff.tokens import NgffTokens

IMAGE = "0a1b2c3d-0000-4000-8000-000000000000"


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def test_a_token_opens_its_image_until_its_time_is_over():
    clock = Clock()
    tokens = NgffTokens(b"s" * 32, clock=clock)
    token = tokens.issue(IMAGE, 60)

    tokens.check(token, IMAGE)
    clock.now += 60
    with pytest.raises(LinkExpiredError, match=r"has expired. Ask for a new link with image.ngff_url\(\)"):
        tokens.check(token, IMAGE)


def test_a_token_is_one_segment_of_a_path():
    assert re.fullmatch(r"[0-9]+\.[A-Za-z0-9_-]{43}", NgffTokens(b"s" * 32).issue(IMAGE, 60))


def test_a_token_of_another_image_or_another_hub_is_refused():
    tokens = NgffTokens(b"s" * 32)

    with pytest.raises(LinkRefusedError):
        tokens.check(tokens.issue(IMAGE, 60), IMAGE.replace("0a", "0b"))
    with pytest.raises(LinkRefusedError):
        tokens.check(NgffTokens(b"t" * 32).issue(IMAGE, 60), IMAGE)


def test_the_time_cannot_be_changed():
    tokens = NgffTokens(b"s" * 32)
    expires, code = tokens.issue(IMAGE, 60).split(".")

    with pytest.raises(LinkRefusedError):
        tokens.check(f"{int(expires) + 1000}.{code}", IMAGE)


@given(st.text())
def test_no_guess_is_more_than_refused(guess: str):
    with pytest.raises(LinkRefusedError) as caught:
        NgffTokens(b"s" * 32).check(guess, IMAGE)

    assert not guess.strip() or len(guess) < 8 or guess not in str(caught.value)


def test_a_short_secret_is_refused():
    with pytest.raises(ValueError, match="32 are needed"):
        NgffTokens(b"short")
