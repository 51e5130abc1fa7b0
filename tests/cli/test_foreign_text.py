"""What others wrote is shown as text, whatever is in it."""

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkitekt_di.cli import images
from arkitekt_di.cli.foreign_text import harmless
from arkitekt_di.cli.task_news import News, TextVoice


def test_what_steers_a_terminal_is_written_out():
    assert harmless("\x1b]0;owned\x07 \x9b31m \u202etxt.exe") == r"\x1b]0;owned\x07 \x9b31m \u202etxt.exe"
    assert harmless("a\rb\x08") == r"a\rb\x08"


def test_what_people_write_stays():
    text = "Müller: 10 µm,\t細胞,\nخلية 👩\u200d🔬 [bold]"

    assert harmless(text) == text


@given(st.text())
def test_nothing_that_is_shown_steers(text: str):
    shown = harmless(text)

    assert all(char in "\t\n" or ord(char) >= 0x20 for char in shown)
    assert not {"\x7f", "\x9b", "\u202e", "\u2066"} & set(shown)
    assert harmless(shown) == shown


def test_a_caller_cannot_steer_the_terminal_of_an_agent(capsys: pytest.CaptureFixture[str]):
    voice = TextVoice(clock=lambda: "12:00:00")

    voice.say(News("assigned", function="segment", args={"name": "\x9b2J"}))
    voice.say(News("ended", function="segment", outcome="failed", seconds=1.0, message="\x1b[2J\n\nat \x1b[2J"))

    said = capsys.readouterr().out
    assert r"\x9b2J" in said
    assert said.count(r"\x1b[2J") == 2
    assert "\x9b" not in said
    assert "\x1b[2J" not in said


@pytest.mark.parametrize("name", ["stack [/b]", "[red]stack", "\x1b[2Jstack"])
def test_the_name_of_an_image_is_no_markup(name: str, capsys: pytest.CaptureFixture[str], monkeypatch: Any):
    from contextlib import contextmanager

    from rich.console import Console

    image = SimpleNamespace(id="7", name=name, sizes={"y": 2}, dtype="uint8", created_at=None)

    @contextmanager
    def no_hub(_url: str | None) -> Any:
        yield Console(width=100)

    monkeypatch.setattr(images, "_hub", no_hub)
    monkeypatch.setattr("arkitekt_di.mikro.search_images", lambda *_, **__: [image])

    images.list_()

    assert harmless(name) in capsys.readouterr().out
