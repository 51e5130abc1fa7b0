"""Copies providers, so that a container shares nothing with its class."""

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from functools import cache
from types import MappingProxyType
from typing import Any

from dependency_injector import providers
from dependency_injector.containers import DynamicContainer

from arkitekt_di.errors import CompositionError

_SHARED = (str, bytes, int, float, type(None), type)
"""Kinds of arguments that nobody can change, and that are therefore not copied."""


class Copies:
    """Copies of providers and of all that they need: what several of them need is copied once.

    The library has ``deepcopy`` for it, which makes each provider empty, fills it afterwards, and asks Python's
    ``copy`` for every tuple, mapping and argument on the way.  Here a provider is made with its arguments, in a third
    of the time.  Kinds of providers that are not known here are left to the library: it finds what has been copied in
    the same memo.

    Parameters
    ----------
    instead : Mapping of int to provider
        What is copied in place of another provider, by the ``id`` of that.

    Attributes
    ----------
    memo : dict of int to object
        The copy of each original by the ``id`` of the original, as ``copy.deepcopy`` has it.

    Raises
    ------
    CompositionError
        Something that a provider is given cannot be copied.
    """

    def __init__(self, instead: Mapping[int, Any] = MappingProxyType({})) -> None:
        self.memo: dict[int, Any] = {}
        self._instead = instead
        self._begun: set[int] = set()
        self._overridden: list[tuple[Any, Any]] = []

    def of(self, originals: Mapping[str, Any]) -> dict[str, Any]:
        """Return a copy of each provider with what it is overridden by, by its name."""
        copies = self.named(originals)
        self._override()
        return copies

    def into(self, made: Any, source: Any) -> None:
        """Put a copy of all that the container *source* has into *made*, with what it is overridden by."""
        _fill(self, made, source)
        self._override()

    def _override(self) -> None:
        # Not before all that is needed is copied: what a provider is overridden by may need that very provider.
        while self._overridden:
            original, copy = self._overridden.pop()
            for overriding in original.overridden:
                copy.override(self.one(overriding))

    def one(self, original: Any) -> Any:
        """Return the copy of a provider, or of anything that a provider is given."""
        if self._instead:
            original = self._instead.get(id(original), original)
        known = self.memo.get(id(original))
        if known is not None:
            return known
        kind: Any = type(original)
        make = _maker(kind)
        if make is None and issubclass(kind, _SHARED):
            return original
        if make is None or id(original) in self._begun:  # begun and not made yet: it needs itself, by way of others
            return self._by_library(original)
        self._begun.add(id(original))
        copy = make(self, original)
        known = self.memo.setdefault(id(original), copy)  # the library may have copied it, on the way to its arguments
        if known is copy and original.last_overriding is not None:
            self._overridden.append((original, copy))
        return known

    def each(self, originals: Iterable[Any]) -> list[Any]:
        """Return a copy of each."""
        return [self.one(original) for original in originals]

    def named(self, originals: Mapping[str, Any]) -> dict[str, Any]:
        """Return a copy of each, by its name."""
        return {name: self.one(original) for name, original in originals.items()}

    def provided(self, original: Any) -> Any:
        """Return the copy of a provider, and anything else as it is: what is to be called is not copied."""
        return self.one(original) if isinstance(original, providers.Provider) else original

    def _by_library(self, original: Any) -> Any:
        try:
            return providers.deepcopy(original, self.memo)
        except (TypeError, RecursionError) as error:  # raised by ``copy`` and by what it asks to reduce an object
            kind = type(original).__name__
            raise CompositionError(
                f"each container has a copy of what its providers are given, and a {kind} cannot be copied ({error}). "
                "Give it as providers.Object(...), which all containers share"
            ) from error


def _attribute(copies: Copies, original: Any) -> Any:
    return type(original)(copies.provided(original.provides), original.name)


def _call(copies: Copies, original: Any) -> Any:
    arguments, named = copies.each(original.args), copies.named(original.kwargs)
    return type(original)(copies.provided(original.provides), *arguments, **named)


def _choice(copies: Copies, original: Any) -> Any:
    return type(original)(copies.one(original.selector), **copies.named(original.providers))


def _dependency(copies: Copies, original: Any) -> Any:
    return type(original)(original.instance_of, copies.one(original.default))


def _dict(copies: Copies, original: Any) -> Any:
    return type(original)(copies.named(original.kwargs))


def _instance(copies: Copies, original: Any) -> Any:
    copy = _call(copies, original)
    if original.attributes:
        copy.set_attributes(**copies.named(original.attributes))
    return copy


def _list(copies: Copies, original: Any) -> Any:
    return type(original)(*copies.each(original.args))


def _nested(copies: Copies, original: Any) -> Any:
    container = original.container
    made: DynamicContainer = type(container)()
    copies.memo[id(container)] = made
    made.declarative_parent = container.declarative_parent
    _fill(copies, made, container)
    copy = type(original)(container.declarative_parent, made)
    made.assign_parent(copy)
    return copy


def _fill(copies: Copies, made: Any, source: Any) -> None:
    made.provider_type = source.provider_type
    made.wiring_config = deepcopy(source.wiring_config)
    copies.memo[id(source.__self__)] = made.__self__
    made.__self__.set_alt_names(source.__self__.alt_names)
    for name in source.__self__.alt_names:
        made.set_provider(name, made.__self__)
    for name, provider in copies.named(source.providers).items():
        made.set_provider(name, provider)


def _object(_: Copies, original: Any) -> Any:
    return type(original)(original.provides)  # as it is, whatever it is


def _whole(copies: Copies, original: Any) -> Any:
    return type(original)(copies.provided(original.provides))


_MAKERS: Mapping[type, Callable[[Copies, Any], Any]] = {
    providers.AttributeGetter: _attribute,
    providers.Callable: _call,
    providers.Container: _nested,
    providers.Dependency: _dependency,
    providers.Dict: _dict,
    providers.Factory: _instance,
    providers.List: _list,
    providers.Object: _object,
    providers.ProvidedInstance: _whole,
    providers.Selector: _choice,
    providers.Singleton: _instance,
    providers.ThreadSafeSingleton: _instance,
}

_OWN_WAYS = ("__new__", "__init__", "__deepcopy__")


@cache
def _maker(kind: type) -> Callable[[Copies, Any], Any] | None:
    """Return what copies a provider of *kind*; none for a subclass that is made or copied in a way of its own."""
    for known, make in _MAKERS.items():
        if issubclass(kind, known) and all(getattr(kind, way) is getattr(known, way) for way in _OWN_WAYS):
            return make
    return None
