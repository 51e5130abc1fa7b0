"""The kind of container that everything here is made of, and that presets can be derived from."""

from collections.abc import Iterator, Mapping
from typing import Any, Self, TypeVar

from dependency_injector import providers
from dependency_injector.containers import (  # type: ignore[attr-defined]  # missing in the stub
    DeclarativeContainer,
    DeclarativeContainerMetaClass,
)

from arkitekt_di.containers.copying import Copies
from arkitekt_di.errors import CompositionError
from arkitekt_di.settings.suggestion import did_you_mean

T = TypeVar("T")

AnyProvider = providers.Provider[Any]


class Service(providers.ThreadSafeSingleton[T]):
    """Provider of an object that is started and stopped with the app, one for each app.

    The object's constructor does no I/O and waits for no thread: the lock of ``ThreadSafeSingleton`` is one for the
    whole process.
    """


class PresetMeta(DeclarativeContainerMetaClass):  # type: ignore[misc]  # missing in the stub
    """Makes a subclass of a container a preset: what it names anew, every dependant sees.

    dependency_injector's own ways do not: with a plain subclass the dependants keep the old provider, with ``copy``
    they get another instance than the container itself, and ``override`` on a class changes it for everybody.
    """

    def __new__(
        mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], *, adds: tuple[str, ...] = ()
    ) -> Any:
        """Create the container class.

        Parameters
        ----------
        name, bases, namespace
            As for every class.
        adds : tuple of str
            Names that are new in this preset.  Any other name must exist in the base, so that a misspelt one is an
            error.
        """
        parents: list[Any] = [base for base in bases if getattr(base, "providers", None)]
        if not parents:
            return super().__new__(mcs, name, bases, namespace)
        if len(parents) > 1:
            raise CompositionError(f"the preset {name} has more than one container as its base")
        fresh = {key: value for key, value in namespace.items() if _is_own_provider(value)}
        _check_names(name, fresh, parents[0].providers, adds)
        # All copies by one: a provider of the base or of its bases stays one and the same wherever it is needed.
        copies = Copies(_instead(fresh, parents[0]))
        merged = copies.of(parents[0].providers)
        for key, provider in copies.of(fresh).items():
            _put(merged, key, provider)
        others = {key: value for key, value in namespace.items() if key not in fresh}
        return super().__new__(mcs, name, bases, {**others, **merged, "replaces": frozenset(fresh)})

    def __init__(
        self, name: str, bases: tuple[type, ...], namespace: dict[str, Any], *, adds: tuple[str, ...] = ()
    ) -> None:
        super().__init__(name, bases, namespace)


class Container(DeclarativeContainer, metaclass=PresetMeta):
    """Base of every container of arkitekt_di; a subclass of a subclass is a preset."""

    auto_load_config = False  # there is no `Configuration` in them, and looking for one takes a quarter of making one

    def __new__(cls, **inputs: object) -> Self:
        """Return a container with a copy of every provider; *inputs* are objects or providers for its dependencies."""
        container: Any = cls.instance_type()
        container.declarative_parent = cls
        Copies().into(container, cls)
        if cls.auto_load_config:
            container.load_config()
        container.override_providers(**inputs)
        if container.is_auto_wiring_enabled():
            container.wire()
        made: Self = container  # of the class it is called for, as far as its users can tell
        return made


def effective(provider: AnyProvider) -> AnyProvider:
    """Return the provider that answers in the end, following overrides."""
    overriding = provider.last_overriding
    return provider if overriding is None else effective(overriding)


def _is_own_provider(value: object) -> bool:
    return isinstance(value, providers.Provider) and not isinstance(value, providers.Self)


def _instead(fresh: Mapping[str, Any], base: Any) -> dict[int, Any]:
    """Return what a preset of *base* has in place of other providers, by the ``id`` of those."""
    replaced = _nested(fresh, base.providers)
    found: dict[int, Any] = {}
    for ancestor in reversed(base.__mro__):
        found |= _same(getattr(ancestor, "providers", {}), base.providers)
    return {known: replaced.get(id(provider), provider) for known, provider in found.items()} | replaced


def _same(originals: Mapping[str, Any], base: Mapping[str, Any]) -> dict[int, Any]:
    """Return the providers of *base*, and those in its nested containers, by the ``id`` of what they are copies of."""
    found: dict[int, Any] = {}
    for name, original in originals.items():
        known = base.get(name)
        if known is not None and known is not original:
            found[id(original)] = known
            if isinstance(original, providers.Container) and isinstance(known, providers.Container):
                found |= _same(original.container.providers, known.container.providers)
    return found


def _nested(fresh: Mapping[str, Any], base: Mapping[str, Any]) -> dict[int, Any]:
    """Return the nested containers of *fresh*, and all in them, by the ``id`` of what they stand for in *base*.

    Dependants hold what is in the base's nested container, and get what is in the new one by the same name.
    """
    found: dict[int, Any] = {}
    for name, provider in fresh.items():
        known = base.get(name)
        if isinstance(known, providers.Container) and isinstance(provider, providers.Container):
            nested, replaced = provider.container.providers, known.container.providers
            found[id(known)] = provider
            found |= {id(held): nested[name] for name in nested if name in replaced for held in _chain(replaced[name])}
            found |= _nested(nested, replaced)
    return found


def _chain(known: AnyProvider) -> Iterator[AnyProvider]:
    """Yield what dependants may hold: a provider, and what presets before have put in its place."""
    yield known
    if known.last_overriding is not None and not isinstance(known, providers.Dependency):
        yield from _chain(known.last_overriding)


def _put(merged: dict[str, Any], key: str, provider: Any) -> None:
    known = merged.get(key)
    if known is None:
        merged[key] = provider
    elif known is not provider:
        _held(known).override(provider)  # in place: every dependant holds this very provider


def _held(known: AnyProvider) -> AnyProvider:
    """Return what dependants hold: the base's provider, or what a preset between has put in its place.

    What was given to a `Dependency` belongs to somebody else; its dependants hold the dependency itself.
    """
    return known if isinstance(known, providers.Dependency) else effective(known)


def _check_names(preset: str, fresh: Mapping[str, Any], base: Mapping[str, Any], adds: tuple[str, ...]) -> None:
    for name in fresh:
        if name not in base and name not in adds:
            raise CompositionError(
                f"the preset {preset} replaces {name!r}, which its base has not{did_you_mean(name, base)}"
            )
