"""A hub inside the app."""

import secrets
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import SecretStr

from arkitekt_di.containers.lifecycle import Lifecycle
from arkitekt_di.containers.server import ServerContainer
from arkitekt_di.errors import AppStateError
from arkitekt_di.settings.models import HubSettings, ServerSettings


class EmbeddedHub:
    """Runs a hub on the app's own loop, on a free port of this machine.

    Parameters
    ----------
    settings : HubSettings
        Its folder keeps the data; without one a temporary folder does, which is gone at the end.
    """

    def __init__(self, settings: HubSettings) -> None:
        self._settings = settings
        self._mandate_key = SecretStr(secrets.token_urlsafe(32))
        self._container: ServerContainer | None = None
        self._lifecycle: Lifecycle | None = None
        self._temporary: TemporaryDirectory[str] | None = None

    async def start(self) -> None:
        """Start the hub; raises `ServeError` where another one has the folder."""
        folder = self._settings.folder
        if folder is None:
            self._temporary = TemporaryDirectory(prefix="arkitekt-hub-", ignore_cleanup_errors=True)
            folder = Path(self._temporary.name)
        self._container = ServerContainer(
            settings=ServerSettings(name="Embedded hub", data=folder), mandate_key=self._mandate_key
        )
        self._lifecycle = Lifecycle(self._container)
        try:
            await self._lifecycle.start()
        except BaseException:
            self._forget()
            raise

    async def stop(self) -> None:
        """Stop the hub."""
        try:
            if self._lifecycle is not None:
                await self._lifecycle.stop()
        finally:
            self._forget()

    @property
    def url(self) -> str:
        """Address of the hub."""
        return self._running.address().url

    @property
    def mandate_key(self) -> SecretStr:
        """Key that lets the app in."""
        return self._mandate_key

    @property
    def _running(self) -> ServerContainer:
        if self._container is None:
            raise AppStateError("the embedded hub is not running. Open the app first: `with app:`")
        return self._container

    def _forget(self) -> None:
        self._container = self._lifecycle = None
        if self._temporary is not None:
            self._temporary.cleanup()
            self._temporary = None
