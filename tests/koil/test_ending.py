"""The interpreter ends without the koil having been left."""

import time
from collections.abc import Callable

from tests.koil.conftest import Script

Start = Callable[[str], Script]


def test_work_cleans_up_at_the_end_of_the_interpreter(start_script: Start) -> None:
    script = start_script("""
        koil = Koil(SETTINGS).__enter__()
        pending = koil.submit(forever)
        koil.call(echo, 1)
        print("end of the program")
    """)

    assert script.finish() == ["ready", "end of the program", "cleaned up"]


def test_a_call_under_way_does_not_hold_the_end_of_the_interpreter(start_script: Start) -> None:
    script = start_script("""
        koil = Koil(SETTINGS).__enter__()

        def call():
            try:
                koil.call(forever)
            except KoilClosedError:
                print("told that the loop closed")

        is_running = threading.Event()
        koil.call(echo, 1)
        threading.Thread(target=call, daemon=True).start()
        while not koil._home.crossings:
            time.sleep(0)
        koil.call(echo, 2)
    """)

    lines = script.finish()

    assert lines[:2] == ["ready", "cleaned up"]


def test_work_that_ignores_its_cancellation_holds_the_end_only_for_the_grace(start_script: Start) -> None:
    script = start_script("""
        async def deaf():
            while True:
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    print("ignored")

        koil = Koil(KoilSettings(loop=LOOP, grace_s=0.1)).__enter__()
        koil.submit(deaf)
        koil.call(echo, 1)
    """)
    begin = time.monotonic()

    assert "ignored" in script.finish()
    assert time.monotonic() - begin < 10


def test_an_idle_worker_thread_does_not_hold_the_end(start_script: Start) -> None:
    script = start_script("""
        koil = Koil(SETTINGS).__enter__()
        print(koil.call(run_sync, sum, [1, 2]))
    """)

    assert script.finish() == ["3"]


def test_a_thread_under_way_does_not_hold_the_end(start_script: Start) -> None:
    script = start_script("""
        koil = Koil(KoilSettings(loop=LOOP, grace_s=0.1)).__enter__()
        started = threading.Event()

        def hang():
            started.set()
            threading.Event().wait()

        koil.submit(run_sync, hang)
        started.wait()
    """)
    begin = time.monotonic()

    script.finish()

    assert time.monotonic() - begin < 10
