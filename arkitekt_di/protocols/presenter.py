"""How a person learns that a login waits for them."""

from contextlib import AbstractAsyncContextManager
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
        Name of the hub, or of who logs people in for it.
    link : str
        Page to open; it may already know the code.
    code : str or None
        To compare with the page, or to type in; None where the page leads to another address at the end.
    expires_in_s : float
        How long the login can be approved, in seconds.
    comes_back : bool
        Without a code: whether the page comes back to this machine by itself; else its address is asked for.
    """

    app: str
    hub: str
    link: str
    code: str | None
    expires_in_s: float
    comes_back: bool = True


class Presenter(Protocol):
    """Shows the prompt of a login."""

    def showing(self, prompt: LoginPrompt) -> AbstractAsyncContextManager[None]:
        """Show *prompt* while the block runs; at its end the login is decided, and the prompt may be taken away."""
        ...
