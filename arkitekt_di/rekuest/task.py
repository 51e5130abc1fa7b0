"""The task that runs here, as the body of a function sees it."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Protocol

from pydantic import SecretStr

from arkitekt_di.errors import AppStateError
from arkitekt_di.koil import dual
from arkitekt_di.messages.tasks import LogLevel
from arkitekt_di.protocols.task import RUNNING_TASK
from arkitekt_di.rekuest.control import Control


class Teller(Protocol):
    """Takes what a body tells while it runs; from any thread, without waiting."""

    def progress(self, percent: int, message: str | None) -> None:
        """Tell how far the body is."""
        ...

    def log(self, message: str, level: LogLevel) -> None:
        """Tell a line."""
        ...

    def effect(self, key: str, value: Any) -> None:
        """Tell what a workflow took from outside itself."""
        ...


@dataclass(frozen=True)
class Caller:
    """Who asked for a task.

    Attributes
    ----------
    user, organization : str
        Identifiers; empty for a local call.
    app : str or None
        The app that called, where the hub says so.
    """

    user: str = ""
    organization: str = ""
    app: str | None = None


@dataclass(frozen=True)
class TaskFacts:
    """What is known of a task when it begins.

    Attributes
    ----------
    id : str
    interface : str
        Name of the function.
    caller : Caller
    parent, root, reference : str or None
        The tasks that led to this one, and the caller's own name for it.
    attempt : int
        1 unless the task was lost before.
    token : pydantic.SecretStr or None
        Says who caused the task; passed on to other services as it is.
    is_workflow : bool
        Whether its calls are its children, which it finds again when it runs again.
    recorded : mapping of str to object
        What it recorded before its agent was lost, by key.
    """

    id: str
    interface: str
    caller: Caller = Caller()
    parent: str | None = None
    root: str | None = None
    reference: str | None = None
    attempt: int = 1
    token: SecretStr | None = None
    is_workflow: bool = False
    recorded: Mapping[str, Any] = field(default_factory=dict)


class Task:
    """The running task: tells its caller how far it is, and hears that it is to stop or to wait.

    A function gets it by annotating a parameter with `Task`; it is no port.

    Attributes
    ----------
    id : str
    facts : TaskFacts
    caller : Caller
    is_cancelled : bool
        Whether the body was asked to stop.

    Examples
    --------
    >>> @register
    ... def count(n: int, task: Task) -> int:
    ...     for step in range(n):
    ...         task.progress(100 * step // n)
    ...     return n
    """

    def __init__(self, facts: TaskFacts, teller: Teller, control: Control | None = None) -> None:
        self.facts = facts
        self._teller = teller
        self._control = control or Control()
        self._calls: Counter[str] = Counter()

    @property
    def id(self) -> str:
        """Identifier of the task."""
        return self.facts.id

    @property
    def caller(self) -> Caller:
        """Who asked for the task."""
        return self.facts.caller

    @property
    def is_cancelled(self) -> bool:
        """Whether the body was asked to stop."""
        return self._control.is_cancelled

    def progress(self, percent: float, message: str | None = None) -> None:
        """Tell the caller how far the body is; never waits.

        Parameters
        ----------
        percent : float
            0 to 100; what is outside counts as the nearer end.
        message : str, optional

        Raises
        ------
        asyncio.CancelledError
            The task was cancelled: the body should end.
        """
        self.check_cancelled()
        self.tell_progress(percent, message)

    def tell_progress(self, percent: float, message: str | None) -> None:
        """Do as `progress`, for whoever passes on what a body elsewhere tells."""
        self._teller.progress(round(min(max(percent, 0), 100)), message)

    def log(self, message: object, level: LogLevel = "INFO") -> None:
        """Tell the caller a line; never waits."""
        self._teller.log(str(message), level)

    def record(self, key: str, make: Callable[[], Any]) -> Any:
        """Return what *make* gives, and the same again when the workflow runs again after its agent was lost.

        Parameters
        ----------
        key : str
            Names the value within the task.
        make : callable
            Gives a value that JSON can hold: the time, a random number, what a person typed.

        Notes
        -----
        The value is sent before any call that follows, and is kept when that has been answered.  Where the agent was
        lost before, nobody else has seen the value, and *make* gives another.
        """
        if key not in self.facts.recorded:
            value = make()
            self._teller.effect(key, value)
            return value
        return self.facts.recorded[key]

    def call_key(self, name: str) -> str:
        """Return the name of the next call of a function by this workflow: the same in each of its runs."""
        self._calls[name] += 1
        return f"{name}#{self._calls[name]}"

    def check_cancelled(self) -> None:
        """Raise ``asyncio.CancelledError`` where the body was asked to stop."""
        if self._control.is_cancelled:
            raise asyncio.CancelledError

    @dual
    async def pausepoint(self) -> None:
        """Wait here while the task is paused; blocks in sync code, is awaited on a loop.

        Raises
        ------
        asyncio.CancelledError
            The task was cancelled.
        """
        await self._control.pausepoint()
        self.check_cancelled()

    def __repr__(self) -> str:
        return f"<Task {self.id} of {self.facts.interface}()>"


_CURRENT: ContextVar[Task | None] = ContextVar("arkitekt_task", default=None)


@contextmanager
def running(task: Task) -> Iterator[None]:
    """Let *task* be the current one while the block runs; what it stores is stored on its behalf."""
    token, running = _CURRENT.set(task), RUNNING_TASK.set(task.id)
    try:
        yield
    finally:
        RUNNING_TASK.reset(running)
        _CURRENT.reset(token)


def find_task() -> Task | None:
    """Return the task that runs here; None outside of one."""
    return _CURRENT.get()


def current_task() -> Task:
    """Return the task that runs here.

    Raises
    ------
    AppStateError
        No task runs here: the function was called as a plain function.
    """
    if (task := _CURRENT.get()) is None:
        raise AppStateError("no task runs here. Call the function through call() or app.rekuest.call_local()")
    return task


def progress(percent: float, message: str | None = None) -> None:
    """Tell the caller of the task that runs here how far it is; outside of a task do nothing.

    Parameters
    ----------
    percent : float
        0 to 100.
    message : str, optional
        What is being done.

    Raises
    ------
    asyncio.CancelledError
        The task was cancelled: let it pass, so that the body ends.

    Examples
    --------
    >>> progress(50, "half of the planes")
    """
    if (task := _CURRENT.get()) is not None:
        task.progress(percent, message)


def log(message: object, level: LogLevel = "INFO") -> None:
    """Tell the caller of the task that runs here a line; outside of a task do nothing.

    Parameters
    ----------
    message : object
        Its text is told.
    level : {'DEBUG', 'INFO', 'WARN', 'ERROR', 'CRITICAL'}, default 'INFO'
    """
    if (task := _CURRENT.get()) is not None:
        task.log(message, level)


class Silent:
    """Tells nobody."""

    def progress(self, percent: int, message: str | None) -> None:
        """Do nothing."""

    def log(self, message: str, level: LogLevel) -> None:
        """Do nothing."""

    def effect(self, key: str, value: Any) -> None:
        """Do nothing."""


def local_task(interface: str, task_id: str, teller: Any = None) -> Task:
    """Return a task of a call that no hub knows of."""
    return Task(TaskFacts(task_id, interface), teller or Silent())
