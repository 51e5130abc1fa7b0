"""Builders: container presets with their settings, ready to be entered."""

import logging
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from arkitekt_di.app import App
from arkitekt_di.config import preset_path
from arkitekt_di.containers.overriding import replace
from arkitekt_di.containers.presets import preset_container
from arkitekt_di.errors import ConfigurationError, Problem
from arkitekt_di.messages.manifest import MIKRO_SERVICE, S3_SERVICE, Manifest, Requirement
from arkitekt_di.settings.load import load_app_settings

REQUIREMENTS = (
    Requirement(key="mikro", service=MIKRO_SERVICE, description="images"),
    Requirement(key="s3", service=S3_SERVICE, description="pixels"),
)


def easy(  # noqa: PLR0913  # the arguments of the usage document, all but two keyword-only
    identifier: str | None = None,
    version: str = "0.0.1",
    *,
    logo: str | None = None,
    scopes: Sequence[str] = ("openid",),
    url: str | None = None,
    token: str | None = None,
    issuer: str | None = None,
    headless: bool = False,
    log_level: str | None = None,
    no_cache: bool = False,
    instance_id: str | None = None,
    config: Path | str | None = None,
    overrides: Mapping[str, object] | None = None,
    settings: Mapping[str, object] | None = None,
) -> App:
    """Make an app for scripts: finds or starts a hub, and logs in with the browser where the hub wants it.

    Parameters
    ----------
    identifier : str, optional
        Name of the app; the name of the running script by default.
    version : str, default "0.0.1"
        Version of the app.
    logo : str, optional
        Address of a picture that the hub shows.
    scopes : sequence of str, default ("openid",)
        OAuth2 scopes to ask for (RFC 6749, section 3.3).
    url : str, optional
        Address of the hub, such as ``https://hub.lab.org`` or ``localhost:8000``.  Without it, and without one in the
        settings, it is the hub that ``arkitekt-di auth login`` remembers, or else the user's own on this machine, which
        is started where it is not running.
    token : str, optional
        Access token to use as it is: neither renewed nor kept.
    issuer : str, optional
        OpenID Connect issuer that gives tokens in place of the hub; the settings ``herre.client_id`` and
        ``herre.client_secret`` say as which client.
    headless : bool, default False
        Print the login link and the code instead of opening a browser, and wait for as long as the code is good.
        Without it, an app that needs a person raises `LoginRequiredError` where there is neither terminal nor notebook.
    log_level : str, optional
        Level of the logger ``arkitekt_di``, such as ``"DEBUG"``.  Logging is left alone by default.
    no_cache : bool, default False
        Keep neither configuration nor tokens on disk.
    instance_id : str, optional
        Tells several runs of one app apart.
    config : Path or str, optional
        A YAML file with settings, above those that are found by themselves.
    overrides : mapping of str to object, optional
        Objects that stand for services, by name, such as ``{"mikro": fake}`` or ``{"fakts.discovery": other}``.
    settings : mapping of str to object, optional
        Settings that win over every file and variable, such as ``{"mikro": {"codec": "zstd"}}``.

    Returns
    -------
    App
        Closed; enter it with ``with`` or ``async with``.

    Raises
    ------
    ConfigurationError
        Settings are wrong; all problems at once, each with file, line and column.
    CompositionError
        *overrides* names a service that does not exist.

    Examples
    --------
    >>> app = easy("my-analysis", version="0.1.0")
    >>> app
    <App 'my-analysis' 0.1.0 closed>
    """
    arguments = _without_none(
        {
            "fakts.url": url,
            "fakts.browser": "print" if headless else None,
            "herre.login": "device" if headless else None,
            "herre.token": token,
            "herre.issuer": issuer,
            "fakts.cache": "none" if no_cache else None,
        }
    )
    manifest = _manifest(identifier, version, logo=logo, scopes=scopes, device_id=instance_id)
    _set_log_level(log_level)
    return _build("easy", manifest, arguments, config=config, overrides=overrides, settings=settings)


def embedded(
    identifier: str | None = None,
    version: str = "0.0.1",
    *,
    folder: Path | str | None = None,
    config: Path | str | None = None,
    overrides: Mapping[str, object] | None = None,
    settings: Mapping[str, object] | None = None,
) -> App:
    """Make an app that brings its own hub along, in its own process and loop: for tests, tutorials and demos.

    Parameters
    ----------
    identifier : str, optional
        Name of the app; the name of the running script by default.
    version : str, default "0.0.1"
        Version of the app.
    folder : Path or str, optional
        Data folder of the hub; by default a temporary one, gone when the app is left.
    config, overrides, settings
        As for :func:`easy`.

    Returns
    -------
    App
        Closed; enter it with ``with`` or ``async with``.

    Raises
    ------
    ConfigurationError
        Settings are wrong; all problems at once, each with file, line and column.
    CompositionError
        *overrides* names a service that does not exist.
    """
    arguments = _without_none({"hub.folder": None if folder is None else str(folder)})
    manifest = _manifest(identifier, version, logo=None, scopes=("openid",), device_id=None)
    return _build("embedded", manifest, arguments, config=config, overrides=overrides, settings=settings)


def _build(
    preset: str,
    manifest: Manifest,
    arguments: Mapping[str, object],
    *,
    config: Path | str | None,
    overrides: Mapping[str, object] | None,
    settings: Mapping[str, object] | None,
) -> App:
    loaded = load_app_settings(
        preset=preset_path(preset),
        arguments={**(settings or {}), **arguments},  # the last wins
        files=() if config is None else (Path(config),),
    )
    container = preset_container(preset)(settings=loaded.settings, manifest=manifest)
    for name, value in (overrides or {}).items():
        replace(container, name, value)
    return App(container)


def _manifest(
    identifier: str | None, version: str, *, logo: str | None, scopes: Sequence[str], device_id: str | None
) -> Manifest:
    try:
        return Manifest(
            identifier=identifier or Path(sys.argv[0]).stem or "python",
            version=version,
            logo=logo,
            scopes=tuple(scopes),
            requirements=REQUIREMENTS,
            device_id=device_id,
        )
    except ValidationError as error:
        raise ConfigurationError(
            [Problem("argument", None, None, str(wrong["loc"][0]), wrong["msg"]) for wrong in error.errors()]
        ) from error


def _without_none(values: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in values.items() if value is not None}


def _set_log_level(level: str | None) -> None:
    if level is not None:
        logging.getLogger("arkitekt_di").setLevel(level.upper())
