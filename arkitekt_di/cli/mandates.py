"""``arkitekt-di mandates``: keys with which programs log in that nobody sits in front of."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from arkitekt_di.cli.identity import AsJson, Data, Files, note, on_records, print_rows

app = typer.Typer(help="Keys that let programs in without a person.", no_args_is_help=True)

DAYS = re.compile(r"([0-9]{1,4})d")


def _days(text: str) -> int:
    found = DAYS.fullmatch(text)
    if found is None:
        message = "must be a number of days, such as 90d"
        raise typer.BadParameter(message)
    return int(found[1])


@app.command("add")
def add(  # noqa: PLR0913  # one parameter for each option
    name: Annotated[str, typer.Argument(help="What it is for, such as the machine that gets it.")],
    *,
    user: Annotated[str | None, typer.Option(help="Person whom its logins act as.")] = None,
    service_account: Annotated[
        bool, typer.Option("--service-account", help="Act as an account that is no person, made for this key.")
    ] = False,
    organization: Annotated[
        str | None, typer.Option(help="Slug of the organization; not needed where there is one.")
    ] = None,
    only_app: Annotated[
        str | None, typer.Option("--app", help="Identifier of the one app that it lets in; any app by default.")
    ] = None,
    expires: Annotated[
        int | None,
        typer.Option(parser=_days, metavar="DAYS", help="When it ends, such as 90d; never by default."),
    ] = None,
    data: Data = None,
    config: Files = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and print it; it is not shown again."""
    if (user is None) != service_account:
        message = "say whom it acts as: either --user NAME or --service-account"
        raise typer.BadParameter(message)

    async def make(records: Any) -> Any:
        made = await records.mandates.add(name, user=user, organization=organization, app=only_app, days=expires)
        await note(records, "MANDATE_ADDED", f"{made.name} for {made.user}", organization_id=made.organization_id)
        return made

    made = on_records(data, config, make)
    print_rows([{"id": made.mandate_id, "user": made.user, "key": made.key.get_secret_value()}], as_json=as_json)


@app.command("list")
def show(*, data: Data = None, config: Files = None, as_json: AsJson = False) -> None:
    """List the keys and their last use; never what is shown as one."""
    found = on_records(data, config, lambda records: records.mandates.all())
    rows = [
        {
            "id": one.mandate_id,
            "name": one.name,
            "user": one.user,
            "organization": one.organization,
            "app": one.app or "",
            "expires": _moment(one.expires_at),
            "last_used": _moment(one.used_at),
        }
        for one in found
    ]
    print_rows(rows, as_json=as_json)


@app.command("remove")
def remove(
    mandate_id: Annotated[str, typer.Argument(help="Identifier, as `mandates list` shows it.")],
    *,
    data: Data = None,
    config: Files = None,
) -> None:
    """Remove a key, and end every login by it."""

    async def forget(records: Any) -> Any:
        gone = await records.mandates.remove(mandate_id)
        await note(records, "MANDATE_REMOVED", f"{gone.name} for {gone.user}", organization_id=gone.organization_id)
        return gone

    typer.echo(f"{on_records(data, config, forget).name} lets nothing in any more.")


def _moment(at: int | None) -> str:
    return "" if at is None else datetime.fromtimestamp(at, UTC).isoformat()
