"""The builder `port`: apps for containers and services, which nobody sits in front of."""

from pathlib import Path
from typing import Unpack

from arkitekt_di.builders.builder import Order, building
from arkitekt_di.builders.options import AppOptions, order_of
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
def port(
    identifier: str | None = None,
    version: str = "0.0.1",
    *,
    mandate_key: str | None = None,
    mandate_key_file: Path | str | None = None,
    **options: Unpack[AppOptions],
) -> Order:
    """Make an app for a container or a service: it opens no browser, asks nobody and starts no hub.

    Parameters
    ----------
    identifier : str, optional
        Name of the app; the name of the running script by default.
    version : str, default "0.0.1"
        Version of the app.
    mandate_key : str, optional
        Key that lets the app in; by default what the variable ``FAKTS_MANDATE_KEY`` says.
    mandate_key_file : Path or str, optional
        File with that key, such as a mounted secret.
    **options
        As for `easy`.  The address ``url`` is by default what the variable ``FAKTS_URL`` or a settings file says;
        with a ``token`` the services' addresses have to come from ``FAKTS`` or ``FAKTS_FILE``.

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
    own = {
        "fakts.mandate_key": mandate_key,
        "fakts.mandate_key_file": None if mandate_key_file is None else str(mandate_key_file),
    }
    return order_of(identifier, version, options, own)
