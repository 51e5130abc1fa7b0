"""A real Qt without a screen: the loop of Qt is joined, or results arrive by signals."""

from collections.abc import Callable

import pytest

from tests.koil.conftest import Script

pytest.importorskip("PySide6.QtCore")
pytest.importorskip("qasync")

Start = Callable[[str], Script]


def test_a_koil_joins_the_loop_of_qt(start_script: Start) -> None:
    script = start_script("""
        import qasync
        from PySide6.QtCore import QCoreApplication

        qt = QCoreApplication(sys.argv)

        @dual
        async def double(number):
            await asyncio.sleep(0)
            return 2 * number

        async def numbers():
            for number in range(3):
                yield number

        async def main():
            async with Koil(SETTINGS) as koil:
                print(await double(1))
                print(await run_sync(koil.call, echo, "from a thread"))
                print([item async for item in iterate_sync(range, 3)])
                print(await run_sync(lambda: list(koil.iterate(numbers, buffer=2))))
                print(await asyncio.wait_for(asyncio.wrap_future(koil.submit(echo, "submitted")), 20))
                future = koil.submit(forever)
                await asyncio.sleep(0.01)
            print(type(future.exception()).__name__)

        with qasync.QEventLoop(qt) as loop:
            loop.run_until_complete(main())
    """)

    assert script.finish() == [
        "2",
        "from a thread",
        "[0, 1, 2]",
        "[0, 1, 2]",
        "submitted",
        "ready",
        "cleaned up",
        "KoilClosedError",
    ]


def test_results_reach_the_window_by_signals_while_it_stays_alive(start_script: Start) -> None:
    script = start_script("""
        from PySide6.QtCore import QCoreApplication, QObject, QThread, QTimer, Signal, Slot

        class Window(QObject):
            arrived = Signal(object)

            def __init__(self):
                super().__init__()
                self.ticks = 0
                self.arrived.connect(self.show)

            def tick(self):
                self.ticks += 1
                if self.ticks == 5:
                    koil.loop.call_soon_threadsafe(gate.set)

            @Slot(object)
            def show(self, result):
                print(result, QThread.currentThread() is qt.thread(), self.ticks >= 5)
                qt.quit()

        async def work():
            # Ends only once the window has ticked: a blocked window would wait for ever.
            await gate.wait()
            return "arrived"

        qt = QCoreApplication(sys.argv)
        gate = asyncio.Event()
        with Koil(SETTINGS) as koil:
            window = Window()
            timer = QTimer()
            timer.timeout.connect(window.tick)
            timer.start(1)
            koil.submit(work).add_done_callback(lambda future: window.arrived.emit(future.result()))
            qt.exec()
            print(koil.call(echo, "blocking works, too"))
    """)

    assert script.finish() == ["arrived True True", "blocking works, too"]


def test_sync_code_under_the_loop_of_qt_blocks_on_a_koil_with_its_own(start_script: Start) -> None:
    script = start_script("""
        import qasync
        from PySide6.QtCore import QCoreApplication

        qt = QCoreApplication(sys.argv)
        double = dual(echo)

        def on_click():
            print(double("blocked"))

        async def main():
            on_click()
            print(await double("awaited"))

        with Koil(SETTINGS), qasync.QEventLoop(qt) as loop:
            loop.run_until_complete(main())
    """)

    assert script.finish() == ["blocked", "awaited"]
