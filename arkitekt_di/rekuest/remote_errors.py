"""Errors on the wire: type, message and traceback as one text that any client can show."""

import re
import traceback
from pathlib import Path
from types import TracebackType
from typing import Final

from arkitekt_di.errors import RemoteError

_OURS: Final = tuple(str(Path(__file__).parents[1] / name) for name in ("rekuest", "koil"))
_TRACEBACK: Final = "Traceback (most recent call last):\n"
_MOST: Final = 20_000
"""Characters of a traceback that travel: those of a deep recursion would fill a hub."""


def describe(error: BaseException) -> str:
    """Return an error as text: type and message in the first line, then the traceback of the function's own frames."""
    if isinstance(error, RemoteError):  # it came from another process already
        return "\n\n".join(part for part in (f"{error.kind}: {error.message}", error.remote_traceback) if part)
    first = f"{_name(error)}: {error}"
    frames = _own_frames(error.__traceback__)
    if frames is None:
        return first
    lines = traceback.format_exception(type(error), error, frames)
    text = "".join(lines)
    if len(text) > _MOST:
        text = f"{text[: _MOST // 2]}\n...\n{text[-_MOST // 2 :]}"
    return f"{first}\n\n{text.rstrip()}"


def parse(text: str) -> tuple[str, str, str]:
    """Return type, message and traceback of a text; what is not there is empty."""
    head, mark, rest = text.partition(f"\n\n{_TRACEBACK}")
    found = re.match(r"([A-Za-z_][\w.]*): ?", head)
    if found is None:
        return "", text, ""
    return found[1], head[found.end() :], f"{_TRACEBACK}{rest}" if mark else ""


def _name(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _own_frames(frames: TracebackType | None) -> TracebackType | None:
    """Leave out the frames above the function: they are ours."""
    shown = frames
    while shown is not None and shown.tb_frame.f_code.co_filename.startswith(_OURS):
        shown = shown.tb_next
    return shown
