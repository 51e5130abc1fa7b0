"""Which task runs here: set by the service that runs functions, read by whoever asks a hub on their behalf."""

from contextvars import ContextVar
from typing import Final

RUNNING_TASK: Final[ContextVar[str | None]] = ContextVar("arkitekt_running_task", default=None)
"""Identifier of the task whose body runs in this context; None outside of one."""
