"""A line to the object store that breaks every so many bytes: the upload completes, and no object is tried for long."""

import asyncio
import contextlib
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from arkitekt_di.errors import TransferError
from arkitekt_di.koil import Koil
from arkitekt_di.mikro.pixels.s3 import S3PixelStore
from arkitekt_di.mikro.service import Mikro
from arkitekt_di.settings.models import MikroSettings
from tests.mikro.arrays import noise
from tests.mikro.hub import Hub, serving

pytestmark = pytest.mark.anyio

MIB = 2**20
PIECE = 2**16
TRIES = 3
CUT = MikroSettings(chunk_px=256, shard_mib=0.25, transfers=2, levels=2, level_px=100)
STACK = noise((16, 256, 512))
DIMS = ("z", "y", "x")

PUT = re.compile(rb"PUT (/zarr/\S+) HTTP/1.1\r\n")


class Line:
    """Passes bytes on, and hangs up on whom it is just passing them for, every so many of them."""

    def __init__(self, port: int, *, every: int) -> None:
        self._port = port
        self._every = every
        self._passed = 0
        self.cuts = 0
        self.tries: Counter[bytes] = Counter()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection."""
        answers, requests = await asyncio.open_connection("127.0.0.1", self._port)
        back = asyncio.create_task(self._answer(answers, writer))
        sent = bytearray()
        try:
            while piece := await reader.read(PIECE):
                sent += piece
                self._passed += len(piece)
                if self._passed >= self._every:
                    self._passed = 0
                    self.cuts += 1
                    writer.transport.abort()
                    return
                requests.write(piece)
                await requests.drain()
        except ConnectionError:
            pass  # the client hung up, which ends this connection as well
        finally:
            self.tries.update(PUT.findall(bytes(sent)))
            requests.transport.abort()
            back.cancel()
            await asyncio.wait([back])
            writer.close()

    async def _answer(self, answers: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):  # whoever hangs up first
            while piece := await answers.read(PIECE):
                writer.write(piece)
                await writer.drain()


@asynccontextmanager
async def broken(hub: Hub, *, every: int) -> AsyncIterator[tuple[Line, S3PixelStore]]:
    """Give the hub's object store behind a line that breaks."""
    line = Line(int(hub.url.rpartition(":")[2]), every=every)
    server = await asyncio.start_server(line.carry, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    async def endpoint() -> str:
        return f"http://127.0.0.1:{port}"

    async with server:
        yield line, S3PixelStore(endpoint)


async def test_an_upload_completes_on_a_line_that_breaks(tmp_path: Path) -> None:
    # One object at a time, so that it is not chance which is cut, and none is cut at every try.
    settings = CUT.model_copy(update={"transfers": 1, "local_drafts": False})
    async with serving(tmp_path) as hub, Koil() as koil, broken(hub, every=MIB) as (line, pixels):
        mikro = Mikro(hub.records, pixels, koil, settings)

        image = await mikro.afrom_xarray(STACK, name="stack", dims=DIMS)
        stored = await Mikro(hub.records, hub.pixels, koil).aget_image(image.id)
        values = await asyncio.to_thread((await stored.adata()).compute)

    assert np.array_equal(values, STACK)
    assert line.cuts >= 4
    assert max(line.tries.values()) <= TRIES
    assert sum(line.tries.values()) > len(line.tries)  # some were tried again


async def test_a_line_that_carries_no_object_is_given_up_after_three_tries(tmp_path: Path) -> None:
    async with serving(tmp_path) as hub, Koil() as koil, broken(hub, every=MIB // 8) as (line, pixels):
        settings = CUT.model_copy(update={"transfers": 1, "local_drafts": False})
        with pytest.raises(TransferError, match="try again"):
            await Mikro(hub.records, pixels, koil, settings).afrom_xarray(STACK, name="stack", dims=DIMS)

        assert await Mikro(hub.records, hub.pixels, koil).asearch_images() == []

    assert set(line.tries.values()) == {TRIES}


async def test_pixels_are_read_on_a_line_that_breaks(tmp_path: Path) -> None:
    async with serving(tmp_path) as hub, Koil() as koil:
        image = await Mikro(hub.records, hub.pixels, koil, CUT).afrom_xarray(STACK, name="stack", dims=DIMS)
        async with broken(hub, every=4 * 2**10) as (line, pixels):
            stored = await Mikro(hub.records, pixels, koil).aget_image(image.id)

            values = await asyncio.to_thread((await stored.adata()).compute)

    assert np.array_equal(values, STACK)
    assert line.cuts
