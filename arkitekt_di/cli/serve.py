"""``arkitekt-di serve``: runs a hub in the foreground."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

LOCAL_IDLE_S = 1800.0
"""A local hub ends after this many seconds in which no app was open."""

EVERYWHERE = "0.0.0.0"  # noqa: S104  # what the operator asks for with --lan


def serve(  # noqa: PLR0913  # one parameter for each option
    *,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes any free one.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on; 127.0.0.1 unless told otherwise.")] = None,
    data: Annotated[Path | None, typer.Option(help="Data folder: records, pixels and keys.")] = None,
    config: Annotated[list[Path] | None, typer.Option(help="YAML file with settings; may be given again.")] = None,
    sets: Annotated[
        list[str] | None, typer.Option("--set", help="One setting, such as identity.access_token_s=600.")
    ] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="Certificate chain (PEM): speak https.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Private key (PEM) of that certificate.")] = None,
    tls_self_signed: Annotated[
        bool, typer.Option("--tls-self-signed", help="Speak https with a certificate of the hub's own.")
    ] = False,
    lan: Annotated[
        bool,
        typer.Option("--lan", help="Announce the hub on the local network; listens on all addresses unless told one."),
    ] = False,
    auto_approve: Annotated[
        bool, typer.Option("--auto-approve", help="Approve every login without a person. For tests; loopback only.")
    ] = False,
    local: Annotated[
        bool, typer.Option("--local", help="Be the local hub of this user: let their apps in, end when idle.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Say what happens in JSON, one object a line.")] = False,
) -> None:
    """Run a hub until Ctrl-C.

    Prints the address, and a link to set the hub up where nobody has an account yet.
    """
    import asyncio

    from arkitekt_di.loading import loading_for_good

    with loading_for_good():
        from arkitekt_di.cli.serving import JsonVoice, TextVoice, run_hub
        from arkitekt_di.containers.server import LocalServerContainer, ServerContainer
        from arkitekt_di.errors import ArkitektError
        from arkitekt_di.settings.load import load_server_settings
        from arkitekt_di.settings.origins import DEFAULT

    arguments: dict[str, Any] = {}
    given = {
        "host": host,
        "port": port,
        "tls_cert": tls_cert,
        "tls_key": tls_key,
        "tls_self_signed": tls_self_signed or None,
        "lan": lan or None,
    }
    listen = {
        key: str(value) if isinstance(value, Path) else value for key, value in given.items() if value is not None
    }
    if listen:
        arguments["listen"] = listen
    if data is not None:
        arguments["data"] = str(data)
    if auto_approve:
        arguments["identity"] = {"approval": "automatic"}
    try:
        loaded = load_server_settings(files=tuple(config or ()), arguments=arguments, sets=tuple(sets or ()))
        settings = loaded.settings
        if settings.listen.lan and loaded.origin("listen.host") is DEFAULT:
            settings = settings.model_copy(update={"listen": settings.listen.model_copy(update={"host": EVERYWHERE})})
        if local and settings.idle_s is None:
            settings = settings.model_copy(update={"idle_s": LOCAL_IDLE_S})
        kind = LocalServerContainer if local else ServerContainer
        asyncio.run(run_hub(kind(settings=settings), JsonVoice() if as_json else TextVoice()))
    except ArkitektError as error:
        if as_json:
            typer.echo(json.dumps({"error": {"type": type(error).__name__, "message": str(error)}}))
        raise
