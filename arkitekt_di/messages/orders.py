"""What the hub sends to agents: work, control, and answers."""

from typing import Any, Literal

from pydantic import Field, SecretStr

from arkitekt_di.messages.frames import Frame, FrameReader, SecretFrame
from arkitekt_di.messages.mirrors import MIRRORS
from arkitekt_di.messages.model import Message
from arkitekt_di.messages.tasks import Journal


class Inquiry(Message):
    """A task that the hub believes to run on the agent."""

    task: str


class Diagnostic(Message):
    """Something in a declaration that was passed over."""

    level: str = "WARNING"
    code: str
    message: str
    path: str | None = None


class Init(Frame):
    """The answer to ``REGISTER``.

    Attributes
    ----------
    agent : str
        Identifier of the agent.
    inquiries : tuple of Inquiry
        Tasks of this very session that are still open.
    hash : str or None
        Covers the declaration that the hub holds.
    diagnostics : tuple of Diagnostic
    features : tuple of str
        What the hub understands beyond the base protocol.
    epoch : int or None
        Ours: the lease under which this connection writes.
    """

    type: Literal["INIT"] = "INIT"
    agent: str
    inquiries: tuple[Inquiry, ...] = ()
    hash: str | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    features: tuple[str, ...] = ()
    epoch: int | None = None


class Heartbeat(Frame):
    """Asks whether the agent is there."""

    type: Literal["HEARTBEAT"] = "HEARTBEAT"


class Assign(SecretFrame):
    """Run a function.

    Attributes
    ----------
    task : str
        Names the task from now on; the same one again is the same work.
    interface : str
        The function, as the agent declared it.
    args : dict
        Values by the keys of the ports.
    user, org, action, implementation : str
        Who asks, for whom, and for what: identifiers.
    root, parent : str or None
        The tasks that led to this one.
    token : pydantic.SecretStr or None
        Says who caused the task; passed on to other services as it is.
    resume : Journal or None
        What a workflow recorded before its agent died.
    attempt : int or None
        Ours (feature ``arkitekt_di.attempts``): 1 for the first delivery to an agent.
    credits : int or None
        Ours (feature ``arkitekt_di.credits``): how many results may be yielded before more are allowed.
    caller_app, code_hash : str or None
        Ours: the app that asks, and the code that was asked for.
    """

    type: Literal["ASSIGN"] = "ASSIGN"
    task: str
    interface: str
    args: dict[str, Any]
    user: str
    org: str
    action: str
    implementation: str
    root: str | None = None
    parent: str | None = None
    resolution: str | None = None
    reference: str | None = None
    step: bool | None = None
    probe: bool = False
    capture: bool | None = None
    message: str | None = None
    token: SecretStr | None = None
    resume: Journal | None = None
    state_requires: list[dict[str, Any]] = Field(default_factory=list)
    attempt: int | None = None
    credits: int | None = None
    caller_app: str | None = None
    code_hash: str | None = None


class Cancel(Frame):
    """Ask the body to stop."""

    type: Literal["CANCEL"] = "CANCEL"
    task: str


class Interrupt(Frame):
    """Stop the body."""

    type: Literal["INTERRUPT"] = "INTERRUPT"
    task: str


class Pause(Frame):
    """Let the body wait."""

    type: Literal["PAUSE"] = "PAUSE"
    task: str


class Resume(Frame):
    """Let the body run on."""

    type: Literal["RESUME"] = "RESUME"
    task: str
    step: bool = False


class Decide(Frame):
    """The answer to ``HELD``."""

    type: Literal["DECIDE"] = "DECIDE"
    task: str
    approved: bool
    answer: str | None = None
    auto: bool = False
    values: dict[str, Any] | None = None


class Credit(Frame):
    """Ours: a generator may yield ``n`` more results."""

    type: Literal["CREDIT"] = "CREDIT"
    task: str
    n: int = Field(ge=1)


class Collect(Frame):
    """Drop values that are kept in memory."""

    type: Literal["COLLECT"] = "COLLECT"
    drawers: tuple[str, ...]


class Bounce(Frame):
    """Disconnect, and connect again after ``duration`` seconds."""

    type: Literal["BOUNCE"] = "BOUNCE"
    duration: int | None = None


class Kick(Frame):
    """Disconnect, and stay away."""

    type: Literal["KICK"] = "KICK"
    reason: str | None = None


class ProtocolFault(Frame):
    """What was wrong with a frame; the connection ends."""

    type: Literal["PROTOCOL_ERROR"] = "PROTOCOL_ERROR"
    error: str


class EventAck(Frame):
    """One report is recorded; for agents that do not number their frames."""

    type: Literal["EVENT_ACK"] = "EVENT_ACK"
    event: str
    task: str | None = None
    seq: int | None = None


class JournalAck(Frame):
    """Everything up to ``pos`` is recorded."""

    type: Literal["JOURNAL_ACK"] = "JOURNAL_ACK"
    journal_session: str
    pos: int


class AssignResponse(Frame):
    """The answer to ``ASSIGN_REQUEST``; ``created`` is false where the task was there already."""

    type: Literal["ASSIGN_RESPONSE"] = "ASSIGN_RESPONSE"
    request: str
    reference: str
    task: str | None = None
    created: bool = True
    error: str | None = None


class ControlResponse(Frame):
    """The answer to a request for control; the outcome follows as an event."""

    type: Literal["CONTROL_RESPONSE"] = "CONTROL_RESPONSE"
    request: str
    task: str | None = None
    accepted: bool
    error: str | None = None


class ProbeResponse(Frame):
    """The answer to ``PROBE_REQUEST``."""

    type: Literal["PROBE_RESPONSE"] = "PROBE_RESPONSE"
    request: str
    probe: str | None = None
    error: str | None = None


class StateRevisionResponse(Frame):
    """The answer to ``STATE_REVISION_REQUEST``."""

    type: Literal["STATE_REVISION_RESPONSE"] = "STATE_REVISION_RESPONSE"
    request: str
    revision: dict[str, Any] | None = None
    changed: bool | None = None
    detail: str | None = None
    error: str | None = None


class BlokRefused(Frame):
    """What ``HELD`` or ``INFORM`` wanted to show could not be shown."""

    type: Literal["BLOK_REFUSED"] = "BLOK_REFUSED"
    task: str
    reason: str


ORDERS = FrameReader(
    [
        *(Init, Heartbeat, Assign, Cancel, Interrupt, Pause, Resume, Decide, Credit, Collect, Bounce, Kick),
        *(ProtocolFault, EventAck, JournalAck, AssignResponse, ControlResponse),
        *(ProbeResponse, StateRevisionResponse, BlokRefused),
        *MIRRORS.values(),
    ]
)
"""Reads what the hub sends."""
