"""The app in a process that runs bodies of another app's functions."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from arkitekt_di.app import App
from arkitekt_di.containers.application import AppContainer
from arkitekt_di.containers.overriding import replace
from arkitekt_di.messages.manifest import Manifest
from arkitekt_di.rekuest.executors.asked import Ask, AskedFakts, AskedHerre
from arkitekt_di.rekuest.executors.work import Desk
from arkitekt_di.rekuest.injection import Injector
from arkitekt_di.settings.models import AppSettings


@asynccontextmanager
async def worker_desk(facts: Mapping[str, Any], ask: Ask) -> AsyncIterator[tuple[Desk, Injector]]:
    """Open an app like the agent's own, which asks the agent for login and addresses; it governs the bodies.

    Parameters
    ----------
    facts : mapping
        ``settings`` and ``manifest`` of the agent's app.
    ask : callable
        Asks the agent.
    """
    container = AppContainer(
        settings=AppSettings.model_validate(facts["settings"]), manifest=Manifest.model_validate(facts["manifest"])
    )
    replace(container, "fakts", AskedFakts(ask))
    replace(container, "herre", AskedHerre(ask))
    async with App(container):
        yield container.rekuest.bodies(), container.rekuest.injector()
