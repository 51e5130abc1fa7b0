import sys
import threading
import webbrowser

import pytest

from arkitekt_di.fakts.presenter import BrowserPresenter, LoginPrompt, PrintPresenter

pytestmark = pytest.mark.anyio

PROMPT = LoginPrompt("my-analysis", "the lab's hub", "https://hub.example/configure/BCDF-GHJK", "BCDF-GHJK", 300)


async def test_link_and_code_are_printed_where_they_do_not_mix_with_output(capsys):
    async with PrintPresenter().showing(PROMPT):
        pass

    printed = capsys.readouterr()
    assert PROMPT.link in printed.err
    assert PROMPT.code in printed.err
    assert "5 min" in printed.err
    assert printed.out == ""


async def test_a_program_without_an_error_stream_goes_on(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)

    async with PrintPresenter().showing(PROMPT):
        pass


async def test_the_browser_is_opened_and_the_link_printed(capsys, monkeypatch):
    monkeypatch.setenv("DISPLAY", ":0")
    opened = threading.Event()
    links: list[str] = []

    def open_link(link):
        links.append(link)
        opened.set()

    async with BrowserPresenter(open_link).showing(PROMPT):
        assert opened.wait(5)

    assert links == [PROMPT.link]
    assert PROMPT.link in capsys.readouterr().err


async def test_without_a_screen_no_browser_takes_the_terminal(capsys, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    links: list[str] = []

    async with BrowserPresenter(links.append).showing(PROMPT):
        pass

    assert links == []
    assert PROMPT.link in capsys.readouterr().err


async def test_a_browser_that_fails_or_stays_open_stops_nobody(monkeypatch):
    monkeypatch.setenv("DISPLAY", ":0")
    called = threading.Event()

    def fail(_link):
        called.set()
        raise webbrowser.Error("no browser")

    async with BrowserPresenter(fail).showing(PROMPT):
        assert called.wait(5)

    for thread in threading.enumerate():
        if thread.name == "login-link":
            thread.join(5)
