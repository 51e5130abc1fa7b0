"""A koil belongs to the process that opened it."""

import pickle
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from arkitekt_di.errors import NotPicklableError
from arkitekt_di.koil import Koil
from tests.koil.conftest import Script

Start = Callable[[str], Script]

needs_fork = pytest.mark.skipif(sys.platform == "win32", reason="no fork")


@needs_fork
def test_a_fork_is_told_and_can_open_its_own(start_script: Start) -> None:
    script = start_script("""
        koil = Koil(SETTINGS)
        with koil:
            koil.call(run_sync, print, "parent before")
            child = os.fork()
            if not child:
                for action in (lambda: koil.call(echo, 1), lambda: koil.submit(echo, 1), lambda: unkoil(echo, 1),
                               lambda: next(koil.iterate(echo, 1)), lambda: koil.gather()):
                    try:
                        action()
                    except ForkedError:
                        print("told")
                with Koil(SETTINGS) as own:
                    print(own.call(echo, "child's own"), current_koil() is own)
                with koil:
                    print(koil.call(echo, "same object"))
                os._exit(0)
            print(os.waitpid(child, 0)[1], koil.call(echo, "parent after"))
    """)

    lines = script.finish()

    assert lines == ["parent before", *["told"] * 5, "child's own True", "same object", "0 parent after"]


@needs_fork
def test_a_fork_can_leave_the_with_block(start_script: Start) -> None:
    script = start_script("""
        with Koil(SETTINGS) as koil:
            koil.submit(forever)
            koil.call(echo, 1)
            child = os.fork()
        if not child:
            print("child left")
            os._exit(0)
        print(os.waitpid(child, 0)[1])
    """)

    assert sorted(script.finish()) == sorted(["ready", "cleaned up", "child left", "0"])


@pytest.mark.parametrize("method", [pytest.param("fork", marks=needs_fork), "spawn"])
def test_a_process_of_multiprocessing_opens_its_own(tmp_path: Path, start_script: Start, method: str) -> None:
    program = tmp_path / "program.py"
    program.write_text(f"""
import multiprocessing, asyncio
from arkitekt_di.koil import Koil

async def echo(value):
    return value

def child(queue):
    with Koil() as koil:
        queue.put(koil.call(echo, "child"))

if __name__ == "__main__":
    context = multiprocessing.get_context({method!r})
    with Koil() as koil:
        queue = context.SimpleQueue()
        process = context.Process(target=child, args=(queue,))
        process.start()
        print(queue.get(), koil.call(echo, "parent"))
        process.join()
        print(process.exitcode)
""")
    script = start_script(f"import runpy; runpy.run_path({str(program)!r}, run_name='__main__')")

    assert script.finish() == ["child parent", "0"]


def test_a_koil_cannot_be_pickled() -> None:
    with pytest.raises(NotPicklableError, match="Open a new one"):
        pickle.dumps(Koil())
