"""What happens while functions are served: told to a person, or to a program."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import typer

from arkitekt_di.cli.foreign_text import harmless

LONGEST_VALUE = 40
"""Characters of an argument that are shown."""


@dataclass(frozen=True)
class News:
    """Something that happened.

    Attributes
    ----------
    event : str
        ``loaded``, ``serving``, ``assigned``, ``log``, ``ended``, ``changed``, ``kept``, ``gone`` or ``stopped``.
    app, hub : str or None
        Which app serves, and the address of the hub.
    functions : list of str or None
        What is offered.
    task, function, caller : str or None
        Identifier of a task, what it runs, and the client that asked for it.
    args : dict or None
        Its arguments, as they travelled.
    outcome : str or None
        How it ended, such as ``completed``.
    seconds : float or None
        How long that took, from its arrival.
    message : str or None
        A line of a log, an error with its traceback, or a reason.
    """

    event: str
    app: str | None = None
    hub: str | None = None
    functions: list[str] | None = None
    task: str | None = None
    function: str | None = None
    caller: str | None = None
    args: dict[str, Any] | None = None
    outcome: str | None = None
    seconds: float | None = None
    message: str | None = None

    def to_json(self) -> str:
        """Return one line of JSON, without what does not apply."""
        return json.dumps({name: value for name, value in asdict(self).items() if value is not None})

    @classmethod
    def from_json(cls, line: str) -> "News | None":
        """Return what a line tells; None where it is something else."""
        try:
            members = json.loads(line)
            return cls(**members) if isinstance(members, dict) else None
        except (ValueError, TypeError):
            return None


class Voice(Protocol):
    """Tells news."""

    def say(self, news: News) -> None:
        """Tell."""
        ...


class JsonVoice:
    """Speaks to a program: one object a line."""

    def say(self, news: News) -> None:
        """Print an object."""
        typer.echo(news.to_json())


@dataclass
class TextVoice:
    """Speaks to a person: one line for each thing that happens, and the traceback of what failed."""

    clock: Callable[[], str] = field(default=lambda: time.strftime("%H:%M:%S"))

    def say(self, news: News) -> None:
        """Print lines."""
        match news.event:
            case "serving":
                self._line("●", "green", f"{news.app} serves {', '.join(news.functions or ())} at {news.hub}")
                typer.echo("  Ctrl-C stops it.")
            case "assigned":
                self._line("▶", "cyan", f"{news.function}({shown(news.args or {})})")
            case "log":
                self._line(" ", None, f"{news.function}: {news.message}")
            case "ended":
                self._end(news)
            case "changed":
                self._line("↻", "yellow", f"{news.message} changed")
            case "kept" | "gone":
                self._line("✗", "red", str(news.message))
            case "stopped":
                self._line("■", None, f"stopped: {news.message}")

    def _end(self, news: News) -> None:
        if news.outcome == "completed":
            self._line("✓", "green", f"{news.function} in {news.seconds:.2f} s")
            return
        first, _, rest = (news.message or "").partition("\n\n")
        self._line(
            "✗", "red", f"{news.function} {news.outcome} after {news.seconds:.2f} s{': ' if first else ''}{first}"
        )
        if rest:
            typer.echo(harmless(rest))

    def _line(self, mark: str, colour: str | None, text: str) -> None:
        typer.echo(f"{typer.style(self.clock(), dim=True)} {typer.style(mark, fg=colour)} {harmless(text)}")


def shown(args: Mapping[str, Any]) -> str:
    """Return arguments as a person reads them: long ones cut, structures by reference."""
    return ", ".join(f"{key}={_short(value)}" for key, value in args.items())


def _short(value: Any) -> str:
    if isinstance(value, dict) and {"__identifier", "object"} <= value.keys():
        return f"{value['__identifier']}:{value['object']}"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"
