"""How a person learns that a login waits for them."""

import contextlib
import os
import sys
import threading
import webbrowser
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class LoginPrompt:
    """What a person needs to approve an app.

    Attributes
    ----------
    app : str
        Identifier of the app.
    hub : str
        Name of the hub.
    link : str
        Page to open; it may already know the code.
    code : str
        To compare with the page, or to type in.
    expires_in_s : float
        How long the code can be approved, in seconds.
    """

    app: str
    hub: str
    link: str
    code: str
    expires_in_s: float


class Presenter(Protocol):
    """Shows the prompt of a login."""

    def showing(self, prompt: LoginPrompt) -> AbstractAsyncContextManager[None]:
        """Show *prompt* while the block runs; at its end the login is decided, and the prompt may be taken away."""
        ...


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
        f"and check that it shows the code {prompt.code} (valid for {minutes} min).\n\n"
    )
    sys.stderr.flush()


def _has_screen() -> bool:
    # Without a screen, Python's webbrowser runs a text browser in the terminal, over whatever is printed there.
    return not sys.platform.startswith("linux") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
