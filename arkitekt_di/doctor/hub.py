"""Looks at the hub that an app would use: whether it is there, lets the app in, and its services answer."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from email.utils import parsedate_to_datetime

from arkitekt_di import __version__
from arkitekt_di.containers.application import AppContainer
from arkitekt_di.containers.overriding import replace
from arkitekt_di.doctor.finding import Finding, fault, good, note
from arkitekt_di.errors import ArkitektError, LoginError
from arkitekt_di.fakts.discovery import StaticDiscovery
from arkitekt_di.fakts.local_hub import LocalHub
from arkitekt_di.fakts.well_known import WELL_KNOWN_PATH
from arkitekt_di.messages.hub import HubRecord

MAX_SKEW_S = 60.0
"""Clocks further apart than the skew that tokens are given make good tokens look expired."""


async def look_at_hub(container: AppContainer, clock: Callable[[], float]) -> AsyncIterator[Finding]:
    """Find the hub of *container* without starting one; ask it for a login without asking a person.

    Parameters
    ----------
    container : AppContainer
        Not started; its settings say which hub.
    clock : callable
        Unix time of this machine, in seconds.
    """
    if _names_none(container):
        record = await LocalHub(container.settings().hub).running()
        if record is None:
            yield note("hub", "none is named, and your local one does not run: an app starts it")
            return
        for finding in _look_at_version(record):
            yield finding
        replace(container, "fakts.discovery", StaticDiscovery(record.url, record.mandate_key))
    async for finding in _look_at_running(container, clock):
        yield finding


async def _look_at_running(container: AppContainer, clock: Callable[[], float]) -> AsyncIterator[Finding]:
    async with AsyncExitStack() as stack:
        try:
            for service in (container.transport.service(), container.fakts.service()):
                await service.start()
                stack.push_async_callback(service.stop)
        except ArkitektError as error:
            yield fault("hub", str(error))
            return
        fakts = container.fakts.service()
        yield good("hub", f"{fakts.hub.name!r} at {fakts.url}")
        for finding in [*await _look_at_clock(container, clock), *await _look_at_login(container, stack)]:
            yield finding
        if fakts.is_configured:
            async for finding in _look_at_services(container):
                yield finding


def _names_none(container: AppContainer) -> bool:
    settings = container.settings().fakts
    if any(given is not None for given in (settings.url, settings.facts, settings.facts_file)):
        return False
    return container.fakts.remembered().load().current is None


def _look_at_version(record: HubRecord) -> list[Finding]:
    if record.version == __version__:
        return []
    what = f"the local hub is of version {record.version}, and {__version__} is installed"
    return [fault("hub", what, "arkitekt-di hub stop; the next app starts the new one")]


async def _look_at_clock(container: AppContainer, clock: Callable[[], float]) -> list[Finding]:
    answer = await container.transport.service().get(container.fakts.service().url + WELL_KNOWN_PATH)
    if "Date" not in answer.headers:
        return []
    skew = clock() - parsedate_to_datetime(answer.headers["Date"]).timestamp()
    if abs(skew) <= MAX_SKEW_S:
        return [good("clock", "agrees with that of the hub")]
    what = f"this machine is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} the hub: good tokens look expired"
    return [fault("clock", what, "set the clocks by NTP: timedatectl set-ntp true")]


async def _look_at_login(container: AppContainer, stack: AsyncExitStack) -> list[Finding]:
    herre = container.herre.service()
    try:
        await herre.start()
        stack.push_async_callback(herre.stop)
        await herre.aget_token()
    except LoginError as error:
        url = container.fakts.service().url
        return [fault("login", str(error), f"arkitekt-di auth login {url}")]
    except ArkitektError as error:
        return [fault("login", str(error))]
    who = herre.user.sub or "an app of its own"
    return [good("login", f"as {who}; the login is kept: {herre.place}")]


async def _look_at_services(container: AppContainer) -> AsyncIterator[Finding]:
    fakts = container.fakts.service()
    for requirement in fakts.manifest.requirements:
        try:
            alias = await fakts.aget_alias(requirement.key)
        except ArkitektError as error:
            yield (note if requirement.optional else fault)("services", str(error))
        else:
            yield good("services", f"{requirement.key} answers at {alias.url()}")
