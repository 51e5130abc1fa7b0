"""Puts the commands together and turns errors into messages and exit codes."""

import os
import sys
import traceback
from typing import Annotated

import typer

from arkitekt_di import __version__
from arkitekt_di.cli import (
    auth,
    config,
    demo,
    discover,
    doctor,
    functions,
    graph,
    hub,
    identity,
    images,
    init,
    mandates,
    run,
    serve,
)
from arkitekt_di.cli.foreign_text import harmless
from arkitekt_di.errors import (
    AppNotLoadedError,
    ArkitektError,
    CallTimeoutError,
    CompositionError,
    ConfigurationError,
    ConnectionLostError,
    DiscoveryError,
    LoginError,
    RemoteError,
    ServiceUnreachableError,
    TaskError,
    ValueRefusedError,
)

EXIT_CODES: tuple[tuple[type[ArkitektError], int], ...] = (
    (ValueRefusedError, 2),
    (AppNotLoadedError, 3),
    (ConfigurationError, 3),
    (CompositionError, 3),
    (LoginError, 4),
    (DiscoveryError, 5),
    (ServiceUnreachableError, 5),
    (ConnectionLostError, 5),
    (CallTimeoutError, 6),
    (TaskError, 6),
)
"""Exit code of each kind of error; 1 for any other, 2 for wrong usage, 130 for Ctrl-C."""

app = typer.Typer(
    name="arkitekt-di",
    help="Client and hub of the Arkitekt lab platform.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command()(demo.demo)
app.command()(init.init)
app.command()(run.run)
app.command()(functions.call)
app.command()(functions.actions)
app.command()(functions.tasks)
app.command()(serve.serve)
app.command()(discover.discover)
app.add_typer(hub.app, name="hub")
app.add_typer(auth.app, name="auth")
app.add_typer(config.app, name="config")
app.command()(graph.graph)
app.add_typer(images.app, name="images")
app.command()(doctor.doctor)
app.add_typer(identity.users, name="users")
app.add_typer(identity.clients, name="clients")
app.add_typer(mandates.app, name="mandates")
app.add_typer(identity.keys, name="keys")
app.add_typer(identity.audit, name="audit")


def _print_version(asked: bool) -> None:  # noqa: FBT001  # typer calls it so
    if asked:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    *,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Client and hub of the Arkitekt lab platform."""
    if os.environ.get("NO_COLOR"):  # https://no-color.org: whatever its value, unless empty
        context.color = False


def main() -> None:
    """Run the command line and exit."""
    try:
        app()
    except KeyboardInterrupt:
        typer.echo("arkitekt-di: interrupted", err=True)
        sys.exit(130)
    except Exception as error:  # noqa: BLE001  # the rim of the program: shown to a person, or in full with --debug
        if "--debug" in sys.argv[1:]:
            traceback.print_exc()
        else:
            typer.echo(f"arkitekt-di: {harmless(_message(error))}", err=True)
        sys.exit(exit_code(error))


def _message(error: BaseException) -> str:
    """Return what a person reads, with the next step; tracebacks are shown with --debug only."""
    if isinstance(error, BaseExceptionGroup):
        return "; ".join([str(error.message), *map(_message, error.exceptions)])
    if isinstance(error, OSError) and not isinstance(error, ArkitektError):
        place = "" if error.filename is None else f": {error.filename}"
        return f"{error.strerror or error}{place}. `arkitekt-di --debug ...` shows where"
    if not isinstance(error, ArkitektError):
        return f"{type(error).__name__}: {error}. `arkitekt-di --debug ...` shows where, for a report"
    if not isinstance(error, RemoteError) or not error.remote_traceback:
        return str(error)
    return f"{error.kind}: {error.message}\nThe function raised it; `arkitekt-di --debug ...` shows its traceback"


def exit_code(error: BaseException) -> int:
    """Return the exit code that stands for *error*; of several the first, which began it."""
    if isinstance(error, BaseExceptionGroup):
        return exit_code(error.exceptions[0])
    return next((code for kind, code in EXIT_CODES if isinstance(error, kind)), 1)
