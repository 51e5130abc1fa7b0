"""The builder `qt` in desktop programs: real ones, each in a process of its own, on a real hub that asks a person."""

import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.person import Person
from tests.serving import ServedHub, serving

pytest.importorskip("PySide6.QtWidgets")

pytestmark = pytest.mark.timeout(300)
BOUND_S = 120.0
DOCUMENT = Path(__file__).parents[2] / "docs" / "how-to" / "use-a-desktop-program.md"
PASSWORD = "four words that match"

PRELUDE = """
import asyncio, sys, threading, time
from PySide6.QtCore import QThread, QTimer
from PySide6.QtWidgets import QApplication, QLabel, QMainWindow
from arkitekt_di import current_app, qt
from arkitekt_di.builders.session import Call
from arkitekt_di.errors import *
from arkitekt_di.fakts.desktop.forms import ChoiceForm, Form, LoginForm, QuestionForm

application = QApplication(sys.argv)

def on_gui_thread():
    return QThread.currentThread() is application.thread()

class Hand:
    '''Does something with each form, once, as soon as it is there.'''

    def __init__(self, panel, **acts):
        self.panel, self.acts, self.seen = panel, acts, []
        self.timer = QTimer()
        self.timer.timeout.connect(self.look)
        self.timer.start(20)

    def look(self):
        form = self.panel.form
        if form is not None and form not in self.seen:
            self.seen.append(form)
            self.acts[type(form).__name__](form)

def press(form, text):
    from PySide6.QtWidgets import QPushButton
    next(button for button in form.findChildren(QPushButton) if button.text() == text).click()

def labels(form):
    return [label.text() for label in form.findChildren(QLabel)]

"""


HAND = "hand = Hand(app.panel, LoginForm=lambda form: print('link', form._link))"
WATCH = "window.windowTitleChanged.connect(lambda title: (print(title), application.quit()))"


class Program:
    """A desktop program that says lines."""

    def __init__(self, code: str, environment: dict[str, str]) -> None:
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115  # as long as the program
        self._process = subprocess.Popen(
            [sys.executable, "-X", "faulthandler", "-u", "-c", PRELUDE + textwrap.dedent(code)],
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env={"QT_QPA_PLATFORM": "offscreen"} | environment,
        )
        self.said: list[str] = []

    def wait_for(self, beginning: str) -> str:
        """Read until the program says a line that begins so; return its rest."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.said.append(line.rstrip())
            if line.startswith(beginning):
                return line.removeprefix(beginning).strip()
        raise AssertionError(self._told())

    def finish(self) -> list[str]:
        """Wait for the end; return what was said."""
        output, _ = self._process.communicate(timeout=BOUND_S)
        self.said += output.splitlines()
        assert self._process.returncode == 0, self._told()
        return self.said

    def _told(self) -> str:
        self._errors.seek(0)
        return "\n".join([*self.said, self._errors.read()])

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()
        self._errors.close()


Start = Callable[..., Program]


@pytest.fixture
def start(user_folders: dict[str, str]) -> Iterator[Start]:
    programs: list[Program] = []

    def start_one(code: str, **environment: str) -> Program:
        programs.append(Program(code, user_folders | environment))
        return programs[-1]

    yield start_one
    for program in programs:
        program.kill()


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedHub]:
    with serving(tmp_path_factory.mktemp("hub") / "data") as hub:
        yield hub


@pytest.fixture(scope="module")
def ada(hub: ServedHub) -> Person:
    person = Person()
    person.open(hub.ready["setup_url"])
    person.submit(name="ada", organization="Lab", password=PASSWORD, again=PASSWORD)
    return person


def let_in(ada: Person, link: str) -> str:
    """Approve the app behind the link, as a browser would; return the page that asked."""
    page = ada.open(link)
    if 'name="password"' in page:
        page = ada.submit(name="ada", password=PASSWORD)
    ada.submit(answer="approve", seen="yes")
    return page


def test_the_hub_is_typed_in_the_login_shown_and_calls_answer_by_signals(start: Start, hub: ServedHub, ada: Person):
    program = start(
        """
        from arkitekt_di.mikro import from_xarray, search_images
        import numpy as np

        app = qt("viewer")
        window = QMainWindow()
        window.setCentralWidget(app.panel)
        window.show()
        ticks = []
        ticking = QTimer()
        ticking.timeout.connect(lambda: ticks.append(1))
        ticking.start(1)

        def choose(form):
            form.line.setText(sys.argv[1] if len(sys.argv) > 1 else URL)
            press(form, "Use it")

        def show_login(form):
            ticks.clear()
            print("link", form._link)
            print("code", [text for text in labels(form) if "-" in text and len(text) == 9][0])

        def opened():
            print("opened", app.panel.text, app.panel.form, on_gui_thread(), len(ticks) > 5)
            stored = app.submit(from_xarray, np.eye(4), name="from a window")
            print("a call", isinstance(stored, Call))
            stored.returned.connect(lambda image: (print("stored", image.name, on_gui_thread()), search()))

        def search():
            async def find():
                return [image.name for image in await search_images("from a window")], current_app() is app
            app.submit(find).returned.connect(lambda found: (print("found", found), fail()))

        def fail():
            failing = app.submit(search_images, 3, nonsense=True)
            failing.raised.connect(lambda error: (print("raised", type(error).__name__, on_gui_thread()), app.close()))

        hand = Hand(app.panel, ChoiceForm=choose, LoginForm=show_login)
        app.opened.connect(opened)
        app.failed.connect(lambda error: (print("failed", repr(error)), application.quit()))
        app.closed.connect(lambda: (print("closed", app.panel.text, app.is_open), application.quit()))
        app.open()
        app.open()  # does nothing: it is being opened
        application.exec()
        """.replace("URL", repr(hub.url)),
    )
    link, code = program.wait_for("link "), program.wait_for("code ")

    assert code in let_in(ada, link)
    assert program.finish()[2:] == [
        "opened Connected to Arkitekt hub, for lab. None True True",
        "a call True",
        "stored from a window True",
        "found (['from a window'], True)",
        "raised TypeError True",
        "closed Not connected. False",
    ]


def test_the_next_time_nobody_is_asked_and_another_hub_can_be_chosen(start: Start, hub: ServedHub, ada: Person):
    first = start(
        """
        app = qt("viewer")
        hand = Hand(
            app.panel,
            ChoiceForm=lambda form: (form.line.setText(URL), press(form, "Use it")),
            LoginForm=lambda form: print("link", form._link),
        )
        with app:  # on the thread of Qt: the forms answer meanwhile
            print("open", app.herre.user.organization, current_app() is app, app.panel.isVisible())
        print("left", app.is_open, app.panel.text)
        """.replace("URL", repr(hub.url))
    )
    let_in(ada, first.wait_for("link "))
    assert first.finish()[1:] == ["open lab True False", "left False Not connected."]

    second = start(
        """
        app = qt("viewer")

        def turn_away(form):
            print("choices", [form.list.item(n).text() for n in range(form.list.count())])
            press(form, "Cancel")

        def failed(error):
            print("failed", type(error).__name__, app.panel.text == str(error))
            application.quit()

        hand = Hand(app.panel, ChoiceForm=turn_away)
        app.opened.connect(lambda: (print("opened", len(hand.seen)), app.change_hub()))
        app.failed.connect(failed)
        app.open()
        application.exec()
        print(app.is_open)
        """
    )
    assert second.finish() == [
        "opened 0",
        f"choices ['{hub.url}', 'A hub of my own, on this computer']",
        "failed HubUnreachableError True",
        "False",
    ]


def test_a_login_can_be_cancelled_and_the_program_can_end_while_it_waits(start: Start, hub: ServedHub, ada: Person):
    program = start(
        """
        app = qt("viewer", url=URL)
        hand = Hand(app.panel, LoginForm=lambda form: press(form, "Cancel"))
        app.failed.connect(lambda error: (print(type(error).__name__, app.is_open, app.panel.form), application.quit()))
        app.open()
        application.exec()

        try:
            app.change_hub()
        except AppStateError as error:
            print("its url is given")

        hand.acts["LoginForm"] = lambda form: application.quit()
        app.open()
        application.exec()
        print("ended", app.is_open, [thread.name for thread in threading.enumerate() if "session" in thread.name])
        """.replace("URL", repr(hub.url))
    )

    assert program.finish() == ["LoginRefusedError False None", "its url is given", "ended False []"]


def test_what_a_hub_says_is_no_markup_and_a_question_has_a_line(start: Start):
    program = start(
        """
        from arkitekt_di.fakts.desktop.front import Front
        from arkitekt_di.fakts.desktop.panel import HubPanel
        from arkitekt_di.fakts.desktop.person import DesktopPerson
        from arkitekt_di.fakts.desktop.presenter import DesktopPresenter
        from arkitekt_di.protocols.presenter import LoginPrompt
        from PySide6.QtCore import Qt

        front = Front()
        panel = HubPanel(front, "a title", may_change=True)
        person, presenter = DesktopPerson(front), DesktopPresenter(front)
        prompt = LoginPrompt("<b>app</b>", "<img src=x>", "http://hub/", "ABCD-EFGH", 300)

        def answer(form):
            if "never" not in labels(form)[0]:
                form.line.setText(" yes ")
                press(form, "Answer")

        def login(form):
            formats = {label.textFormat() for label in form.findChildren(QLabel)}
            print(labels(form)[0], formats == {Qt.TextFormat.PlainText})
            press(form, "Copy the link")
            print(QApplication.clipboard().text())

        hand = Hand(panel, QuestionForm=answer, LoginForm=login)

        async def ask():
            print(repr(await person.ask("Really?", timeout_s=60)))
            print(await person.ask("never", timeout_s=0.05))
            hand.acts["QuestionForm"] = lambda form: press(form, "Cancel")
            print(repr(await person.ask("Really?", timeout_s=60)))
            async with presenter.showing(prompt):
                await asyncio.to_thread(shown.wait, 60)
            try:
                async with asyncio.timeout(0.05), presenter.showing(prompt):
                    await asyncio.Event().wait()
            except TimeoutError:
                print("the bound of somebody else is no refusal")

        shown = threading.Event()
        hand.acts["LoginForm"] = lambda form: (login(form), shown.set(), hand.acts.update(LoginForm=lambda form: None))
        thread = threading.Thread(target=lambda: asyncio.run(ask()))
        thread.start()
        ending = QTimer()
        ending.timeout.connect(lambda: None if thread.is_alive() else application.quit())
        ending.start(20)
        application.exec()
        """
    )

    assert program.finish() == [
        "'yes'",
        "None",
        "''",
        "<b>app</b> asks to be let in by <img src=x>. True",
        "http://hub/",
        "the bound of somebody else is no refusal",
    ]


def test_the_program_of_the_document_stores_an_image(start: Start, hub: ServedHub, ada: Person):
    (code,) = re.findall(r"^```py\n(.*?)^```", DOCUMENT.read_text(), re.DOTALL | re.MULTILINE)
    assert code.count("app.open()") == code.count("application = QApplication(sys.argv)\n") == 1
    code = code.replace("application = QApplication(sys.argv)\n", "")  # which there is already
    program = start(code.replace("app.open()", f"{HAND}\n{WATCH}\napp.open()"), FAKTS_URL=hub.url)
    let_in(ada, program.wait_for("link "))

    assert program.finish()[-1] == "from a window"


def test_without_an_application_of_qt_it_says_what_to_do(start: Start):
    program = start(
        """
        application.shutdown()
        del application
        try:
            qt("viewer")
        except AppStateError as error:
            print(error)
        """
    )

    assert "QApplication([])" in program.finish()[0]


def test_without_pyside_it_says_which_extra_to_install(user_folders: dict[str, str]):
    code = "import sys; sys.modules['PySide6'] = None\nfrom arkitekt_di import qt\nqt('viewer')"
    ran = subprocess.run(
        [sys.executable, "-c", code], env=user_folders, capture_output=True, text=True, timeout=BOUND_S, check=False
    )

    assert "pip install 'arkitekt-di[qt]'" in ran.stderr.splitlines()[-1]


def test_naming_the_builder_loads_nothing_of_qt(user_folders: dict[str, str]):
    code = "import sys; from arkitekt_di import qt; print(qt, 'PySide6' in sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", code], env=user_folders, capture_output=True, text=True, timeout=BOUND_S, check=True
    )

    assert ran.stdout.strip() == "<builder 'qt'> False"


@pytest.mark.skipif(shutil.which("xvfb-run") is None, reason="Xvfb is not installed (Debian: apt-get install xvfb)")
def test_a_real_screen_shows_the_login(user_folders: dict[str, str], hub: ServedHub, tmp_path: Path):
    picture = tmp_path / "login.png"
    code = PRELUDE + textwrap.dedent(
        f"""
        app = qt("viewer", url={hub.url!r})

        def picture(form):
            app.panel.screen().grabWindow(0).save({str(picture)!r})
            application.quit()

        hand = Hand(app.panel, LoginForm=picture)
        app.open()
        application.exec()
        """
    )
    environment = {key: value for key, value in user_folders.items() if key != "QT_QPA_PLATFORM"}
    command = ["xvfb-run", "-a", sys.executable, "-c", code]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=BOUND_S, check=False)

    if "could not connect to display" in ran.stderr or "no Qt platform plugin" in ran.stderr:
        pytest.skip("the system lacks libraries of Qt for X11")
    assert ran.returncode == 0, ran.stderr
    assert picture.read_bytes().startswith(b"\x89PNG")
