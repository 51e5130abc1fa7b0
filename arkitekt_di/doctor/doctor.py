"""Puts the examinations together."""

import time
from collections.abc import AsyncIterator, Callable

from platformdirs import user_cache_path, user_state_path

from arkitekt_di.config import preset_path
from arkitekt_di.containers.application import REQUIREMENTS, AppContainer
from arkitekt_di.doctor.finding import Finding, fault, good
from arkitekt_di.doctor.folders import look_at_folders
from arkitekt_di.doctor.hub import look_at_hub
from arkitekt_di.doctor.installation import look_at_installation
from arkitekt_di.errors import ConfigurationError
from arkitekt_di.fakts.local_hub import LocalHub
from arkitekt_di.messages.manifest import Manifest
from arkitekt_di.settings.load import load_app_settings


async def examine(
    url: str | None = None, *, identifier: str = "arkitekt-di", clock: Callable[[], float] = time.time
) -> AsyncIterator[Finding]:
    """Look at everything that an app needs, and yield what is found as soon as it is.

    Nothing is changed, no hub is started and nobody is asked to log in.

    Parameters
    ----------
    url : str, optional
        The hub; by default the one that an app would use.
    identifier : str, default "arkitekt-di"
        App whose login is looked at.
    clock : callable, optional
        Unix time of this machine, in seconds.
    """
    for finding in look_at_installation():
        yield finding
    arguments = {"herre.login": "never"} | ({} if url is None else {"fakts.url": url})
    try:
        loaded = load_app_settings(preset_path("easy"), arguments=arguments)
    except ConfigurationError as error:
        for problem in error.problems:
            yield fault("settings", str(problem))
        return
    places = sorted({origin.place for origin in loaded.origins.values()})
    yield good("settings", f"from {', '.join(places)}")
    folders = (user_state_path("arkitekt") / "tokens", user_cache_path("arkitekt") / "claims")
    for finding in look_at_folders([*folders, LocalHub(loaded.settings.hub).folder]):
        yield finding
    manifest = Manifest(identifier=identifier, requirements=REQUIREMENTS)
    async for finding in look_at_hub(AppContainer(settings=loaded.settings, manifest=manifest), clock):
        yield finding
