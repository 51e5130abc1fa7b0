"""A way between a hub and its agent that can be cut: a port that passes on what comes, or holds it back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Wire:
    """Passes bytes on to another port.

    Attributes
    ----------
    port : int
        Where it listens.
    """

    def __init__(self, target: int) -> None:
        self.port = 0
        self._target = target
        self._is_whole = asyncio.Event()
        self._is_whole.set()
        self._ways: set[asyncio.Task[None]] = set()

    def cut(self) -> None:
        """Let nothing through; nobody is told, as on a network that drops packets."""
        self._is_whole.clear()

    def mend(self) -> None:
        """Let everything through that waits."""
        self._is_whole.set()

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Wire"]:
        """Listen while the block runs."""
        server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for way in self._ways:
                way.cancel()
            await asyncio.gather(*self._ways, return_exceptions=True)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._target)
        for source, sink in ((reader, back), (there, writer)):
            way = asyncio.create_task(self._pass(source, sink))
            self._ways.add(way)
            way.add_done_callback(self._ways.discard)

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while part := await source.read(2**16):
                await self._is_whole.wait()
                sink.write(part)
                await sink.drain()
            await self._is_whole.wait()
        except ConnectionError:  # one end is gone, and the other is told so
            pass
        finally:
            sink.close()
