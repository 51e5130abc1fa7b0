"""A gate before which bodies in other processes wait: the test opens it, and knows how many are there."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Gate:
    """Holds whoever connects until it is opened.

    Attributes
    ----------
    port : int
        Where it listens.
    """

    def __init__(self) -> None:
        self.port = 0
        self._is_open = asyncio.Event()
        self._came = asyncio.Condition()
        self._count = 0
        self._connections: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        """Let everybody through, also who comes later."""
        self._is_open.set()

    async def waited(self, count: int) -> None:
        """Wait until so many have come."""
        async with self._came:
            await self._came.wait_for(lambda: self._count >= count)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Gate"]:
        """Stand while the block runs."""
        server = await asyncio.start_server(self._hold, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.open()
            await asyncio.gather(*self._connections)

    async def _hold(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.current_task()
        assert connection is not None
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)
        try:
            async with self._came:
                self._count += 1
                self._came.notify_all()
            await self._is_open.wait()
        finally:
            writer.close()


async def passed(port: int) -> None:
    """Wait before the gate on *port* until it is opened."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await reader.read()
    writer.close()
