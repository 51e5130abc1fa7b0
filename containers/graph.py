"""The provider graph of a container: names, needs, order of start, cycles."""

from collections.abc import Iterable, Iterator
from typing import Any

from dependency_injector import providers
from dependency_injector.containers import Container as AnyContainer

from arkitekt_di.containers.preset import AnyProvider, Service, effective
from arkitekt_di.errors import CompositionError
from arkitekt_di.protocols.service import Service as ServicePromise

MAIN_PROVIDER = "service"
"""The provider in a service's container that stands for the service itself."""


def needs(provider: AnyProvider) -> Iterator[AnyProvider]:
    """Yield the providers that *provider* asks when it is called, following overrides."""
    answering = effective(provider)
    overridden = answering.overridden
    yield from (related for related in answering.related if related is not answering and related not in overridden)


def names(container: AnyContainer) -> dict[int, str]:
    """Return the dotted name of each provider by the ``id`` of the one that answers for it.

    A service is called by its container: ``mikro.service`` is ``mikro``.  A `Dependency` only passes on what it was
    given, so it lends its name to nothing.
    """
    return {id(effective(provider)): name for name, provider in declared(container)}


def declared(container: AnyContainer) -> Iterator[tuple[str, AnyProvider]]:
    """Yield every named provider that makes or chooses something, with its dotted name."""
    return ((name, provider) for name, provider in walk(container) if not isinstance(provider, providers.Dependency))


def walk(container: AnyContainer, prefix: str = "") -> Iterator[tuple[str, AnyProvider]]:
    """Yield every named provider of a container and of the containers in it, with its dotted name."""
    for name, provider in container.providers.items():
        if isinstance(provider, providers.Container):
            yield from walk(provider.container, f"{prefix}{name}.")
        else:
            full = f"{prefix}{name}"
            yield full.removesuffix(f".{MAIN_PROVIDER}"), provider


def start_order(container: AnyContainer) -> list[tuple[str, AnyProvider]]:
    """Return the services of a container, each after everything that it needs.

    Raises
    ------
    CompositionError
        The graph has a cycle; the error draws it.
    """
    named = names(container)
    order: list[tuple[str, AnyProvider]] = []
    done: set[int] = set()
    path: list[AnyProvider] = []

    def visit(provider: AnyProvider) -> None:
        provider = effective(provider)
        if id(provider) in done:
            return
        if provider in path:
            raise CompositionError(
                "the services need one another in a circle", _draw(path[path.index(provider) :], named)
            )
        path.append(provider)
        for needed in needs(provider):
            visit(needed)
        path.pop()
        done.add(id(provider))
        if has_life(provider):
            order.append((named.get(id(provider), "?"), provider))

    for _name, provider in walk(container):
        visit(provider)
    return order


def has_life(provider: AnyProvider) -> bool:
    """Tell whether what *provider* gives is started and stopped with the app."""
    if isinstance(provider, Service):
        return True
    # An instance that somebody put in the place of a service is started too, if it can be.
    return isinstance(provider, providers.Object) and isinstance(provider.provides, ServicePromise)


def chosen(provider: AnyProvider) -> AnyProvider:
    """Return what a choice takes by the settings in use; any other provider is itself."""
    while isinstance(provider, providers.Selector):
        choice: Any = provider.selector  # declared as optional, though a choice has always one
        provider = effective(provider.providers[choice()])
    return provider


def nearest_named(found: Iterable[AnyProvider], named: dict[int, str]) -> Iterator[str]:
    """Yield the names of the providers in *found*, or of what those need that have none."""
    for provider in found:
        name = named.get(id(effective(provider)))
        if name is not None:
            yield name
        else:
            yield from nearest_named(needs(provider), named)


def label(provider: AnyProvider) -> str:
    """Return what a provider gives, in a word."""
    provides = getattr(provider, "provides", None)
    if isinstance(provider, providers.Object):
        return type(provides).__name__
    return getattr(provides, "__name__", type(provider).__name__)


def _draw(path: list[AnyProvider], named: dict[int, str]) -> list[str]:
    drawn = [named[id(provider)] for provider in path if id(provider) in named]
    return [*drawn, *drawn[:1]]
