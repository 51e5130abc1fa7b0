"""What a module or an app offers: functions, hooks and states."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from types import ModuleType
from typing import Any, Final, TypeVar, Unpack, cast, overload

from arkitekt_di.errors import OfferRefusedError
from arkitekt_di.messages.definitions import Execution
from arkitekt_di.rekuest.offer import Offer, OfferOptions, make_offer

F = TypeVar("F", bound=Callable[..., Any])

_KEPT_AS: Final = "__arkitekt_registry__"


class Registry:
    """Functions by the names under which they are called, and hooks.

    Attributes
    ----------
    offers : dict of str to Offer
    startups, shutdowns, backgrounds : dict of str to callable
        Hooks by their qualified names.
    """

    def __init__(self) -> None:
        self.offers: dict[str, Offer] = {}
        self.startups: dict[str, Callable[..., Any]] = {}
        self.shutdowns: dict[str, Callable[..., Any]] = {}
        self.backgrounds: dict[str, Callable[..., Any]] = {}

    def add(self, offer: Offer) -> None:
        """Offer a function; the same function again, as when a notebook cell runs again, takes its own place.

        Raises
        ------
        OfferRefusedError
            Another function has the name.
        """
        known = self.offers.get(offer.interface)
        if known is not None and _identity(known.fn) != _identity(offer.fn):
            reason = f"{_identity(known.fn)} is offered under the name {offer.interface!r} already"
            raise OfferRefusedError(offer.signature.name, "", reason, "Give one of them another with interface=...")
        self.offers[offer.interface] = offer

    def find(self, wanted: object) -> Offer | None:
        """Return the offer of a name, or of the function itself."""
        if isinstance(wanted, str):
            return self.offers.get(wanted)
        return next((offer for offer in self.offers.values() if offer.fn == wanted), None)

    def take(self, others: Iterable["Registry"]) -> "Registry":
        """Return a registry with everything that this one and *others* hold; raises as `add` does."""
        joined = Registry()
        for registry in (self, *others):
            for offer in registry.offers.values():
                joined.add(offer)
            joined.startups |= registry.startups
            joined.shutdowns |= registry.shutdowns
            joined.backgrounds |= registry.backgrounds
        return joined

    def __iter__(self) -> Iterator[Offer]:
        return iter(self.offers.values())

    def __len__(self) -> int:
        return len(self.offers)

    def __repr__(self) -> str:
        return f"<Registry of {', '.join(self.offers) or 'nothing'}>"


def _identity(fn: Any) -> str:
    return f"{getattr(fn, '__module__', '')}.{getattr(fn, '__qualname__', repr(fn))}"


def registry_of(namespace: Mapping[str, Any] | ModuleType) -> Registry:
    """Return the registry of a module, or of its global names; an empty one where it offers nothing."""
    names = vars(namespace) if isinstance(namespace, ModuleType) else namespace
    found = names.get(_KEPT_AS)
    return found if isinstance(found, Registry) else Registry()


def _own_registry(namespace: MutableMapping[str, Any]) -> Registry:
    return cast("Registry", namespace.setdefault(_KEPT_AS, Registry()))


def calling_namespace(depth: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the global and local names where the function *depth* calls up is."""
    frame = sys._getframe(depth + 1)  # noqa: SLF001  # documented; a decorator knows its module in no other way
    return frame.f_globals, frame.f_locals


@overload
def register(fn: F, /) -> F: ...
@overload
def register(**options: Unpack[OfferOptions]) -> Callable[[F], F]: ...
def register(fn: Any = None, /, **options: Any) -> Any:
    """Offer a function to other apps.

    The function stays as it is.  The module in which this is called keeps the offer: ``app.rekuest.run()``, called
    in the same module, serves it; ``app.rekuest.run(module)`` serves those of another.

    Parameters
    ----------
    fn : callable
        Function, coroutine function, generator function, async generator function, or a bound method of these.
        Its annotations become ports, its docstring (NumPy, Google or reST style) their descriptions.
    **options
        See `OfferOptions`.

    Returns
    -------
    callable
        *fn* itself; with options, a decorator.

    Raises
    ------
    OfferRefusedError
        Something cannot be mapped; names the parameter and the reason.

    Examples
    --------
    >>> @register
    ... def double(number: int) -> int:
    ...     \"\"\"Double a number.\"\"\"
    ...     return 2 * number
    >>> double(21)
    42
    """
    names, local_names = calling_namespace(1)

    def decorate(fn: F) -> F:
        _own_registry(names).add(make_offer(fn, cast("OfferOptions", options), namespace=local_names))
        return fn

    return decorate if fn is None else decorate(fn)


@overload
def workflow(fn: F, /) -> F: ...
@overload
def workflow(**options: Unpack[OfferOptions]) -> Callable[[F], F]: ...
def workflow(fn: Any = None, /, **options: Any) -> Any:
    """Offer a function that calls others, and goes on where it was after its agent was lost.

    Its calls and what it records are kept by the hub; a second run gets the same answers, so what lies between them
    has to be deterministic.  See `register` for the parameters.
    """
    names, local_names = calling_namespace(1)

    def decorate(fn: F) -> F:
        offer = make_offer(fn, cast("OfferOptions", options), namespace=local_names, execution=Execution.WORKFLOW)
        _own_registry(names).add(offer)
        return fn

    return decorate if fn is None else decorate(fn)


def startup(fn: F) -> F:
    """Run a function, sync or async, before the first task; what it returns (one or several) is shared.

    Functions take a shared value by annotating a parameter with its class, which is marked `context` or `state`.
    """
    _own_registry(calling_namespace(1)[0]).startups[_identity(fn)] = fn
    return fn


def shutdown(fn: F) -> F:
    """Run a function, sync or async, after the last task."""
    _own_registry(calling_namespace(1)[0]).shutdowns[_identity(fn)] = fn
    return fn


def background(fn: F) -> F:
    """Run a function, sync or async, beside the tasks, from the first to the last; where it fails, serving ends."""
    _own_registry(calling_namespace(1)[0]).backgrounds[_identity(fn)] = fn
    return fn
