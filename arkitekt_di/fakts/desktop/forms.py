"""The widgets in which a person answers a card; nothing that a hub says is taken for markup."""

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QFont, QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QListWidget, QPushButton, QVBoxLayout, QWidget

from arkitekt_di.fakts.desktop.cards import ChoiceCard, LoginCard, QuestionCard, Shown
from arkitekt_di.fakts.desktop.hub_choice import typed

CODE_SCALE = 2.0
"""How much larger a code is than the text around it: it is compared with another screen."""


def plain(text: str, *, font: QFont | None = None) -> QLabel:
    """Return a label that shows *text* as it is, and from which it can be copied."""
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    label.setWordWrap(font is None)
    if font is not None:
        label.setFont(font)
    return label


def fixed_font(scale: float = 1.0) -> QFont:
    """Return the system's font of fixed width."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setPointSizeF(font.pointSizeF() * scale)
    return font


class Form(QWidget):
    """A card's question, and a row of buttons beneath it."""

    def __init__(self, card: Shown) -> None:
        super().__init__()
        self._shown = card
        self.column = QVBoxLayout(self)
        self.row = QHBoxLayout()

    def button(self, text: str, *, is_default: bool = False) -> QPushButton:
        """Return a button in the row; the default one is pressed with Enter."""
        button = QPushButton(text)
        button.setDefault(is_default)
        button.setAutoDefault(is_default)
        self.row.addWidget(button)
        return button

    def finish(self) -> None:
        """Put the row beneath everything, with a way out."""
        self.button("Cancel").clicked.connect(self._refuse)
        self.column.addStretch()
        self.column.addLayout(self.row)

    def _refuse(self) -> None:
        self._shown.refuse()


class LoginForm(Form):
    """Link and code of a login."""

    def __init__(self, card: LoginCard) -> None:
        super().__init__(card)
        prompt = card.prompt
        self._link = prompt.link
        minutes = max(1, round(prompt.expires_in_s / 60))
        self.column.addWidget(plain(f"{prompt.app} asks to be let in by {prompt.hub}."))
        if prompt.code is not None:
            self.column.addWidget(plain("Approve it in your browser, where the page shows this code:"))
            self.column.addWidget(plain(prompt.code, font=fixed_font(CODE_SCALE)))
        else:
            self.column.addWidget(plain("Log in with your browser."))
        self.column.addWidget(plain(f"Valid for {minutes} min."))
        self.button("Open the page", is_default=True).clicked.connect(self._open)
        self.button("Copy the link").clicked.connect(self._copy)
        self.finish()

    def _open(self) -> None:
        QDesktopServices.openUrl(QUrl(self._link))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._link)


class QuestionForm(Form):
    """A question with a line for the answer."""

    def __init__(self, card: QuestionCard) -> None:
        super().__init__(card)
        self._card = card
        self.line = QLineEdit()
        self.line.setAccessibleName("Answer")
        self.line.returnPressed.connect(self._answer)
        self.column.addWidget(plain(card.question))
        self.column.addWidget(self.line)
        self.button("Answer", is_default=True).clicked.connect(self._answer)
        self.finish()

    def _answer(self) -> None:
        self._card.settle(self.line.text())


class ChoiceForm(Form):
    """A list of hubs, and a line for another address."""

    def __init__(self, card: ChoiceCard) -> None:
        super().__init__(card)
        self._card = card
        self.list = QListWidget()
        self.list.setAccessibleName("Hubs")
        self.list.addItems([choice.label for choice in card.choices])
        self.list.setCurrentRow(0)
        self.list.itemActivated.connect(self._choose)
        self.line = QLineEdit()
        self.line.setPlaceholderText("or another address, such as https://hub.lab.org")
        self.line.setAccessibleName("Another address")
        self.line.returnPressed.connect(self._choose)
        self.column.addWidget(plain("Which hub?"))
        self.column.addWidget(self.list)
        self.column.addWidget(self.line)
        self.button("Use it", is_default=True).clicked.connect(self._choose)
        self.finish()

    def _choose(self) -> None:
        address = self.line.text().strip()
        self._card.settle(typed(address) if address else self._card.choices[self.list.currentRow()])


def form_of(card: Shown) -> Form:
    """Return the form in which *card* is answered."""
    match card:
        case LoginCard():
            return LoginForm(card)
        case QuestionCard():
            return QuestionForm(card)
        case ChoiceCard():
            return ChoiceForm(card)
