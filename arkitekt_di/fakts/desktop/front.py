"""Where the providers of an app, on its loop, meet the widgets, on the thread of Qt."""

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QCoreApplication, QObject, Signal

from arkitekt_di.fakts.desktop.cards import Shown


class Front(QObject):
    """Passes cards from any thread to whatever shows them.

    It lives on the thread of Qt wherever it is made, so that slots of widgets run there.

    Attributes
    ----------
    shown, withdrawn : Signal
        With the card; the first when it has to be shown, the second when nobody waits for its answer any more.
    """

    shown = Signal(object)
    withdrawn = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        application = QCoreApplication.instance()
        if application is not None:
            self.moveToThread(application.thread())
        self._waiting: list[Shown] = []

    @contextmanager
    def showing(self, card: Shown) -> Iterator[None]:
        """Show *card* while the block runs; from any thread."""
        self._waiting.append(card)
        self.shown.emit(card)
        try:
            yield
        finally:
            self._waiting.remove(card)
            self.withdrawn.emit(card)

    def dismiss(self) -> None:
        """Refuse everything that waits for an answer."""
        for card in tuple(self._waiting):
            card.refuse()
