"""``arkitekt-di auth``: log in, look at the login, log out, and choose the hub."""

import json
import math
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

app = typer.Typer(help="Log in and out, see who is logged in, and choose the hub.", no_args_is_help=True)

NOT_LOGGED_IN_EXIT = 4
"""Exit code of ``status`` where nobody is logged in: that of every login that fails."""

INSECURE = "arkitekt_di.insecure"
"""Under which the context of the command keeps whether plain http is allowed, this once."""

Url = Annotated[str | None, typer.Argument(help="Address of the hub; by default the one that an app would use.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.callback()
def _app_of(  # noqa: PLR0913  # one parameter for each option
    context: typer.Context,
    *,
    name: Annotated[str, typer.Option("--app", help="App to log in: its identifier.")] = "arkitekt-di",
    version: Annotated[str, typer.Option("--app-version", help="Its version.")] = "0.0.1",
    scopes: Annotated[str, typer.Option(help="Scopes that it asks for, separated by spaces.")] = "openid",
    instance_id: Annotated[str | None, typer.Option(help="Which of several runs of it.")] = None,
    logo: Annotated[str | None, typer.Option(help="Its logo.")] = None,
    insecure: Annotated[
        bool,
        typer.Option("--insecure", help="Send the login over plain http too, where others can read it; this once."),
    ] = False,
) -> None:
    """Log in and out, see who is logged in, and choose the hub.

    A login belongs to one app at one hub: name the app as its script does.
    """
    context.obj = {
        "identifier": name,
        "version": version,
        "scopes": tuple(scopes.split()),
        "device_id": instance_id,
        "logo": logo,
    }
    context.meta[INSECURE] = insecure


@app.command()
def login(
    context: typer.Context,
    url: Url = None,
    *,
    device: Annotated[bool, typer.Option("--device", help="Print link and code; open no browser.")] = False,
    as_json: AsJson = False,
) -> None:
    """Log the app in, and remember the hub for apps that name none."""
    import asyncio
    import sys

    settings: dict[str, object] = {}
    if device:
        settings = {"herre.login": "device", "fakts.browser": "print"}
    elif not sys.stderr.isatty():
        settings = {"herre.login": "device"}  # the command itself says that somebody waits for it

    async def run() -> dict[str, Any]:
        async with _hub(context, url, settings) as container:
            herre = container.herre.service()
            await herre.start()
            try:
                container.fakts.remembered().choose(container.fakts.service().url)
                return _about(container)
            finally:
                await herre.stop()

    about = asyncio.run(run())
    _tell(about, f"{_who(about)}\nThe login is kept in {about['kept']}", as_json=as_json)


@app.command()
def status(context: typer.Context, url: Url = None, *, as_json: AsJson = False) -> None:
    """Tell who is logged in where, and where the login is kept; exit code 4 where nobody is."""
    import asyncio

    about = asyncio.run(_status(context, url))
    if about["logged_in"]:
        text = f"{_who(about)}\nScopes: {' '.join(about['scopes'])}\nExpires: {about['expires_at'] or 'not known'}"
    else:
        text = f"The app {about['app']} is not logged in at {about['hub']}"
    known = "".join(f"\nKnown hub: {other}" for other in about["known"] if other != about["hub"])
    _tell(about, f"{text}\nKept in: {about['kept']}{known}", as_json=as_json)
    if not about["logged_in"]:
        raise typer.Exit(NOT_LOGGED_IN_EXIT)


@app.command()
def token(context: typer.Context, url: Url = None, *, as_json: AsJson = False) -> None:
    """Print an access token that is good now; whoever reads it can act as you until it expires."""
    import asyncio

    async def run() -> dict[str, Any]:
        async with _hub(context, url, {"herre.login": "never"}) as container:
            herre = container.herre.service()
            await herre.start()
            try:
                return {"access_token": await herre.aget_token(), "expires_at": _time(herre.expires_at)}
            finally:
                await herre.stop()

    given = asyncio.run(run())
    _tell(given, given["access_token"], as_json=as_json)


@app.command()
def logout(context: typer.Context, url: Url = None, *, as_json: AsJson = False) -> None:
    """End the login of the app, here and at the hub."""
    import asyncio

    was_logged_in, where = asyncio.run(_log_out(context, url))
    text = f"Logged out at {where}" if was_logged_in else f"No login is kept for {where}"
    _tell({"hub": where, "was_logged_in": was_logged_in}, text, as_json=as_json)


@app.command()
def switch(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="Address of the hub.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Let apps that name no hub use this one from now on; logins stay as they are."""
    import asyncio

    async def run() -> str:
        async with _hub(context, url, {}) as container:
            chosen: str = container.fakts.service().url
            container.fakts.remembered().choose(chosen)
            return chosen

    chosen = asyncio.run(run())
    _tell({"hub": chosen}, f"Apps that name no hub use {chosen} from now on", as_json=as_json)


@app.command()
def trust(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="Address of the hub.")],
    *,
    fingerprint: Annotated[
        str | None, typer.Option(help="Of the hub's key, as the hub shows it; without it you are asked.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Trust the hub by its key from now on, so that apps that run by themselves use it; exit code 5 where not."""
    import asyncio

    from arkitekt_di.containers.overriding import replace
    from arkitekt_di.fakts.discovery import StaticDiscovery
    from arkitekt_di.fakts.person import FixedAnswer

    def by_key(container: Any) -> None:
        replace(container, "fakts.discovery", StaticDiscovery(url, is_hearsay=True))
        if fingerprint is not None:
            replace(container, "fakts.person", FixedAnswer(fingerprint))

    async def run() -> dict[str, Any]:
        async with _hub(context, url, {}, by_key) as container:
            fakts = container.fakts.service()
            return {"hub": fakts.url, "name": fakts.hub.name, "fingerprint": fakts.fingerprint}

    trusted = asyncio.run(run())
    _tell(
        trusted,
        f"{trusted['name']} at {trusted['hub']} is trusted by its key {trusted['fingerprint']}",
        as_json=as_json,
    )


@app.command()
def distrust(
    url: Annotated[str, typer.Argument(help="Address of the hub.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Forget the key of the hub; the next app that uses it asks whether the key that it has then is right."""
    from arkitekt_di.containers.fakts import FaktsContainer
    from arkitekt_di.fakts.location import HubLocation

    pins = FaktsContainer().pins()
    forgotten = []
    for address in HubLocation(url).candidates(lambda _: True):
        pin = pins.load(address)
        if pin is not None:
            pins.forget(address)
            forgotten.append({"hub": pin.origin, "fingerprint": pin.fingerprint})
    text = "\n".join(f"The key {one['fingerprint']} of {one['hub']} is forgotten" for one in forgotten)
    _tell({"forgotten": forgotten}, text or f"No key is kept for {url}", as_json=as_json)


async def _status(context: typer.Context, url: str | None) -> dict[str, Any]:
    from arkitekt_di.errors import LoginRequiredError

    async with _hub(context, url, {"herre.login": "never"}) as container:
        herre = container.herre.service()
        try:
            await herre.start()
        except LoginRequiredError:
            return _about(container)
        try:
            return _about(container)
        finally:
            await herre.stop()


async def _log_out(context: typer.Context, url: str | None) -> tuple[bool, str]:
    from arkitekt_di.errors import LoginRequiredError

    async with _hub(context, url, {"herre.login": "never"}) as container:
        herre = container.herre.service()
        where = container.fakts.service().url
        if container.herre.flow().is_repeatable:
            return False, where  # a key or a given token: each app makes its own login, and keeps none
        try:
            await herre.start()
        except LoginRequiredError:
            return False, where
        try:
            await herre.logout()
        finally:
            await herre.stop()
        return True, where


@asynccontextmanager
async def _hub(
    context: typer.Context,
    url: str | None,
    settings: Mapping[str, object],
    change: Callable[[Any], None] = lambda _: None,
) -> AsyncIterator[Any]:
    """Yield the container of the app with the hub found; unlike an app, it starts no local hub."""
    from pydantic import ValidationError

    from arkitekt_di.config import preset_path
    from arkitekt_di.containers.application import REQUIREMENTS, AppContainer
    from arkitekt_di.messages.manifest import Manifest
    from arkitekt_di.settings.load import load_app_settings

    try:
        manifest = Manifest(**context.obj, requirements=REQUIREMENTS)
    except ValidationError as error:
        raise typer.BadParameter(error.errors()[0]["msg"], param_hint="--app") from None
    arguments = dict(settings) if url is None else {**settings, "fakts.url": url}
    if context.meta[INSECURE]:
        arguments["transport.insecure"] = True
    loaded = load_app_settings(preset_path("easy"), arguments=arguments)
    container = AppContainer(settings=loaded.settings, manifest=manifest)
    change(container)
    async with AsyncExitStack() as stack:
        for service in (container.transport.service(), container.fakts.service()):
            await service.start()
            stack.push_async_callback(service.stop)
        yield container


def _about(container: Any) -> dict[str, Any]:
    """Return what may be told of the login; no token is in it."""
    from arkitekt_di.errors import LoginRequiredError

    fakts, herre = container.fakts.service(), container.herre.service()
    about: dict[str, Any] = {
        "app": fakts.manifest.identifier,
        "hub": fakts.url,
        "name": fakts.hub.name,
        "key": fakts.fingerprint,
        "issuer": herre.issuer,
        "kept": herre.place,
        "known": list(container.fakts.remembered().load().known),
        "logged_in": False,
    }
    try:
        about["scopes"] = list(herre.scopes)
    except LoginRequiredError:
        return about
    about["expires_at"] = _time(herre.expires_at)
    about["user"], about["organization"] = herre.user.sub, herre.user.organization
    return about | {"logged_in": True}


def _who(about: Mapping[str, Any]) -> str:
    user = f" as {about['user']}" if about["user"] else ""
    return f"The app {about['app']} is logged in at {about['name']} ({about['hub']}){user}"


def _time(seconds: float) -> str | None:
    return None if math.isinf(seconds) else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _tell(answer: Mapping[str, object], text: str, *, as_json: bool) -> None:
    typer.echo(json.dumps(answer) if as_json else text)
