"""Finds what would fail in a container before anything is made or started."""

import inspect
from collections.abc import Iterator
from typing import Any, Protocol, get_type_hints

from dependency_injector import errors, providers
from dependency_injector.containers import Container as AnyContainer

from arkitekt_di.containers.graph import declared, start_order
from arkitekt_di.containers.preset import AnyProvider, effective
from arkitekt_di.errors import CompositionError


def check(container: AnyContainer) -> None:
    """Look for holes, cycles and arguments that do not fit.

    Raises
    ------
    CompositionError
        Names the provider, and the path for a cycle.
    """
    try:
        container.check_dependencies()
    except errors.Error as error:
        raise CompositionError(str(error)) from error
    start_order(container)
    for name, provider in declared(container):
        answering = effective(provider)
        if isinstance(answering, providers.BaseSingleton | providers.Factory):
            _check_arguments(name, answering)


def _check_arguments(name: str, provider: Any) -> None:
    made = provider.provides
    try:
        bound = inspect.signature(made).bind(*provider.args, **provider.kwargs)
    except TypeError as error:
        raise CompositionError(
            f"{made.__name__} cannot be made with the arguments it is given: {error}", [name]
        ) from error
    hints = get_type_hints(made.__init__ if inspect.isclass(made) else made)
    for parameter, value in bound.arguments.items():
        if isinstance(value, providers.Provider):
            _check_type(name, parameter, hints.get(parameter), value)


def _check_type(name: str, parameter: str, wanted: Any, value: AnyProvider) -> None:
    given = _class_given_by(effective(value))
    if given is None or not inspect.isclass(wanted):
        return
    missing = _missing(given, wanted)
    if missing:
        reason = f"the argument {parameter!r} wants {wanted.__name__}, but {given.__name__} has no {', '.join(missing)}"
        raise CompositionError(reason, [name])


def _class_given_by(provider: AnyProvider) -> type | None:
    if isinstance(provider, providers.Object):
        return type(provider.provides)
    made = getattr(provider, "provides", None)
    return made if inspect.isclass(made) and isinstance(provider, providers.BaseSingleton | providers.Factory) else None


def _missing(given: type, wanted: type) -> list[str]:
    if Protocol in wanted.__mro__[1:]:
        return [member for member in _promised(wanted) if not hasattr(given, member)]
    return [] if issubclass(given, wanted) else [f"base {wanted.__name__}"]


def _promised(protocol: type) -> Iterator[str]:
    for base in protocol.__mro__:
        if getattr(base, "_is_protocol", False) and base is not Protocol:
            yield from (name for name in vars(base) if not name.startswith("_"))
