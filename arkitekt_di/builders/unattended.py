"""The builder `port`: apps for containers and services, which nobody sits in front of."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from arkitekt_di.builders.builder import Order, building
from arkitekt_di.builders.manifests import manifest_of, without_none
from arkitekt_di.containers.presets import shipped_preset
from arkitekt_di.errors import Problem
from arkitekt_di.settings.models import AppSettings


def missing(settings: AppSettings) -> list[Problem]:
    """Say what *settings* lack for an app that can ask nobody: a hub, and something that lets the app in."""
    fakts, herre = settings.fakts, settings.herre
    is_configured = fakts.facts is not None or fakts.facts_file is not None
    problems = []
    if fakts.url is None and not is_configured:
        problems.append(_missing("fakts.url", "no hub is named: set FAKTS_URL, or the argument url="))
    has_login = any(given is not None for given in (fakts.mandate_key, fakts.mandate_key_file, fakts.token))
    has_token = any(given is not None for given in (herre.token, herre.client_secret))
    if not has_login and not has_token:
        problems.append(
            _missing(
                "fakts.mandate_key",
                "nothing lets the app in: set FAKTS_MANDATE_KEY, ARKITEKT_FAKTS__MANDATE_KEY_FILE or FAKTS_TOKEN",
            )
        )
    elif not has_login and not is_configured:
        problems.append(
            _missing(
                "fakts.facts_file",
                "a token alone does not say where the services are: set FAKTS_FILE too, or FAKTS_MANDATE_KEY instead",
            )
        )
    return problems


def _missing(key: str, message: str) -> Problem:
    return Problem("settings", None, None, key, message)


@building(shipped_preset("port", missing))
def port(  # noqa: PLR0913  # the arguments of the usage document, all but two keyword-only
    identifier: str | None = None,
    version: str = "0.0.1",
    *,
    logo: str | None = None,
    scopes: Sequence[str] = ("openid",),
    url: str | None = None,
    token: str | None = None,
    mandate_key: str | None = None,
    mandate_key_file: Path | str | None = None,
    issuer: str | None = None,
    log_level: str | None = None,
    no_cache: bool = False,
    insecure: bool = False,
    instance_id: str | None = None,
    config: Path | str | None = None,
    overrides: Mapping[str, object] | None = None,
    settings: Mapping[str, object] | None = None,
) -> Order:
    """Make an app for a container or a service: it opens no browser, asks nobody and starts no hub.

    Parameters
    ----------
    identifier : str, optional
        Name of the app; the name of the running script by default.
    version : str, default "0.0.1"
        Version of the app.
    url : str, optional
        Address of the hub; by default what the variable ``FAKTS_URL`` or a settings file says.
    mandate_key : str, optional
        Key that lets the app in; by default what the variable ``FAKTS_MANDATE_KEY`` says.
    mandate_key_file : Path or str, optional
        File with that key, such as a mounted secret.
    token : str, optional
        Access token to use as it is; the services' addresses have to come from ``FAKTS`` or ``FAKTS_FILE`` then.
    logo, scopes, issuer, log_level, no_cache, insecure, instance_id, config, overrides, settings
        As for :func:`easy`.

    Returns
    -------
    App
        Closed; enter it with ``with`` or ``async with``.

    Raises
    ------
    ConfigurationError
        No hub is named, nothing lets the app in, or settings are wrong: all at once, before anything starts.
    CompositionError
        *overrides* names a service that does not exist.

    Examples
    --------
    >>> app = port("segmenter", url="https://hub.lab.org", mandate_key_file="/run/secrets/arkitekt")
    """
    return Order(
        manifest_of(identifier, version, logo=logo, scopes=scopes, device_id=instance_id),
        {
            **(settings or {}),
            **without_none(
                {
                    "fakts.url": url,
                    "fakts.mandate_key": mandate_key,
                    "fakts.mandate_key_file": None if mandate_key_file is None else str(mandate_key_file),
                    "herre.token": token,
                    "herre.issuer": issuer,
                    "fakts.cache": "none" if no_cache else None,
                    "transport.insecure": True if insecure else None,
                }
            ),
        },
        config=config,
        overrides=overrides,
        log_level=log_level,
    )
