"""A stored object as a file that can be read from any place; only what is asked for travels."""

import io
from typing import Final

from arkitekt_di.protocols.mikro import PixelSource

BUFFER_BYTES: Final = 2**20
"""What is fetched at least: many small reads that follow one another are one request."""


class StoredObject(io.RawIOBase):
    """The bytes of one object; threads may use files of their own at the same time.

    Parameters
    ----------
    source : PixelSource
        Blocks; renews its grant by itself.
    name : str
        Name of the object.
    size : int
        Its bytes.
    """

    def __init__(self, source: PixelSource, name: str, size: int) -> None:
        super().__init__()
        self._source = source
        self._object = name
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def seekable(self) -> bool:
        """Tell that it can be read from any place."""
        return True

    def tell(self) -> int:
        """Return the place of the next byte."""
        self._require_open()
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to another place, which may be behind the end."""
        self._require_open()
        begin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}
        if whence not in begin:
            message = f"invalid whence ({whence}, should be 0, 1 or 2)"
            raise ValueError(message)
        if begin[whence] + offset < 0:
            message = f"negative seek position {begin[whence] + offset}"
            raise ValueError(message)
        self._position = begin[whence] + offset
        return self._position

    def readinto(self, buffer: "memoryview | bytearray", /) -> int:  # type: ignore[override]  # the stub's Buffer is 3.12
        """Fill *buffer* from here on; return how many bytes there were."""
        self._require_open()
        view = memoryview(buffer).cast("B")
        stop = min(self._position + len(view), self._size)
        if stop <= self._position:
            return 0
        (body,) = self._source.read_ranges(self._object, [(self._position, stop)])
        view[: len(body)] = body
        self._position += len(body)
        return len(body)

    def _require_open(self) -> None:
        if self.closed:
            message = "I/O operation on closed file"
            raise ValueError(message)


def buffered(source: PixelSource, name: str, size: int, *, buffer_bytes: int) -> io.BufferedReader:
    """Return a stored object as an ordinary binary file."""
    return io.BufferedReader(StoredObject(source, name, size), buffer_bytes)
