"""The preset `scheduler`: for apps that call others, and whose workflows outlive their process."""

from dependency_injector import providers

from arkitekt_di.containers.application import AppContainer
from arkitekt_di.containers.easy import EasyContainer
from arkitekt_di.containers.preset import Service
from arkitekt_di.protocols.fakts import AliasSource
from arkitekt_di.protocols.herre import TokenSource


class FunctionsAtHand:
    """Refuses, at the start of an app, a hub that offers no functions or does not answer for them.

    Parameters
    ----------
    aliases : AliasSource
    tokens : TokenSource
        Has logged in when this starts: only then it is known which services the hub gives.
    """

    def __init__(self, aliases: AliasSource, tokens: TokenSource) -> None:
        self._aliases = aliases
        self._tokens = tokens

    async def start(self) -> None:
        """Ask for the service; raises `ServiceNotGrantedError` or `ServiceUnreachableError`."""
        await self._aliases.aget_alias("rekuest")

    async def stop(self) -> None:
        """Do nothing: nothing was opened."""


class SchedulerContainer(EasyContainer, adds=("functions",)):
    """For apps that call others, and whose workflows outlive their process."""

    functions: providers.Provider[FunctionsAtHand] = Service(
        FunctionsAtHand, AppContainer.fakts.service, AppContainer.herre.service
    )
