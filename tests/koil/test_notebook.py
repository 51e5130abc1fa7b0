"""A real notebook kernel: plain cells, cells with ``await``, interrupt, restart and shutdown."""

import sys
from collections.abc import Iterator

import pytest

from tests.notebook import Notebook

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.skipif(sys.platform == "win32", reason="the interrupt is tested with signals"),
]


@pytest.fixture
def notebook(loop_name: str) -> Iterator[Notebook]:
    notebook = Notebook()
    try:
        notebook.run(SETUP.replace("LOOP", repr(loop_name)))
        yield notebook
    finally:
        notebook.close()


SETUP = """
import asyncio
from arkitekt_di.koil import *
from arkitekt_di.settings.models import KoilSettings

@dual
async def double(number):
    await asyncio.sleep(0)
    return 2 * number

async def hang():
    print("ready")
    try:
        await asyncio.Event().wait()
    finally:
        print("cleaned up")

koil = Koil(KoilSettings(loop=LOOP))
_ = koil.__enter__()
"""


def test_a_notebook_uses_a_koil_in_every_kind_of_cell(notebook: Notebook) -> None:
    assert notebook.run("double(1)") == "2"
    assert notebook.run("await double(2)") == "4"
    assert notebook.run("await asyncio.gather(*[double(number) for number in range(3)])") == "[0, 2, 4]"
    assert notebook.run("unkoil(double.aio, 3)") == "6"
    assert notebook.run("await run_sync(double, 4)") == "8"
    assert notebook.run("list(koil.iterate(lambda: iterate_sync(range, 3)))") == "[0, 1, 2]"
    assert notebook.run("await asyncio.sleep(0); inner = Koil().__enter__(); current_koil() is inner") == "True"
    assert notebook.run("inner.__exit__(None, None, None); current_koil() is koil") == "True"
    assert "await double(...)" in notebook.run("async def cell(): return repr(double(1))\nkoil.call(cell)")

    request = notebook.start("koil.call(hang)")
    notebook.wait_for_output("ready")
    notebook.manager.interrupt_kernel()
    assert "KeyboardInterrupt" in notebook.result(request)
    assert notebook.run("double(5)") == "10"

    assert notebook.run(
        "koil.__exit__(None, None, None)\ntry: double(1)\nexcept Exception as e: print(type(e).__name__)"
    )
    assert notebook.run("async with Koil(): print(await double(6))") == "12"
    assert notebook.run("with Koil(): print(double(7))") == "14"


def test_a_notebook_restarts_and_ends_with_an_open_koil(notebook: Notebook) -> None:
    notebook.run("future = koil.submit(hang)")

    notebook.restart()
    notebook.run(SETUP.replace("LOOP", "'asyncio'"))

    assert notebook.run("double(1)") == "2"
    notebook.run("future = koil.submit(hang)")
    assert notebook.close() < 10
