"""What is opened in a thread for somebody who has gone meanwhile is closed."""

import asyncio
import threading
from pathlib import Path
from typing import BinaryIO

import pytest

from arkitekt_di.server.objects.threads import Threads

pytestmark = pytest.mark.anyio


async def test_a_file_that_nobody_waits_for_any_more_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    has_begun, may_open, opened = threading.Event(), threading.Event(), []

    def work() -> BinaryIO:
        has_begun.set()
        assert may_open.wait(10)
        opened.append(path.open("rb"))
        return opened[0]

    threads = Threads("here")
    threads.start()
    is_closed = asyncio.Event()

    def close(file: BinaryIO) -> None:
        file.close()
        is_closed.set()

    waiting = asyncio.create_task(threads.open(work, close))
    await asyncio.to_thread(has_begun.wait, 10)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    may_open.set()
    await threads.stop()

    await asyncio.wait_for(is_closed.wait(), 10)
    assert opened[0].closed
