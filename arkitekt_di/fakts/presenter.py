"""Shows prompts of logins in a terminal and in a browser."""

import contextlib
import os
import sys
import threading
import webbrowser
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from arkitekt_di.protocols.presenter import LoginPrompt, Presenter

__all__ = ["BrowserPresenter", "LoginPrompt", "Presenter", "PrintPresenter"]


class PrintPresenter:
    """Prints link and code on the error stream, which is not mixed with a program's output."""

    @asynccontextmanager
    async def showing(self, prompt: LoginPrompt) -> AsyncIterator[None]:
        """Print once."""
        write_prompt(prompt)
        yield


class BrowserPresenter:
    """Opens the link in the browser, and prints it for the case that none opens.

    Parameters
    ----------
    open_link : callable, optional
        Opens a link; by default the system's way.
    """

    def __init__(self, open_link: Callable[[str], object] = webbrowser.open) -> None:
        self._open_link = open_link

    @asynccontextmanager
    async def showing(self, prompt: LoginPrompt) -> AsyncIterator[None]:
        """Print, then open."""
        write_prompt(prompt)
        if _has_screen():
            # A browser may hold on to its caller until it is closed; a daemon thread keeps no program from ending.
            threading.Thread(target=self._open, args=(prompt.link,), name="login-link", daemon=True).start()
        yield

    def _open(self, link: str) -> None:
        with contextlib.suppress(OSError, webbrowser.Error):  # the link is on the terminal already
            self._open_link(link)


def write_prompt(prompt: LoginPrompt) -> None:
    """Write link and code to the error stream, where the program has one."""
    if sys.stderr is None:
        return  # such as under pythonw.exe
    minutes = max(1, round(prompt.expires_in_s / 60))
    sys.stderr.write(
        f"\n{prompt.app} asks to be let in by {prompt.hub}. Open this page and approve it:\n\n"
        f"    {prompt.link}\n\n"
        f"{_what_to_check(prompt)} (valid for {minutes} min).\n\n"
    )
    sys.stderr.flush()


def _what_to_check(prompt: LoginPrompt) -> str:
    if prompt.code is None:
        return "It has to be opened on this machine" if prompt.comes_back else "Any machine with a browser will do"
    return f"and check that it shows the code {prompt.code}"


def _has_screen() -> bool:
    # Without a screen, Python's webbrowser runs a text browser in the terminal, over whatever is printed there.
    return not sys.platform.startswith("linux") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
