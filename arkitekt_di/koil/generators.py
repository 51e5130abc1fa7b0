"""A sync generator in async code, on one thread from its first step to its last."""

from collections.abc import AsyncGenerator, Callable, Iterable
from typing import Any, TypeVar

from arkitekt_di.koil.workers import Workers

Y = TypeVar("Y")

_END: Any = object()


async def step_in_thread(
    workers: Workers, fn: Callable[..., Iterable[Y]], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> AsyncGenerator[Y, Any]:
    """Yield what the iterable that *fn* returns yields; ``asend``, ``athrow`` and ``aclose`` reach a generator."""
    stream: Any = None
    item: Any
    session = workers.session()
    try:
        stream = await session.run(lambda: iter(fn(*args, **kwargs)))
        item = await session.run(next, stream, _END)
        while item is not _END:
            try:
                sent = yield item
            except GeneratorExit:
                raise
            except BaseException as error:  # noqa: BLE001  # the generator decides what becomes of it
                item = await session.run(_throw, stream, error)
            else:
                item = await (session.run(next, stream, _END) if sent is None else session.run(_send, stream, sent))
    finally:
        await session.end(_close, stream)


def _send(stream: Any, value: object) -> Any:
    if not hasattr(stream, "send"):
        raise TypeError(f"{type(stream).__name__} takes no values: only a generator does")
    try:
        return stream.send(value)
    except StopIteration:
        return _END


def _throw(stream: Any, error: BaseException) -> Any:
    if not hasattr(stream, "throw"):
        raise error
    try:
        return stream.throw(error)
    except StopIteration:
        return _END


def _close(stream: Any) -> None:
    if hasattr(stream, "close"):
        stream.close()
