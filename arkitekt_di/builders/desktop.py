"""The builder `qt`: apps for desktop programs."""

from collections.abc import Callable
from types import TracebackType
from typing import Any, ParamSpec, Self, Unpack

from arkitekt_di.app import App
from arkitekt_di.builders.builder import Builder, Order
from arkitekt_di.builders.options import AppOptions, order_of
from arkitekt_di.containers.overriding import replace
from arkitekt_di.containers.presets import shipped_preset

P = ParamSpec("P")


class QtApp(App):
    """An app whose window stays alive: what would block is told by signals of Qt.

    Signals arrive on the thread of Qt.  ``with app:`` works there too: the windows of the program go on until it is
    open.

    Parameters
    ----------
    container, **inputs
        As for `App`.

    Raises
    ------
    AppStateError
        There is no ``QApplication`` yet.
    MissingExtraError
        PySide6 is not installed.
    """

    __slots__ = ("_session",)

    def __init__(self, container: Any, **inputs: Any) -> None:
        super().__init__(container, **inputs)
        # Imported late: PySide6 is an extra.  The container of the preset has refused to load without it.
        from arkitekt_di.builders.session import Session
        from arkitekt_di.fakts.desktop.front import Front

        front = Front()
        replace(container, "fakts.front", front)
        leave = super().__exit__
        self._session = Session(self, front, super().__enter__, lambda: leave(None, None, None))

    @property
    def panel(self) -> Any:
        """The widget (``QFrame``) that shows the hub and asks what has to be asked; put it into a window.

        Without one, it shows itself when something is asked.
        """
        return self._session.panel

    @property
    def opened(self) -> Any:
        """Signal, without arguments: the app is open."""
        return self._session.opened

    @property
    def closed(self) -> Any:
        """Signal, without arguments: the app was left."""
        return self._session.closed

    @property
    def failed(self) -> Any:
        """Signal with an exception: the app could not be opened or left; the panel shows it too."""
        return self._session.failed

    def open(self) -> None:
        """Begin to open the app; `opened` or `failed` tells the end.  Does nothing where it is open."""
        self._session.open()

    def close(self) -> None:
        """Begin to leave the app; `closed` or `failed` tells the end.  Does nothing where it is not open."""
        self._session.close()

    def change_hub(self) -> None:
        """Begin to open the app on another hub, which the person chooses.

        The hub in use is then none that apps use by themselves, until another has let this app in.

        Raises
        ------
        AppStateError
            The program, or its settings, say which hub it is.
        """
        self._session.change_hub()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Call a function without waiting for it.

        Parameters
        ----------
        fn : callable
            A coroutine function runs on the loop of the app, any other in a thread in which the app governs.
        *args, **kwargs
            For *fn*.

        Returns
        -------
        Call
            Its signals ``returned`` and ``raised`` tell the end, with the result or the exception; ``cancel()`` asks it
            to end.  An exception that no slot is connected to is logged.

        Raises
        ------
        AppClosedError
            The app is not open.
        """
        return self._session.submit(fn, *args, **kwargs)

    def __enter__(self) -> Self:
        self._session.enter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._session.leave()


class QtBuilder(Builder[P]):
    """Makes apps of desktop programs."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> QtApp:
        """Make an app, closed; ``open()`` begins to open it."""
        return self.build(self.order(*args, **kwargs))

    def build(self, order: Order) -> QtApp:
        """Make the app that *order* asks for."""
        self._set_log_level(order)
        return QtApp.from_preset(
            self.preset, order.manifest, config=order.config, overrides=order.overrides, settings=order.settings
        )


def _qt(identifier: str | None = None, version: str = "0.0.1", **options: Unpack[AppOptions]) -> Order:
    """Make an app for a desktop program with PySide6: asks by widgets, and tells by signals.

    Call it on the thread of Qt, after ``QApplication`` was made.  Which hub, whether it is trusted, and the login are
    asked in ``app.panel``, a small widget.  When the program quits, the app is left.

    Parameters
    ----------
    identifier : str, optional
        Name of the app; the name of the running script by default.
    version : str, default "0.0.1"
        Version of the app.
    **options
        As for `easy`.  Without ``url``, and without a hub that is remembered, the person chooses.

    Returns
    -------
    QtApp
        Closed; ``app.open()`` begins to open it, and ``app.opened`` or ``app.failed`` tells the end.

    Raises
    ------
    MissingExtraError
        PySide6 is not installed: ``pip install 'arkitekt-di[qt]'``.
    AppStateError
        There is no ``QApplication`` yet.
    ConfigurationError
        Settings are wrong; all problems at once, each with file, line and column.
    CompositionError
        *overrides* names a service that does not exist.

    Examples
    --------
    >>> application = QApplication([])  # doctest: +SKIP
    >>> app = qt("viewer")  # doctest: +SKIP
    >>> app.opened.connect(lambda: app.submit(search_images).returned.connect(print))  # doctest: +SKIP
    >>> app.open()  # doctest: +SKIP
    >>> application.exec()  # doctest: +SKIP
    """
    return order_of(identifier, version, options)


_qt.__name__ = _qt.__qualname__ = "qt"

qt = QtBuilder(_qt, shipped_preset("qt"))
