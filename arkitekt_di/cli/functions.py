"""``arkitekt-di call``, ``actions`` and ``tasks``: what apps offer, and what becomes of calls."""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

Url = Annotated[str | None, typer.Option(help="Hub to use; without it the one that apps use here.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
MARKS = {"completed": ("✓", "green"), "cancelled": ("■", "yellow"), "interrupted": ("■", "yellow")}
"""Mark and colour of a task that has ended; any other end is a failure."""

Limit = Annotated[int, typer.Option(min=1, max=200, help="Most that are listed.")]


def call(  # noqa: PLR0913  # one parameter for each option
    action: Annotated[str, typer.Argument(help="Name, key, hash or identifier, as `arkitekt-di actions` shows it.")],
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME=VALUE]...", help="Arguments, such as threshold=0.4.")
    ] = None,
    *,
    agent: Annotated[str | None, typer.Option(help="Agent that is to work, where several offer the function.")] = None,
    reference: Annotated[
        str | None, typer.Option(help="Your own name of the call: the same again is the same task.")
    ] = None,
    timeout: Annotated[float | None, typer.Option(help="Longest run, in seconds; the task is cancelled then.")] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Call a function that an app offers, and print its result; Ctrl-C cancels the task.

    Images and other structures are given by their identifier; lists, dicts and models as JSON.  Of a generator each
    value is printed as it comes, one a line with --json.
    """
    from arkitekt_di.cli.port_values import parse_arguments
    from arkitekt_di.cli.results import as_json as to_json
    from arkitekt_di.cli.results import as_text
    from arkitekt_di.messages.definitions import ActionKind
    from arkitekt_di.rekuest import call as call_function
    from arkitekt_di.rekuest import find, iterate

    given = {"agent": agent, "reference": reference, "timeout": timeout}
    show = to_json if as_json else as_text
    with _hub(url), _logs_on_stderr():
        found = find(action)
        values = parse_arguments(found.args, arguments or ())
        options: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        if hidden := options.keys() & {port.key for port in found.args}:
            raise typer.BadParameter(
                f"{action} has an argument of this name: {min(hidden)}=...", param_hint=min(hidden)
            )
        if found.kind is ActionKind.GENERATOR:
            for value in iterate(found, **values, **options):
                typer.echo(show(value))
            return
        typer.echo(show(call_function(found, **values, **options)))


def actions(
    text: Annotated[str | None, typer.Argument(help="Part of the name; all functions without it.")] = None,
    *,
    limit: Limit = 50,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """List the functions that can be called: their arguments, and who offers them."""
    from arkitekt_di.cli.foreign_text import harmless
    from arkitekt_di.cli.port_values import signature

    with _hub(url) as app:
        offers = app.koil.call(app.rekuest.aoffers, text, limit=limit)
    if as_json:
        typer.echo(json.dumps([offer.model_dump(mode="json", by_alias=True) for offer in offers], indent=2))
        return
    by_action: dict[str, list[Any]] = {}
    for offer in offers:
        by_action.setdefault(offer.action.id, []).append(offer)
    for same in by_action.values():
        action = same[0].action
        typer.secho(harmless(signature(action.key or action.name, action.args, action.returns, action.kind)), bold=True)
        typer.echo(f"  {harmless(action.name)}")
        for port in action.args:
            if port.description:
                typer.echo(harmless(f"  {port.key}: {port.description}"))
        for offer in same:
            mark, colour = ("●", "green") if offer.agent.connected else ("○", "yellow")
            state = "connected" if offer.agent.connected else "not connected"
            typer.echo(f"  {typer.style(mark, fg=colour)} {harmless(offer.agent.name)} ({state})")
    if not offers:
        typer.echo("No function is offered. `arkitekt-di run MODULE` serves those of a module.", err=True)


def tasks(
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Tell what happens to tasks, until Ctrl-C.")] = False,
    limit: Limit = 20,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """List tasks of your organization, the newest first; with --follow tell what happens to them from now on.

    With --follow --json each event is one line of JSON.
    """
    if follow:
        from arkitekt_di.cli.task_following import follow_tasks

        with _hub(url) as app:
            follow_tasks(app, as_json=as_json)
        return
    with _hub(url) as app:
        listed = app.koil.call(app.rekuest.atasks, limit=limit)
    if as_json:
        typer.echo(json.dumps([task.model_dump(mode="json", by_alias=True) for task in listed], indent=2))
        return
    for task in listed:
        _show_task(task)
    if not listed:
        typer.echo("No tasks. `arkitekt-di call ACTION` asks for one.", err=True)


def _show_task(task: Any) -> None:
    from arkitekt_di.cli.foreign_text import harmless
    from arkitekt_di.cli.task_news import shown

    state = str(task.latest_event_kind).lower()
    mark, colour = MARKS.get(state, ("✗", "red")) if task.is_done else ("▶", "cyan")
    asked = "" if task.created_at is None else f"{task.created_at.astimezone():%H:%M:%S}"
    took = f" in {(task.finished_at - task.created_at).total_seconds():.2f} s" if task.finished_at else ""
    agent = "" if task.implementation is None else harmless(f" by {task.implementation.agent.name}")
    name = "?" if task.action is None else task.action.key or task.action.name
    called = harmless(f"{name}({shown(task.args)})")
    typer.echo(f"{typer.style(asked, dim=True)} {typer.style(mark, fg=colour)} {called}")
    typer.echo(f"         {state}{took}{agent}  {typer.style(task.id, dim=True)}")


@contextmanager
def _hub(url: str | None) -> Iterator[Any]:
    from arkitekt_di.builders import easy

    with easy("arkitekt-di", version="1", url=url) as app:
        yield app


@contextmanager
def _logs_on_stderr() -> Iterator[None]:
    """Show what the function logs, beside its result."""
    logger = logging.getLogger("arkitekt_di.rekuest.caller.display")
    handler = logging.StreamHandler(sys.stderr)
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
