"""Ctrl-C in a process of its own: what was interrupted cleans up first, and the koil stays usable."""

import sys
from collections.abc import Callable

import pytest

from tests.koil.conftest import Script

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a Ctrl-C event reaches all processes of the console")

Start = Callable[[str], Script]


def test_ctrl_c_waits_for_the_cleanup_and_leaves_the_koil_usable(start_script: Start) -> None:
    actions = [
        "koil.call(forever)",
        "koil.call_within(60, forever)",
        "koil.gather(forever(), echo(1))",
        "koil.map(lambda _: forever(), [1])",
        "list(koil.iterate(stream))",
        "list(koil.iterate(stream, buffer=4))",
        "koil.call(run_sync, in_thread)",
        "koil.call(run_sync, in_nested_call)",
        "dual(forever)()",
    ]
    script = start_script(f"""
        async def stream():
            yield 1
            await forever()

        def in_thread():
            print("ready")
            try:
                sleep(60)
            finally:
                print("cleaned up")

        def in_nested_call():
            koil.call(forever)

        with Koil(SETTINGS) as koil:
            for action in {actions}:
                try:
                    eval(action)
                except KeyboardInterrupt:
                    print("interrupted")
                print(koil.call(echo, action))
    """)

    for action in actions:
        script.lines.clear()
        script.wait_for("ready")
        script.interrupt()
        script.wait_for(action)
        assert script.lines == ["ready", "cleaned up", "interrupted", action]


def test_a_second_ctrl_c_does_not_wait_for_the_cleanup(start_script: Start) -> None:
    script = start_script("""
        async def slow_to_clean_up():
            try:
                await forever("ready", "cleaning up")
            finally:
                await asyncio.Event().wait()

        with Koil(KoilSettings(loop=LOOP, grace_s=60)) as koil:
            try:
                koil.call(slow_to_clean_up)
            except KeyboardInterrupt:
                print("interrupted")
    """)

    script.wait_for("ready")
    script.interrupt()
    script.wait_for("cleaning up")
    script.interrupt()

    assert script.finish() == ["ready", "cleaning up", "interrupted"]


def test_work_that_ignores_its_cancellation_holds_ctrl_c_only_for_the_grace(start_script: Start) -> None:
    script = start_script("""
        async def deaf():
            print("ready")
            while True:
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    if done.is_set():
                        raise

        done = threading.Event()
        with Koil(KoilSettings(loop=LOOP, grace_s=0.1)) as koil:
            try:
                koil.call(deaf)
            except KeyboardInterrupt as interrupt:
                print(interrupt.__notes__)
            done.set()
    """)

    script.wait_for("ready")
    script.interrupt()

    assert script.finish() == ["ready", "['deaf() still runs: it ignored its cancellation']"]


def test_what_the_cleanup_raises_is_told_beside_the_interrupt(start_script: Start) -> None:
    script = start_script("""
        async def untidy():
            try:
                await forever()
            finally:
                raise ValueError("untidy")

        with Koil(SETTINGS) as koil:
            try:
                koil.call(untidy)
            except KeyboardInterrupt as interrupt:
                print(repr(interrupt.__context__))
    """)

    script.wait_for("ready")
    script.interrupt()

    assert script.finish()[-1] == "ValueError('untidy')"


def test_ctrl_c_while_entering_leaves_the_koil_closed_and_usable(start_script: Start) -> None:
    script = start_script("""
        from arkitekt_di.koil.loops import OwnedLoop

        may_start, serve = threading.Event(), OwnedLoop._serve

        def serve_late(self, surroundings):
            print("ready")
            may_start.wait()
            serve(self, surroundings)

        def on_interrupt(*_):
            may_start.set()
            raise KeyboardInterrupt

        OwnedLoop._serve = serve_late
        signal.signal(signal.SIGINT, on_interrupt)
        koil = Koil(SETTINGS)
        try:
            koil.__enter__()
        except KeyboardInterrupt:
            print("interrupted", koil)
        for thread in set(threading.enumerate()) - {threading.main_thread()}:
            thread.join(10)  # the loop that was about to serve ends by itself, a moment later
        with koil:
            print(koil.call(echo, "usable"), threading.active_count())
    """)

    script.wait_for("ready")
    script.interrupt()

    assert script.finish() == ["ready", "interrupted <Koil 'koil' closed>", "ready", "usable 2"]


def test_ctrl_c_while_leaving_leaves_the_koil_closed_and_usable(start_script: Start) -> None:
    script = start_script("""
        interrupted = threading.Event()

        async def slow_to_end():
            try:
                await asyncio.Event().wait()
            finally:
                print("ready")
                await asyncio.to_thread(interrupted.wait, 60)

        koil = Koil(SETTINGS)
        try:
            with koil:
                koil.background(slow_to_end)
                koil.call(echo, 1)
        except KeyboardInterrupt:
            print("interrupted", koil)
        interrupted.set()
        with koil:
            print(koil.call(echo, "usable"))
    """)

    script.wait_for("ready")
    script.interrupt()

    assert script.finish() == ["ready", "interrupted <Koil 'koil' closed>", "usable"]


def test_an_uncaught_ctrl_c_ends_the_program_as_always(start_script: Start) -> None:
    script = start_script("""
        import atexit
        with Koil(SETTINGS) as koil:
            koil.call(forever)
    """)

    script.wait_for("ready")
    script.interrupt()
    with pytest.raises(AssertionError):  # the return code tells of the signal
        script.finish()

    assert "cleaned up" in script.lines
    assert script.lines[-1] == "KeyboardInterrupt"
