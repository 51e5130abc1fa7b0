"""Frames between callers and the hub's own desk: calls and their events on one socket, and nothing lost between two.

It stands beside the GraphQL that every client speaks, and does the same in fewer words.
"""

from typing import Any, Literal

from pydantic import Field, SecretStr

from arkitekt_di.messages.calls import CallOrder
from arkitekt_di.messages.frames import Frame, FrameReader, SecretFrame

Follows = Literal["own", "organization"]
"""Whose tasks are told of: those that this app has asked for, or all of the organization."""

Wish = Literal["CANCEL", "INTERRUPT", "PAUSE", "RESUME"]


class Hello(SecretFrame):
    """The first frame of a connection.

    Attributes
    ----------
    token : pydantic.SecretStr
    since : int or None
        The last event that was seen; all that came after it are told first.  None begins now.
    follows : {'own', 'organization'}
    together : bool
        Whether the caller reads several frames from one message, which is an array of them then.
    """

    type: Literal["HELLO"] = "HELLO"
    token: SecretStr
    since: int | None = None
    follows: Follows = "own"
    together: bool = False


class Welcome(Frame):
    """The answer to ``HELLO``; events after ``seq`` follow, and with ``together`` the hub reads arrays, too."""

    type: Literal["WELCOME"] = "WELCOME"
    seq: int
    together: bool = False


class Call(Frame):
    """Ask for a task; the same reference again is the same task."""

    type: Literal["CALL"] = "CALL"
    order: CallOrder


class Called(Frame):
    """The answer to ``CALL``.

    Attributes
    ----------
    request : str
        The ``id`` of the frame that is answered.
    task : str or None
    is_new : bool
    error, code : str or None
        Why there is no task, in words and for programs.
    """

    type: Literal["CALLED"] = "CALLED"
    request: str
    task: str | None = None
    is_new: bool = False
    error: str | None = None
    code: str | None = None


class Control(Frame):
    """Ask something of a task that runs."""

    type: Literal["CONTROL"] = "CONTROL"
    task: str
    wish: Wish


class Controlled(Frame):
    """The answer to ``CONTROL``."""

    type: Literal["CONTROLLED"] = "CONTROLLED"
    request: str
    error: str | None = None
    code: str | None = None


class Events(Frame):
    """What has happened, in order; each as a `TaskEvent`, whose ``id`` is its number."""

    type: Literal["EVENTS"] = "EVENTS"
    id: str = ""  # nobody answers them
    events: list[dict[str, Any]] = Field(default_factory=list)


ASKED = FrameReader((Hello, Call, Control))
"""What callers send."""

TOLD = FrameReader((Welcome, Called, Controlled, Events))
"""What the hub sends."""

TOKEN_REFUSED = 4401
"""Close code: the token is not, or no longer, good; a new one may be."""

NOT_UNDERSTOOD = 4400
"""Close code: a frame is not what it has to be."""
