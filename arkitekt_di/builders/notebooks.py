"""The builder `jupy`: apps for notebooks."""

import atexit
import os
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import ParamSpec

from arkitekt_di.app import App
from arkitekt_di.builders.builder import Builder, Order
from arkitekt_di.builders.manifests import manifest_of, without_none
from arkitekt_di.containers.presets import shipped_preset
from arkitekt_di.governing import APPS

P = ParamSpec("P")


class NotebookApp(App):
    """An app that is open from the cell that made it until it is closed, or the kernel ends.

    Attributes
    ----------
    order : Order
        What the app was made for.
    """

    __slots__ = ("order",)
    order: Order

    def follow(self, order: Order) -> "NotebookApp":
        """Enter, until the process ends; *order* is what the app was made for.

        An open app that was made for the same order is returned instead; another one of the same name is left.
        """
        for other in APPS.open_apps():
            if not isinstance(other, NotebookApp) or other.identifier != self.identifier:
                continue
            if other.order == order and other.settings == self.settings:
                return other
            other.close()
        self.order = order
        self.__enter__()
        atexit.register(self.close)
        return self

    def close(self) -> None:
        """Leave the app; does nothing where that has happened."""
        if self.is_open:
            self.__exit__(None, None, None)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        atexit.unregister(self.close)
        super().__exit__(kind, error, traceback)


class NotebookBuilder(Builder[P]):
    """Makes apps that are open already."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> NotebookApp:
        """Return the app, open."""
        return self.build(self._take_order(*args, **kwargs))

    def build(self, order: Order) -> NotebookApp:
        """Make the app that *order* asks for, and enter it; one that is open already is returned."""
        self._set_log_level(order)
        app = NotebookApp.from_preset(
            self.preset, order.manifest, config=order.config, overrides=order.overrides, settings=order.settings
        )
        return app.follow(order)


def _jupy(  # noqa: PLR0913  # the arguments of the usage document, all but two keyword-only
    identifier: str | None = None,
    version: str = "0.0.1",
    *,
    logo: str | None = None,
    scopes: Sequence[str] = ("openid",),
    url: str | None = None,
    token: str | None = None,
    issuer: str | None = None,
    log_level: str | None = None,
    no_cache: bool = False,
    insecure: bool = False,
    instance_id: str | None = None,
    config: Path | str | None = None,
    overrides: Mapping[str, object] | None = None,
    settings: Mapping[str, object] | None = None,
) -> Order:
    """Make an app for a notebook and enter it, until the kernel ends.

    Functions are called plainly in plain cells, and awaited in cells with ``await``.  Running the cell again with the
    same arguments returns the app that is open; with others, the former app of that name is left for a new one.  Where
    a login is needed, the cell shows a link, which is gone from the notebook when the login is decided.

    Parameters
    ----------
    identifier : str, optional
        Name of the app; the name of the notebook by default, where Jupyter tells it.
    version : str, default "0.0.1"
        Version of the app.
    logo, scopes, url, token, issuer, log_level, no_cache, insecure, instance_id, config, overrides, settings
        As for :func:`easy`.

    Returns
    -------
    NotebookApp
        Open; ``close()`` leaves it before the kernel ends.

    Raises
    ------
    ConfigurationError
        Settings are wrong; all problems at once, each with file, line and column.
    CompositionError
        *overrides* names a service that does not exist.
    DiscoveryError, LoginError
        There is no hub, or it does not let the app in; as for entering an app of :func:`easy`.

    Examples
    --------
    >>> app = jupy("my-notebook")
    """
    return Order(
        manifest_of(identifier or _notebook(), version, logo=logo, scopes=scopes, device_id=instance_id),
        {
            **(settings or {}),
            **without_none(
                {
                    "fakts.url": url,
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


_jupy.__name__ = _jupy.__qualname__ = "jupy"

jupy = NotebookBuilder(_jupy, shipped_preset("jupy"))


def _notebook() -> str:
    return PurePosixPath(os.environ.get("JPY_SESSION_NAME", "")).stem or "notebook"
