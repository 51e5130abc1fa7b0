"""``arkitekt-di users``, ``clients``, ``keys`` and ``audit``: who may use a hub, for whoever operates it."""

import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from arkitekt_di.server.identity.client_kind import ClientKind

users = typer.Typer(help="Add and list the people of a hub; give them new passwords.", no_args_is_help=True)
clients = typer.Typer(help="Register programs of others that log in at a hub.", no_args_is_help=True)
audit = typer.Typer(help="Who did what at a hub.", no_args_is_help=True)
keys = typer.Typer(help="The keys that sign a hub's tokens.", no_args_is_help=True)

Data = Annotated[Path | None, typer.Option("--data", help="Data folder of the hub.")]
Files = Annotated[list[Path] | None, typer.Option("--config", help="YAML file with the hub's settings.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Name = Annotated[str, typer.Argument(help="User name.")]
ClientId = Annotated[str, typer.Argument(help="Identifier, as `clients list` shows it.")]


@users.command("add")
def add_user(
    name: Name,
    *,
    organization: Annotated[str, typer.Option(help="Organization; made where there is none of that name.")],
    admin: Annotated[bool, typer.Option("--admin", help="Make them an administrator of it.")] = False,
    data: Data = None,
    config: Files = None,
) -> None:
    """Add a person; the password is asked for, or read as one line from standard input."""
    from arkitekt_di.server.identity.standing import Role

    password = _ask_password()
    role = Role.ADMIN if admin else Role.MEMBER

    async def add(records: Any) -> Any:
        added = await records.users.create(name, password, organization, role=role)
        await _note_of(records, "USER_ADDED", added)
        return added

    added = on_records(data, config, add)
    typer.echo(f"{added.user_name} is {added.role} of {added.organization_slug}.")


@users.command("list")
def list_users(*, data: Data = None, config: Files = None, as_json: AsJson = False) -> None:
    """List the people, their organizations and roles."""
    found = on_records(data, config, lambda records: records.users.all())
    rows = [{"name": one.user_name, "organization": one.organization_slug, "role": one.role} for one in found]
    print_rows(rows, as_json=as_json)


@users.command("reset-password")
def reset_password(name: Name, *, data: Data = None, config: Files = None) -> None:
    """Give a person another password, and end every login that they have."""
    password = _ask_password()

    async def reset(records: Any) -> None:
        await records.users.reset_password(name, password)
        await note(records, "PASSWORD_RESET", name)

    on_records(data, config, reset)
    typer.echo(f"{name} has a new password, and every login of theirs has ended.")


@users.command("join")
def join(
    name: Name,
    *,
    organization: Annotated[str, typer.Option(help="Slug of the organization, as `users list` shows it.")],
    admin: Annotated[bool, typer.Option("--admin", help="As an administrator of it; else as a member.")] = False,
    data: Data = None,
    config: Files = None,
) -> None:
    """Put a person into another organization, or change what they are in one."""
    from arkitekt_di.server.identity.standing import Role

    async def put(records: Any) -> Any:
        standing = await records.users.join(name, organization, role=Role.ADMIN if admin else Role.MEMBER)
        await _note_of(records, "ROLE_SET", standing)
        return standing

    standing = on_records(data, config, put)
    typer.echo(f"{standing.user_name} is {standing.role} of {standing.organization_slug}.")


@users.command("remove")
def remove_user(
    name: Name,
    *,
    organization: Annotated[str, typer.Option(help="Slug of the organization, as `users list` shows it.")],
    data: Data = None,
    config: Files = None,
) -> None:
    """Take a person out of an organization: their logins there end, and what they made stays."""

    async def take(records: Any) -> Any:
        standing = await records.users.leave(name, organization)
        await _note_of(records, "USER_REMOVED", standing)
        return standing

    standing = on_records(data, config, take)
    typer.echo(f"{standing.user_name} is no longer in {standing.organization_slug}.")


@clients.command("add")
def add_client(  # noqa: PLR0913  # one parameter for each option
    name: Annotated[str, typer.Argument(help="Name that people are shown.")],
    *,
    kind: Annotated[
        ClientKind,
        typer.Option(
            help="native: on people's computers, no secret. web: a site with a server. "
            "service: works for the organization. resource-server: asks what tokens are worth."
        ),
    ],
    redirect_uri: Annotated[
        list[str] | None,
        typer.Option(help="Where browsers go on to (native and web); the port of http://127.0.0.1/ may vary."),
    ] = None,
    service: Annotated[
        list[str] | None, typer.Option(help="Service that its tokens are good for, such as live.arkitekt.mikro.")
    ] = None,
    organization: Annotated[str | None, typer.Option(help="Whose it is; not needed where there is one.")] = None,
    data: Data = None,
    config: Files = None,
    as_json: AsJson = False,
) -> None:
    """Register a client, and print its secret, which is not shown again."""

    async def add(records: Any) -> Any:
        added = await records.clients.add(
            name, kind, organization=organization, redirect_uris=redirect_uri or (), services=service or ()
        )
        await note(records, "CLIENT_ADDED", added.client_id)
        return added

    added = on_records(data, config, add)
    secret = {} if added.secret is None else {"client_secret": added.secret.get_secret_value()}
    print_rows([{"client_id": added.client_id, **secret}], as_json=as_json)


@clients.command("list")
def list_clients(*, data: Data = None, config: Files = None, as_json: AsJson = False) -> None:
    """List the registered clients; never their secrets."""
    found = on_records(data, config, lambda records: records.clients.all())
    rows = [
        {
            "client_id": one.client_id,
            "name": one.name,
            "kind": one.kind,
            "organization": one.organization,
            "redirect_uris": " ".join(one.redirect_uris),
            "services": " ".join(one.services),
        }
        for one in found
    ]
    print_rows(rows, as_json=as_json)


@clients.command("new-secret")
def renew_secret(client_id: ClientId, *, data: Data = None, config: Files = None, as_json: AsJson = False) -> None:
    """Give a client another secret; the old one is worth nothing from now on."""

    async def renew(records: Any) -> Any:
        secret = await records.clients.renew_secret(client_id)
        await note(records, "SECRET_RENEWED", client_id)
        return secret

    secret = on_records(data, config, renew)
    print_rows([{"client_id": client_id, "client_secret": secret.get_secret_value()}], as_json=as_json)


@clients.command("remove")
def remove_client(client_id: ClientId, *, data: Data = None, config: Files = None) -> None:
    """Forget a client, and end every login through it."""

    async def forget(records: Any) -> None:
        await records.clients.remove(client_id)
        await note(records, "CLIENT_REMOVED", client_id)

    on_records(data, config, forget)
    typer.echo(f"{client_id} is forgotten.")


@keys.command("rotate")
def rotate_keys(*, data: Data = None, config: Files = None) -> None:
    """Sign with a fresh key from the next start on; earlier tokens stay good. The hub must not be running."""
    import asyncio

    from arkitekt_di.server.identity.operator import rotate_signing_key

    typer.echo(f"Tokens are signed by key {asyncio.run(rotate_signing_key(_settings(data, config)))} from now on.")


@audit.command("list")
def list_audit(
    *,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Most events; the newest are shown.")] = 50,
    actor: Annotated[str | None, typer.Option(help="Only what this user did; `operator` for commands.")] = None,
    action: Annotated[str | None, typer.Option(help="Only one kind, such as login-failed.")] = None,
    data: Data = None,
    config: Files = None,
    as_json: AsJson = False,
) -> None:
    """Show who did what, when and from where; the newest comes last."""
    from datetime import UTC, datetime

    found = on_records(data, config, lambda records: records.audit.last(limit, actor=actor, action=action))
    rows = [
        {
            "at": datetime.fromtimestamp(one.at, UTC).isoformat(),
            "action": one.action,
            "actor": one.actor,
            "subject": one.subject,
            "remote": one.remote,
        }
        for one in reversed(found)
    ]
    print_rows(rows, as_json=as_json)


async def note(records: Any, action: str, subject: str, *, organization_id: str | None = None) -> None:
    """Write down in the audit log what the operator did."""
    from arkitekt_di.server.identity.audit import OPERATOR, Action

    await records.audit.note(Action[action], OPERATOR, organization_id=organization_id, subject=subject)


async def _note_of(records: Any, action: str, standing: Any) -> None:
    subject = f"{standing.user_name} as {standing.role}"
    await note(records, action, subject, organization_id=standing.organization_id)


def _ask_password() -> Any:  # a SecretStr, which is loaded late
    from pydantic import SecretStr

    if sys.stdin.isatty():
        return SecretStr(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return SecretStr(sys.stdin.readline().rstrip("\r\n"))


def on_records(data: Path | None, config: list[Path] | None, work: Callable[[Any], Awaitable[Any]]) -> Any:
    """Return what *work* makes of the records of the hub, whether the hub runs or not."""
    import asyncio

    from arkitekt_di.server.identity.operator import open_records

    async def done() -> Any:
        async with open_records(_settings(data, config)) as records:
            return await work(records)

    return asyncio.run(done())


def _settings(data: Path | None, config: list[Path] | None) -> Any:  # ServerSettings, which are loaded late
    from arkitekt_di.settings.load import load_server_settings

    arguments = {} if data is None else {"data": str(data)}
    return load_server_settings(files=tuple(config or ()), arguments=arguments).settings


def print_rows(rows: list[dict[str, str]], *, as_json: bool) -> None:
    """Print *rows* for people, one a line, or as JSON."""
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        typer.echo("  ".join(f"{name}={value}" for name, value in row.items() if value))
