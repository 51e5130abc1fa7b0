"""Replaces providers of one container for a while."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from dependency_injector import providers
from dependency_injector.containers import Container as AnyContainer

from arkitekt_di.containers.graph import walk
from arkitekt_di.containers.preset import AnyProvider, effective
from arkitekt_di.errors import CompositionError
from arkitekt_di.settings.suggestion import did_you_mean


def find_provider(container: AnyContainer, name: str) -> AnyProvider:
    """Return the provider that answers for the dotted *name*, such as ``mikro`` or ``fakts.discovery``.

    Raises
    ------
    CompositionError
        There is none; the error tells the nearest.
    """
    known = dict(walk(container))
    if name not in known:
        raise CompositionError(f"there is no provider {name!r} to override{did_you_mean(name, known)}")
    return effective(known[name])  # what a preset put there is what its dependants hold


def replace(container: AnyContainer, name: str, value: object) -> None:
    """Let the provider *name* give *value* from now on; *value* is an object or a provider."""
    find_provider(container, name).override(_as_provider(value))


@contextmanager
def overriding(container: AnyContainer, values: Mapping[str, object]) -> Iterator[None]:
    """Let the named providers give *values* while the block runs.

    Blocks may nest, and may overlap: of those that run, the last that began counts, and each takes back its own only.
    ``reset_override()`` of dependency_injector is of no use here: it drops what the preset overrides, too.
    """
    found = {name: find_provider(container, name) for name in values}  # all names are checked before any is replaced
    with ExitStack() as stack:
        for name, provider in found.items():
            replacement = _as_provider(values[name])
            provider.override(replacement)
            stack.callback(_take_back, dict(walk(container))[name], replacement)
        container.reset_singletons()
        try:
            yield
        finally:
            container.reset_singletons()


def _take_back(provider: AnyProvider, replacement: AnyProvider) -> None:
    """Take *replacement* out of the chain that begins at *provider*; what was put over it stays."""
    while (above := provider.last_overriding) is not None and above is not replacement:
        provider = above
    if above is None:
        return  # what it was put over has been replaced for good meanwhile
    provider.reset_last_overriding()
    if (later := replacement.last_overriding) is not None:
        replacement.reset_last_overriding()
        provider.override(later)


def _as_provider(value: object) -> providers.Provider[Any]:
    return value if isinstance(value, providers.Provider) else providers.Object(value)
