"""Where a service is reached, asked for when it is needed."""

from arkitekt_di.protocols.fakts import AliasSource


class ServiceAddress:
    """The address of one endpoint of a service.

    Parameters
    ----------
    aliases : AliasSource
    key : str
        Key of the service, such as ``mikro``.
    *parts : str
        Path below the service's address, such as ``graphql``.
    """

    def __init__(self, aliases: AliasSource, key: str, *parts: str) -> None:
        self._aliases = aliases
        self._key = key
        self._parts = parts

    async def __call__(self) -> str:
        """Return the address, without a trailing slash; raises what `AliasSource.aget_alias` raises."""
        alias = await self._aliases.aget_alias(self._key)
        return alias.url(*self._parts)
