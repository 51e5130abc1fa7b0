"""Classes that settings put in the place of services, by name."""

import inspect
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from dependency_injector import providers
from dependency_injector.containers import Container as AnyContainer

from arkitekt_di.containers.explaining import Replacement
from arkitekt_di.containers.graph import chosen, has_life
from arkitekt_di.containers.overriding import find_provider, replace
from arkitekt_di.containers.preset import AnyProvider, Service
from arkitekt_di.errors import CompositionError, ConfigurationError, Problem
from arkitekt_di.settings.load import Loaded
from arkitekt_di.settings.models import AppSettings


def put_named_classes(container: AnyContainer, loaded: Loaded[AppSettings]) -> Iterator[Replacement]:
    """Let the classes that the settings name stand for services; yield what was replaced, by which line of which file.

    Raises
    ------
    ConfigurationError
        A name is of no provider, leads to no class, or to one that takes other arguments; all problems at once.
    """
    found: dict[str, AnyProvider] = {}
    problems: list[Problem] = []
    for name, path in loaded.settings.overrides.items():
        try:
            found[name] = _provider_of(path, find_provider(container, name))
        except CompositionError as error:
            key = f"overrides.{name}"
            problems.append(loaded.origin(key).problem((key,), str(error)))
    if problems:
        raise ConfigurationError(problems)  # before anything is replaced
    for name, provider in found.items():
        replace(container, name, provider)
        yield Replacement(name, str(loaded.origin(f"overrides.{name}")))


def _provider_of(path: str, replaced: AnyProvider) -> AnyProvider:
    """Return what makes the class at *path* with the arguments of the class that it stands for; one without takes none.

    Raises
    ------
    CompositionError
        There is no such class, or it takes other arguments.
    """
    named = _class_at(path)
    maker: Any = chosen(replaced)
    kind = Service if has_life(replaced) else providers.ThreadSafeSingleton
    if not inspect.signature(named).parameters:
        return kind(named)
    if not isinstance(maker, providers.BaseSingleton | providers.Factory):
        raise CompositionError(f"{path} takes arguments, and there are none for it here. Name a class that takes none")
    try:
        inspect.signature(named).bind(*maker.args, **maker.kwargs)
    except TypeError as error:
        stands_for = getattr(maker.provides, "__name__", "what it stands for")
        reason = f"{path} does not take the arguments of {stands_for}: {error}. Derive it from that class"
        raise CompositionError(reason) from error
    return kind(named, *maker.args, **maker.kwargs)


def _class_at(path: str) -> type:
    module, colon, name = path.partition(":")
    if not (module and colon and name.isidentifier()):
        raise CompositionError(f"{path!r} is no class: write module:Class, such as our_lab.records:LabRecords")
    try:
        found = getattr(import_module(module), name)
    except Exception as error:
        raise CompositionError(
            f"{path} cannot be imported: {type(error).__name__}: {error}. Install its package"
        ) from error
    if not inspect.isclass(found):
        raise CompositionError(f"{path} is no class, but a {type(found).__name__}. Name a class")
    return found
