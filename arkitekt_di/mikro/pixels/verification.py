"""Whether the stored objects of an array are what was written."""

import asyncio
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from arkitekt_di.errors import ArkitektError, ImageDamagedError
from arkitekt_di.messages.pixels import HEADER, PixelDocument
from arkitekt_di.mikro.pixels.header import read_header
from arkitekt_di.mikro.pixels.layout import Layout, Region
from arkitekt_di.mikro.pixels.reading import StoredPixels
from arkitekt_di.mikro.pixels.shard import ShardCodec, checksum
from arkitekt_di.protocols.mikro import PixelSource

Check = Callable[[], str | None]
"""Reads one object, and returns what is wrong with it; blocks."""


@dataclass(frozen=True)
class Damage:
    """One stored object of an image that is missing, or is not what was written.

    Attributes
    ----------
    level : int
        Level of resolution that it belongs to; 0 is the finest.
    key : str
        The object, relative to the array of that level, such as ``c/0/3/0/0``.
    reason : str
        What is wrong with it.
    """

    level: int
    key: str
    reason: str


async def find_damage(
    source: PixelSource, *, image_id: str, level: int, shape: tuple[int, ...], at_once: int
) -> list[Damage]:
    """Read every object of one array, *at_once* at a time, and return those that are damaged, in order of their keys.

    Raises
    ------
    TransferError
        The object store does not answer, so nothing can be said.
    """
    try:
        checks = await asyncio.to_thread(_checks, source, image_id, shape)
    except FileNotFoundError:
        return [Damage(level, HEADER, "it is missing")]
    except (ValueError, KeyError, TypeError) as error:
        return [Damage(level, HEADER, f"it cannot be read ({error})")]
    found: list[Damage] = []

    async def work() -> None:
        for key, check in checks:  # shared: each takes the next one
            if (reason := await asyncio.to_thread(check)) is not None:
                found.append(Damage(level, key, reason))

    workers = [asyncio.ensure_future(work()) for _ in range(at_once)]
    try:
        await asyncio.gather(*workers)
    finally:
        for worker in workers:
            worker.cancel()
    return sorted(found, key=lambda damage: damage.key)


def _checks(source: PixelSource, image_id: str, shape: tuple[int, ...]) -> Iterator[tuple[str, Check]]:
    """Return the key of every object, and what checks it."""
    header = read_header(source.read(HEADER)).cut(shape)
    codec = header.codec()
    if codec is not None and header.document is not None:
        return _own_checks(source, image_id, codec, header.document)
    from arkitekt_di.mikro.pixels.foreign import open_foreign

    return _foreign_checks(open_foreign(source))


def _own_checks(
    source: PixelSource, image_id: str, codec: ShardCodec, document: PixelDocument
) -> Iterator[tuple[str, Check]]:
    manifest = document.manifest if document.appends is None else None
    pixels = StoredPixels(source, codec, manifest, image_id)
    for key, region in codec.layout.shards():
        if manifest is not None and key in manifest and key in document.checksums:
            yield key, _Summed(source, key, manifest[key], document.checksums[key])
        else:  # it still grows, or is of an earlier version: every chunk has a checksum of its own
            yield key, _Decoded(pixels, region)


def _foreign_checks(array: Any) -> Iterator[tuple[str, Check]]:
    layout = Layout(array.shape, array.chunks, array.shards or array.chunks)
    places = product(*(range(-(-size // edge)) for size, edge in zip(layout.shape, layout.shard, strict=True)))
    for place in places:
        yield array.metadata.encode_chunk_key(place), _Decoded(array, layout.region(place))


@dataclass(frozen=True)
class _Summed:
    """Compares one whole object with its size and checksum."""

    source: PixelSource
    key: str
    size: int
    crc32: int

    def __call__(self) -> str | None:
        try:
            body = self.source.read(self.key)
        except FileNotFoundError:
            return "it is missing"
        if len(body) != self.size:
            return f"it has {len(body)} bytes instead of {self.size}"
        return None if checksum(body) == self.crc32 else "its checksum does not match"


@dataclass(frozen=True)
class _Decoded:
    """Decodes all that one object holds."""

    pixels: Any
    region: Region

    def __call__(self) -> str | None:
        try:
            self.pixels[self.region]
        except ImageDamagedError as error:
            return error.reason
        except ArkitektError:
            raise  # nothing can be said of it
        except (ValueError, RuntimeError, zlib.error) as error:
            return f"it cannot be decoded ({error})"
        return None
