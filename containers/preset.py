"""The kind of container that everything here is made of, and that presets can be derived from."""

from collections.abc import Mapping
from typing import Any, TypeVar

from dependency_injector import providers
from dependency_injector.containers import (  # type: ignore[attr-defined]  # missing in the stub
    DeclarativeContainer,
    DeclarativeContainerMetaClass,
)

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
        # One memo for all copies: a provider of the base or of its bases stays one and the same wherever it is needed.
        memo: dict[int, Any] = {}
        merged: dict[str, Any] = providers.deepcopy(dict(parents[0].providers), memo)
        for ancestor in parents[0].__mro__:
            _stand_in(getattr(ancestor, "providers", {}), merged, memo)
        for key, provider in providers.deepcopy(fresh, memo).items():
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


def effective(provider: AnyProvider) -> AnyProvider:
    """Return the provider that answers in the end, following overrides."""
    overriding = provider.last_overriding
    return provider if overriding is None else effective(overriding)


def _is_own_provider(value: object) -> bool:
    return isinstance(value, providers.Provider) and not isinstance(value, providers.Self)


def _stand_in(originals: Mapping[str, Any], copies: Mapping[str, Any], memo: dict[int, Any]) -> None:
    for name, original in originals.items():
        if name in copies:
            memo.setdefault(id(original), copies[name])
            if isinstance(original, providers.Container) and isinstance(copies[name], providers.Container):
                _stand_in(original.container.providers, copies[name].container.providers, memo)


def _put(merged: dict[str, Any], key: str, provider: Any) -> None:
    known = merged.get(key)
    if known is None:
        merged[key] = provider
    elif isinstance(known, providers.Container) and isinstance(provider, providers.Container):
        # Dependants hold what is in the base's nested container; the name stands for the new one, with its own inputs.
        for name, nested in provider.container.providers.items():
            if name in known.container.providers:
                _held(known.container.providers[name]).override(nested)
        merged[key] = provider
    else:
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
