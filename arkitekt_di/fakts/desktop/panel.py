"""One small widget for a program's hub: which one it is, what it asks, and how to leave it."""

from typing import Final

from PySide6.QtCore import Signal, SignalInstance
from PySide6.QtWidgets import QFrame, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from arkitekt_di.fakts.desktop.cards import Shown
from arkitekt_di.fakts.desktop.forms import Form, form_of, plain
from arkitekt_di.fakts.desktop.front import Front

CONNECT: Final = "Connect"
DISCONNECT: Final = "Disconnect"
OTHER_HUB: Final = "Another hub…"


class HubPanel(QFrame):
    """Shows the state of an app, and every card while somebody waits for its answer.

    Put it into a window of the program.  Where that has not happened, it shows itself when something is asked.

    Parameters
    ----------
    front : Front
    title : str
        Of its window, where it has one of its own.
    may_change : bool
        Whether the person may choose another hub.

    Attributes
    ----------
    open_wanted, close_wanted, other_hub_wanted : Signal
        The person has pressed that button.
    """

    open_wanted = Signal()
    close_wanted = Signal()
    other_hub_wanted = Signal()

    def __init__(self, front: Front, title: str, *, may_change: bool) -> None:
        super().__init__()
        self.setWindowTitle(title)
        self._forms: dict[int, Form] = {}
        self._is_alone = False
        self._may_change = may_change
        self._text = plain("")
        self._connect = self._button(CONNECT, self.open_wanted)
        self._disconnect = self._button(DISCONNECT, self.close_wanted)
        self._other_hub = self._button(OTHER_HUB, self.other_hub_wanted)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._state_page())
        column = QVBoxLayout(self)
        column.addWidget(self._pages)
        front.shown.connect(self._show_card)
        front.withdrawn.connect(self._withdraw_card)
        self.tell("Not connected.", is_open=False)

    def tell(self, text: str, *, is_open: bool | None) -> None:
        """Show the state of the app; None while it is neither open nor closed."""
        self._text.setText(text)
        self._connect.setVisible(is_open is False)
        self._disconnect.setVisible(is_open is True)
        self._other_hub.setVisible(self._may_change and is_open is not None)
        if is_open and self._is_alone:
            self._is_alone = False
            self.hide()

    @property
    def text(self) -> str:
        """What it says about the state of the app."""
        return self._text.text()

    @property
    def form(self) -> Form | None:
        """What is asked now."""
        shown = self._pages.currentWidget()
        return shown if isinstance(shown, Form) else None

    def _state_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        for widget in (self._text, self._connect, self._disconnect, self._other_hub):
            column.addWidget(widget)
        column.addStretch()
        return page

    def _button(self, text: str, wanted: SignalInstance) -> QPushButton:
        button = QPushButton(text)
        button.clicked.connect(wanted)
        return button

    def _show_card(self, card: Shown) -> None:
        form = self._forms[id(card)] = form_of(card)
        self._pages.setCurrentIndex(self._pages.addWidget(form))
        if self.parent() is None and not self.isVisible():
            self._is_alone = True
            self.show()
            self.raise_()
        form.setFocus()

    def _withdraw_card(self, card: Shown) -> None:
        form = self._forms.pop(id(card))
        self._pages.removeWidget(form)
        form.deleteLater()
