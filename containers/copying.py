"""Copies providers, so that a container shares nothing with its class."""

from collections.abc import Callable, Iterable, Mapping
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

    The library has ``deepcopy`` for it, which makes each provider empty, fills it afterwards, and asks Python's ``copy``
    for every tuple, mapping and argument on the way.  Here a provider is made with its arguments, in a third of the
    time.  Kinds of providers that are not known here are left to the library: it finds what has been copied in the same
    memo.

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
        self._instead = instead
        self.memo: dict[int, Any] = {}
        self._begun: set[int] = set()
        self._overridden: list[tuple[Any, Any]] = []

    def of(self, originals: Mapping[str, Any]) -> dict[str, Any]:
        """Return a copy of each provider, by its name."""
        copies = self._named(originals)
        # Not before all that is needed is copied: what a provider is overridden by may need that very provider.
        while self._overridden:
            original, copy = self._overridden.pop()
            for overriding in original.overridden:
                copy.override(self._copy(overriding))
        return copies

    def _copy(self, original: Any) -> Any:
        original = self._instead.get(id(original), original)
        known = self.memo.get(id(original))
        if known is not None:
            return known
        kind: Any = type(original)
        if issubclass(kind, _SHARED):
            return original
        make = _maker(kind)
        if make is None or id(original) in self._begun:  # begun and not made yet: it needs itself, by way of others
            return self._copy_by_library(original)
        self._begun.add(id(original))
        copy = make(self, original)
        known = self.memo.setdefault(id(original), copy)  # the library may have copied it, on the way to its arguments
        if known is copy and original.last_overriding is not None:
            self._overridden.append((original, copy))
        return known

    def _copy_by_library(self, original: Any) -> Any:
        try:
            return providers.deepcopy(original, self.memo)
        except (TypeError, RecursionError) as error:  # raised by ``copy`` and by what it asks to reduce an object
            kind = type(original).__name__
            raise CompositionError(
                f"each container has a copy of what its providers are given, and a {kind} cannot be copied ({error}). "
                "Give it as providers.Object(...), which all containers share"
            ) from error

    def _named(self, originals: Mapping[str, Any]) -> dict[str, Any]:
        return {name: self._copy(original) for name, original in originals.items()}

    def _all(self, originals: Iterable[Any]) -> list[Any]:
        return [self._copy(original) for original in originals]

    def _provided(self, original: Any) -> Any:
        return self._copy(original) if isinstance(original, providers.Provider) else original

    def _object(self, original: Any) -> Any:
        return type(original)(original.provides)  # as it is, whatever it is

    def _whole(self, original: Any) -> Any:
        return providers.ProvidedInstance(self._provided(original.provides))

    def _attribute(self, original: Any) -> Any:
        return providers.AttributeGetter(self._provided(original.provides), original.name)

    def _call(self, original: Any) -> Any:
        return type(original)(
            self._provided(original.provides), *self._all(original.args), **self._named(original.kwargs)
        )

    def _instance(self, original: Any) -> Any:
        copy = self._call(original)
        if original.attributes:
            copy.set_attributes(**self._named(original.attributes))
        return copy

    def _choice(self, original: Any) -> Any:
        return providers.Selector(self._copy(original.selector), **self._named(original.providers))

    def _dependency(self, original: Any) -> Any:
        return providers.Dependency(original.instance_of, self._copy(original.default))

    def _list(self, original: Any) -> Any:
        return providers.List(*self._all(original.args))

    def _dict(self, original: Any) -> Any:
        return providers.Dict(self._named(original.kwargs))

    def _nested(self, original: Any) -> Any:
        container = original.container
        copy = providers.Container(container.declarative_parent, self._container(container))
        copy.container.assign_parent(copy)
        return copy

    def _container(self, original: DynamicContainer) -> DynamicContainer:
        copy = type(original)()
        self.memo[id(original)] = copy
        copy.declarative_parent = original.declarative_parent
        for name, provider in self._named(original.providers).items():
            copy.set_provider(name, provider)
        return copy


_MAKERS: Mapping[type, Callable[[Copies, Any], Any]] = {
    providers.AttributeGetter: Copies._attribute,
    providers.Callable: Copies._call,
    providers.Container: Copies._nested,
    providers.Dependency: Copies._dependency,
    providers.Dict: Copies._dict,
    providers.Factory: Copies._instance,
    providers.List: Copies._list,
    providers.Object: Copies._object,
    providers.ProvidedInstance: Copies._whole,
    providers.Selector: Copies._choice,
    providers.Singleton: Copies._instance,
    providers.ThreadSafeSingleton: Copies._instance,
}

_OWN_WAYS = ("__new__", "__init__", "__deepcopy__")


@cache
def _maker(kind: type) -> Callable[[Copies, Any], Any] | None:
    """Return what copies a provider of *kind*; none for a subclass that is made or copied in a way of its own."""
    for known, make in _MAKERS.items():
        if issubclass(kind, known) and all(getattr(kind, way) is getattr(known, way) for way in _OWN_WAYS):
            return make
    return None
