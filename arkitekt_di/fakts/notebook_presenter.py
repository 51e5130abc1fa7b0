"""Shows the prompt of a login in the notebook cell that asked for it."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import escape
from typing import Any

from arkitekt_di.fakts.presenter import write_prompt
from arkitekt_di.protocols.presenter import LoginPrompt


class NotebookPresenter:
    """Puts link and code into the output of the cell, and takes them away when the login is decided.

    A saved notebook then holds neither.  Outside of IPython they are printed.
    """

    @asynccontextmanager
    async def showing(self, prompt: LoginPrompt) -> AsyncIterator[None]:
        """Show a link to click, for as long as it is good."""
        try:
            from IPython import display
        except ImportError:
            write_prompt(prompt)
            yield
            return
        display_id = f"login-{uuid.uuid4().hex}"
        notebook: Any = display  # IPython's functions have no types
        notebook.display(notebook.HTML(prompt_html(prompt)), display_id=display_id)
        try:
            yield
        finally:
            notebook.display(notebook.HTML(""), display_id=display_id, update=True)


def prompt_html(prompt: LoginPrompt) -> str:
    """Return the prompt as HTML without scripts, so that it shows in notebooks that are not trusted."""
    minutes = max(1, round(prompt.expires_in_s / 60))
    code = f" and check that it shows the code <code>{escape(prompt.code)}</code>" if prompt.code else ""
    return (
        f"<p><b>{escape(prompt.app)}</b> asks to be let in by <b>{escape(prompt.hub)}</b>. "
        f'<a href="{escape(prompt.link)}" target="_blank" rel="noreferrer">Open this page and approve it</a>{code} '
        f"(valid for {minutes} min).</p>"
    )
