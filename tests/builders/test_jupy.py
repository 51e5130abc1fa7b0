"""Apps in notebooks: real kernels, and a real hub that asks a person."""

import asyncio
import queue
import re
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.notebook import Notebook
from tests.person import Person
from tests.serving import ServedHub, serving

nbclient: Any = pytest.importorskip("nbclient")
nbformat: Any = pytest.importorskip("nbformat")

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(sys.platform == "win32", reason="the interrupt is tested with signals"),
]

BOUND_S = 120.0
PASSWORD = "four words that match"

OPEN = """
import numpy as np
from arkitekt_di import jupy, current_app
from arkitekt_di.mikro import from_xarray, get_image, search_images
app = jupy("tutorial")
"""


@pytest.fixture
def notebook(user_folders: dict[str, str]) -> Iterator[Notebook]:
    notebook = Notebook(user_folders)
    try:
        yield notebook
    finally:
        notebook.close()


def test_an_app_is_used_in_every_kind_of_cell_and_making_it_again_gives_the_same(notebook: Notebook):
    assert notebook.run(OPEN) == ""
    assert notebook.run("image = from_xarray(np.eye(4), name='plain'); image.name") == "'plain'"
    assert notebook.run("(await from_xarray(np.eye(4), name='awaited')).name") == "'awaited'"
    assert notebook.run("[found.name for found in await search_images('awaited')]") == "['awaited']"
    assert notebook.run("float(get_image(image.id).data.sum())") == "4.0"
    assert notebook.run("current_app() is app") == "True"

    assert notebook.run("jupy('tutorial') is app") == "True"
    assert notebook.run("again = jupy('tutorial', version='2.0'); again is app, app.is_open") == "(False, False)"
    assert notebook.run("current_app() is again, search_images('plain')[0].name") == "(True, 'plain')"

    request = notebook.start("print('ready')\nwhile True: search_images()")
    notebook.wait_for_output("ready")
    notebook.manager.interrupt_kernel()
    assert "KeyboardInterrupt" in notebook.result(request)
    assert notebook.run("search_images('plain')[0].name") == "'plain'"

    assert notebook.run("again.close(); again.close(); again.is_open") == "False"
    assert notebook.run(OPEN + "app.is_open") == "True"
    assert notebook.close() < 15


def test_an_app_without_a_name_is_called_as_the_notebook(user_folders: dict[str, str]):
    for session, name in (("/home/ada/Nuclei in time.ipynb", "Nuclei in time"), ("", "notebook")):
        notebook = Notebook(user_folders | {"JPY_SESSION_NAME": session})
        try:
            assert notebook.run("from arkitekt_di import jupy\njupy().identifier") == repr(name)
        finally:
            notebook.close()


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[ServedHub]:
    with serving(tmp_path / "hub") as hub:
        yield hub


@pytest.fixture
def administrator(hub: ServedHub) -> Person:
    person = Person()
    person.open(hub.ready["setup_url"])
    person.submit(name="ada", organization="Lab", password=PASSWORD, again=PASSWORD)
    return person


class Watched(nbclient.NotebookClient):  # type: ignore[misc]  # it has no types of its own
    """Runs a notebook and tells of each thing that a cell shows."""

    def __init__(self, nb: Any, **options: Any) -> None:
        super().__init__(nb, **options)
        self.shown: queue.Queue[str] = queue.Queue()

    def process_message(self, msg: dict[str, Any], cell: Any, cell_index: int) -> Any:
        processed = super().process_message(msg, cell, cell_index)
        if msg["msg_type"] == "display_data":
            self.shown.put(msg["content"]["data"]["text/html"])
        return processed


def test_a_login_is_shown_in_the_cell_and_is_gone_from_the_saved_notebook(
    hub: ServedHub, administrator: Person, user_folders: dict[str, str], tmp_path: Path
):
    cells = [
        f"from arkitekt_di import jupy\napp = jupy('tutorial', url={hub.url!r})",
        "app",
        "app.herre.user",
        "await app.mikro.asearch(None) if hasattr(app.mikro, 'asearch') else 'no search'",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    client = Watched(notebook, kernel_name="python3", timeout=BOUND_S, extra_arguments=[])
    running = threading.Thread(target=asyncio.run, args=[client.async_execute(env=user_folders, cwd=str(tmp_path))])
    running.start()
    try:
        prompt = client.shown.get(timeout=BOUND_S)
        link, code = re.search(r'href="([^"]+)"', prompt), re.search(r"<code>([^<]+)</code>", prompt)
        assert link is not None
        assert code is not None
        page = administrator.open(link[1].replace("&amp;", "&"))
        if 'name="password"' in page:
            page = administrator.submit(name="ada", password=PASSWORD)
        assert code[1] in page
        administrator.submit(answer="approve", seen="yes")
    finally:
        running.join(BOUND_S)

    saved = nbformat.writes(notebook)
    assert not running.is_alive()
    assert "tutorial" in saved
    assert link[1] not in saved
    assert code[1] not in saved
    assert "device" not in saved
    for kept in Path(user_folders["XDG_STATE_HOME"]).rglob("*.json"):
        for secret in re.findall(r'"(?:access|refresh)_token": *"([^"]+)"', kept.read_text()):
            assert secret not in saved


def test_a_prompt_is_html_without_scripts_and_with_nothing_of_the_hubs_taken_for_html():
    from arkitekt_di.fakts.notebook_presenter import prompt_html
    from arkitekt_di.protocols.presenter import LoginPrompt

    html = prompt_html(LoginPrompt("<b>app", "<script>", "http://hub/?a=1&b='\"", "AB<CD", 300))

    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert 'href="http://hub/?a=1&amp;b=&#x27;&quot;"' in html
    assert "valid for 5 min" in html
