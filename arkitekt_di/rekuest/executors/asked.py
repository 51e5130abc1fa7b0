"""Login and addresses in the process of a body: those of the agent's app, asked for when they are needed."""

from collections.abc import Awaitable, Callable
from typing import Any

from arkitekt_di.messages.fakts import Alias
from arkitekt_di.protocols.fakts import AliasSource, ClaimSource
from arkitekt_di.protocols.herre import TokenSource

Ask = Callable[[str, Any], Awaitable[Any]]


class Answers:
    """The agent's side: answers from its own services, so that no credentials but tokens leave it.

    Parameters
    ----------
    tokens : TokenSource
    aliases : AliasSource
    claims : ClaimSource
    """

    def __init__(self, tokens: TokenSource, aliases: AliasSource, claims: ClaimSource) -> None:
        self._tokens = tokens
        self._aliases = aliases
        self._claims = claims

    async def __call__(self, what: str, about: Any) -> Any:
        """Answer one question; raises `LookupError` for one that it does not know."""
        match what:
            case "token":
                return await self._tokens.aget_token()
            case "renewed token":
                return await self._tokens.arefresh_token(about)
            case "alias":
                return (await self._aliases.aget_alias(about)).model_dump(mode="json")
            case "url":
                return self._claims.url
        raise LookupError(what)


class AskedHerre:
    """Tokens of the agent's app.

    Parameters
    ----------
    ask : callable
    """

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    async def start(self) -> None:
        """Do nothing: the agent is logged in."""

    async def stop(self) -> None:
        """Do nothing."""

    async def aget_token(self) -> str:
        """Return an access token."""
        return str(await self._ask("token", None))

    async def arefresh_token(self, stale: str) -> str:
        """Return a token other than *stale*."""
        return str(await self._ask("renewed token", stale))


class AskedFakts:
    """Addresses of the hub that the agent's app uses.

    Parameters
    ----------
    ask : callable
    """

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._url = ""

    async def start(self) -> None:
        """Learn which hub it is."""
        self._url = str(await self._ask("url", None))

    async def stop(self) -> None:
        """Do nothing."""

    @property
    def url(self) -> str:
        """Address of the hub."""
        return self._url

    async def aget_alias(self, key: str) -> Alias:
        """Return an address of a service."""
        return Alias.model_validate(await self._ask("alias", key))
