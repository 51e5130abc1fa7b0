"""A writer of an image that grows, for sync and async code."""

from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

from arkitekt_di.errors import OwnLoopError
from arkitekt_di.messages.images import ImageRecord
from arkitekt_di.mikro.image import Image
from arkitekt_di.mikro.pixels.appending import Appender
from arkitekt_di.protocols.koil import Bridge

P = ParamSpec("P")
R = TypeVar("R")


class ImageWriter:
    """Appends frames to one image while they are acquired.

    When `append` returns, the frame is on the hub's disk and every reader sees it; what was not appended, nobody sees.
    The first frame creates the image.  Leaving the block ends its growth; leaving it with an exception, or being
    killed, keeps all frames, and ``image_writer(image=...)`` goes on behind the last one.

    Attributes
    ----------
    image : Image or None
        The image with the frames so far; None before the first one.
    """

    def __init__(
        self,
        bridge: Bridge,
        begin: Callable[[], Coroutine[Any, Any, Appender]],
        show: Callable[[ImageRecord], Image],
    ) -> None:
        self._bridge = bridge
        self._begin = begin
        self._show = show
        self._appender: Appender | None = None

    @property
    def image(self) -> Image | None:
        """The image with the frames so far; None before the first one."""
        record = None if self._appender is None else self._appender.record
        return None if record is None else self._show(record)

    async def aappend(self, frames: object) -> Image:
        """Append one frame, or several of them along the growing dimension.

        Parameters
        ----------
        frames : array
            One frame, without the growing dimension; or a block with it, whose frames become visible at once.

        Returns
        -------
        Image
            As it is with them.

        Raises
        ------
        ImageRefusedError
            The frame does not have the shape or the type of the others; nothing was appended.
        AppendConflictError
            Another writer took over; nothing was appended.
        TransferError, StorageFullError
            The frame could not be stored; it may be appended again.
        """
        return self._show(await self._on_loop(self._append, frames))

    async def aclose(self) -> None:
        """End the growth of the image; it is then like any other."""
        await self._on_loop(self._close)

    def append(self, frames: object) -> Image:
        """Append frames in sync code; see `aappend`."""
        self._refuse_own_loop("writer.append(...)", "writer.aappend(...)")
        return self._bridge.call(self.aappend, frames)

    def close(self) -> None:
        """End the growth of the image in sync code; see `aclose`."""
        self._refuse_own_loop("writer.close()", "writer.aclose()")
        self._bridge.call(self.aclose)

    def __enter__(self) -> Self:
        self._refuse_own_loop("with image_writer(...)", "async with aimage_writer(...)")
        self._bridge.call(self._open)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._bridge.call(self._leave if kind is not None else self._close)

    async def __aenter__(self) -> Self:
        await self._on_loop(self._open)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._on_loop(self._leave if kind is not None else self._close)

    async def _open(self) -> Appender:
        if self._appender is None:
            self._appender = await self._begin()
        return self._appender

    async def _append(self, frames: object) -> ImageRecord:
        return await (await self._open()).append(frames)

    async def _close(self) -> None:
        await (await self._open()).close()

    async def _leave(self) -> None:
        await (await self._open()).leave()

    async def _on_loop(self, fn: Callable[P, Coroutine[Any, Any, R]], *args: P.args, **kwargs: P.kwargs) -> R:
        if self._bridge.is_own_loop():
            return await fn(*args, **kwargs)
        return await self._bridge.cross(fn, *args, **kwargs)

    def _refuse_own_loop(self, call: str, instead: str) -> None:
        if self._bridge.is_own_loop():
            raise OwnLoopError(call, instead)
