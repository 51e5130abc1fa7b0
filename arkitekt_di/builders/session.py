"""An app in a desktop program: opened, used and left by signals, so that the window never stands still."""

import inspect
import logging
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import Any, Final

from PySide6.QtCore import QEventLoop, QMetaMethod, QObject, Qt, QThread, Signal
from PySide6.QtWidgets import QApplication

from arkitekt_di.app import App
from arkitekt_di.errors import AppStateError
from arkitekt_di.fakts.desktop.front import Front
from arkitekt_di.fakts.desktop.panel import HubPanel
from arkitekt_di.governing import APPS

QUIT_S: Final = 10.0
"""Longest wait for an app that is opening while its program ends, in seconds."""

log = logging.getLogger(__name__)


class Call(QObject):
    """A call that is under way.

    Attributes
    ----------
    returned, raised : Signal
        One of them is sent, once, on the thread of Qt: with what the call returned, or with its error.  An error that
        nothing is connected to is logged.
    """

    returned = Signal(object)
    raised = Signal(object)
    _settled = Signal()

    def __init__(self, future: "Future[Any]", parent: QObject) -> None:
        super().__init__(parent)
        self._future = future
        # Queued, so that whoever made the call has the time to connect.
        self._settled.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        future.add_done_callback(lambda _: self._settled.emit())

    def cancel(self) -> bool:
        """Ask the call to end; a plain function that runs already goes on.

        Returns
        -------
        bool
            Whether it can end; then `raised` is sent with a `concurrent.futures.CancelledError`.
        """
        return self._future.cancel()

    def _deliver(self) -> None:
        error: BaseException | None
        try:
            error = self._future.exception()
        except CancelledError as cancelled:
            error = cancelled
        if error is None:
            self.returned.emit(self._future.result())
        elif self.isSignalConnected(QMetaMethod.fromSignal(self.raised)):
            self.raised.emit(error)
        else:
            log.error("a call of a desktop program failed", exc_info=error)
        self.deleteLater()


class Session(QObject):
    """Opens and leaves an app in a thread, and tells on the thread of Qt how that ended.

    Parameters
    ----------
    app : App
    front : Front
    enter, leave : callable
        Enter and leave *app* on the thread that calls them.

    Attributes
    ----------
    opened, closed, failed : Signal
        The last with the error for which the app could not be opened or left.
    panel : HubPanel
    """

    opened = Signal()
    closed = Signal()
    failed = Signal(object)
    _ended = Signal(object)

    def __init__(self, app: App, front: Front, enter: Callable[[], object], leave: Callable[[], object]) -> None:
        application = QApplication.instance()
        if not isinstance(application, QApplication):  # a widget without one would end the process
            raise AppStateError("there is no QApplication yet. Make it first: `application = QApplication([])`")
        super().__init__()
        self._app = app
        self._front = front
        self._enter = enter
        self._leave = leave
        self._thread: threading.Thread | None = None
        self.panel = HubPanel(front, app.identifier, may_change=self._may_change)
        self.panel.open_wanted.connect(self.open)
        self.panel.close_wanted.connect(self.close)
        self.panel.other_hub_wanted.connect(self.change_hub)
        self._ended.connect(self._settle, Qt.ConnectionType.QueuedConnection)
        application.aboutToQuit.connect(self.quit)

    def open(self) -> None:
        """Begin to open the app; does nothing where it is open or about to be."""
        if not self._app.is_open:
            self._begin("Connecting…", self._enter)

    def close(self) -> None:
        """Begin to leave the app; does nothing where it is not open."""
        if self._app.is_open:
            self._begin("Disconnecting…", self._leave)

    def change_hub(self) -> None:
        """Begin to leave the app and to open it on another hub, which the person chooses.

        Raises
        ------
        AppStateError
            The program, or its settings, say which hub it is.
        """
        if not self._may_change:
            raise AppStateError("the hub of this app is named by its settings. Leave out fakts.url and facts")
        self._begin("Connecting…", self._move)

    def enter(self) -> None:
        """Open the app and return when it is; the windows of the program stay alive meanwhile."""
        if QThread.currentThread() != self.thread():
            self._enter()
            return
        failures: list[BaseException] = []
        waiting = QEventLoop()

        def give_up(failure: BaseException) -> None:
            failures.append(failure)
            waiting.quit()

        opened = self.opened.connect(waiting.quit)
        failed = self.failed.connect(give_up)
        self.open()
        waiting.exec()
        QObject.disconnect(opened)
        QObject.disconnect(failed)
        if failures:
            raise failures[0]

    def leave(self) -> None:
        """Leave the app and return when that is done; nobody is asked anything for it."""
        self._leave()
        if QThread.currentThread() == self.thread():
            self._settle(None)
        else:
            self._ended.emit(None)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Call:
        """Call *fn* without waiting: on the loop of the app where it is a coroutine function, else in a thread."""
        if inspect.iscoroutinefunction(fn):
            governed = APPS.context_of(self._app)
            return Call(governed.run(self._app.koil.submit, fn, *args, **kwargs), self)
        return Call(self._app.executor().submit(fn, *args, **kwargs), self)

    def quit(self) -> None:
        """Leave the app, as the program ends; what is asked is turned away."""
        self._front.dismiss()
        if self._thread is not None:
            self._thread.join(QUIT_S)
        if self._thread is None or not self._thread.is_alive():
            self._thread = None
            if self._app.is_open:
                self._leave()

    @property
    def _may_change(self) -> bool:
        fakts = self._app.settings.fakts
        return fakts.url is None and fakts.facts is None and fakts.facts_file is None

    def _move(self) -> None:
        if self._app.is_open:
            self._leave()
        self._app.container.fakts.remembered().leave()
        self._enter()

    def _begin(self, text: str, step: Callable[[], object]) -> None:
        if self._thread is not None:
            return
        self.panel.tell(text, is_open=None)
        self._thread = threading.Thread(
            target=self._run, args=[step], name=f"{self._app.identifier} session", daemon=True
        )
        self._thread.start()

    def _run(self, step: Callable[[], object]) -> None:
        failure: BaseException | None = None
        try:
            step()
        except BaseException as error:  # noqa: BLE001  # told by a signal
            failure = error
        self._ended.emit(failure)

    def _settle(self, failure: BaseException | None) -> None:
        self._thread = None
        if failure is not None:
            self.panel.tell(str(failure), is_open=self._app.is_open)
            self.failed.emit(failure)
        elif self._app.is_open:
            user = self._app.herre.user
            who = {"as": user.name, "for": user.organization}
            told = "".join(f", {word} {name}" for word, name in who.items() if name)
            self.panel.tell(f"Connected to {self._app.fakts.hub.name}{told}.", is_open=True)
            self.opened.emit()
        else:
            self.panel.tell("Not connected.", is_open=False)
            self.closed.emit()
