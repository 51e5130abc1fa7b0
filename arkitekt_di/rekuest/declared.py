"""Functions of other apps under the types of a Protocol."""

import inspect
from collections.abc import Callable
from typing import Any, TypeVar, cast

from arkitekt_di.messages.definitions import ActionKind
from arkitekt_di.rekuest.functions import acall, aiterate, call, iterate
from arkitekt_di.rekuest.signature import kind_of

T = TypeVar("T")


def declare(protocol: type[T], *, agent: str | None = None) -> T:
    """Return an object whose methods call functions of other apps, typed as a Protocol says.

    A sync method blocks in sync code, and is awaited on the app's loop; an ``async def`` method is a coroutine
    function; a generator method iterates.  A method is called as the function of its name.

    Parameters
    ----------
    protocol : type
        A ``typing.Protocol`` whose methods have the names and parameters of functions.
    agent : str, optional
        Name or identifier of the agent that is to work.

    Returns
    -------
    object
        Of the type of the Protocol, for type checkers.

    Raises
    ------
    TypeError
        It is no Protocol.

    Examples
    --------
    >>> class Segmenter(Protocol):
    ...     def segment(self, image: Image, threshold: float = 0.5) -> Image: ...
    >>> mask = declare(Segmenter).segment(image, threshold=0.4)
    """
    if not getattr(protocol, "_is_protocol", False):
        raise TypeError(f"declare takes a typing.Protocol, and {protocol!r} is none")
    options = {} if agent is None else {"agent": agent}
    methods = {
        name: staticmethod(_caller(name, method, options))
        for name, method in inspect.getmembers(protocol, inspect.isfunction)
        if not name.startswith("_")
    }
    return cast("T", type(protocol.__name__, (), methods)())


def _caller(name: str, method: Callable[..., Any], options: dict[str, Any]) -> Callable[..., Any]:
    kind, is_async = kind_of(method)
    returned = str(inspect.get_annotations(method).get("return", ""))
    streams = kind is ActionKind.GENERATOR or "Iterator[" in returned or "Generator[" in returned
    waits = is_async or "Async" in returned
    way: Any = (aiterate if waits else iterate) if streams else (acall if waits else call)

    def remote(*args: Any, **kwargs: Any) -> Any:
        return way(name, *args, **options, **kwargs)

    remote.__name__ = remote.__qualname__ = name
    remote.__doc__ = method.__doc__
    return remote
