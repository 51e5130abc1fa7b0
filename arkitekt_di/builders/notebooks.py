"""The builder `jupy`: apps for notebooks."""

import atexit
import os
from pathlib import PurePosixPath
from types import TracebackType
from typing import ParamSpec, Unpack

from arkitekt_di.app import App
from arkitekt_di.builders.builder import Builder, Order
from arkitekt_di.builders.options import AppOptions, order_of
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
        return self.build(self.order(*args, **kwargs))

    def build(self, order: Order) -> NotebookApp:
        """Make the app that *order* asks for, and enter it; one that is open already is returned."""
        self._set_log_level(order)
        app = NotebookApp.from_preset(
            self.preset, order.manifest, config=order.config, overrides=order.overrides, settings=order.settings
        )
        return app.follow(order)


def _jupy(identifier: str | None = None, version: str = "0.0.1", **options: Unpack[AppOptions]) -> Order:
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
    **options
        As for `easy`.

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
        There is no hub, or it does not let the app in; as for entering an app of `easy`.

    Examples
    --------
    >>> app = jupy("my-notebook")
    """
    return order_of(identifier or _notebook(), version, options)


_jupy.__name__ = _jupy.__qualname__ = "jupy"

jupy = NotebookBuilder(_jupy, shipped_preset("jupy"))


def _notebook() -> str:
    return PurePosixPath(os.environ.get("JPY_SESSION_NAME", "")).stem or "notebook"
