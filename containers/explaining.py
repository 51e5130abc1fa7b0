"""Says where a provider comes from: which preset or override put it there, what it needs, which settings it has."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dependency_injector import providers
from dependency_injector.containers import Container as AnyContainer

from arkitekt_di.containers.graph import MAIN_PROVIDER, chosen, label, names, nearest_named, needs
from arkitekt_di.containers.overriding import find_provider
from arkitekt_di.settings.listing import lines_of
from arkitekt_di.settings.load import Loaded
from arkitekt_di.settings.models import AppSettings


@dataclass(frozen=True)
class Replacement:
    """One thing that was put in the place of a provider.

    Attributes
    ----------
    name : str
        Dotted name of the provider.
    by : str
        Who did it, such as ``builder 'lab'``.
    """

    name: str
    by: str


def replaced_by(kind: type, name: str) -> Iterator[str]:
    """Yield the preset classes that put something else at the dotted *name*, the one that holds first."""
    head, _, rest = name.partition(".")
    for preset in kind.__mro__:
        if head not in vars(preset).get("replaces", ()):
            continue
        provider = getattr(preset, "providers", {})[head]
        if not isinstance(provider, providers.Container):
            yield preset.__name__
        else:
            yield from replaced_by(provider.container.declarative_parent, rest or MAIN_PROVIDER)


def put_there_by(container: AnyContainer, name: str, history: Iterable[Replacement]) -> list[str]:
    """Return who put something at the dotted *name*, the one that holds first; nobody where it is as it was declared.

    Parameters
    ----------
    container : Container
    name : str
    history : iterable of Replacement
        What was replaced in this very container, the earliest first.
    """
    chain = [step.by for step in reversed(list(history)) if step.name == name]
    return chain + [f"preset {preset}" for preset in replaced_by(type_of(container), name)]


def explain(
    container: AnyContainer, name: str, *, history: Iterable[Replacement], loaded: Loaded[AppSettings] | None
) -> str:
    """Return a few lines about the provider *name*.

    Parameters
    ----------
    container : Container
    name : str
        Dotted, as ``arkitekt-di graph`` shows it.
    history : iterable of Replacement
        What was replaced in this very container, the earliest first.
    loaded : Loaded or None
        The settings with their origins; None where only the container is known.

    Raises
    ------
    CompositionError
        There is no such provider; the error tells the nearest.
    """
    provider = chosen(find_provider(container, name))
    named = names(container)
    lines = [name, f"  is {label(provider)}"]
    chain = put_there_by(container, name, history)
    lines += [f"  put there by {by}" for by in chain[:1]]
    lines += [f"  over {by}" for by in chain[1:]]
    lines += [f"  needs {needed}" for needed in dict.fromkeys(nearest_named(needs(provider), named))]
    if loaded is not None:
        section = name.partition(".")[0]
        lines += [
            f"  setting {'.'.join(line.key)} = {line.value!r}, from {line.origin}"
            for line in lines_of(loaded)
            if line.key[0] == section
        ]
    return "\n".join(lines)


def type_of(container: AnyContainer) -> type:
    """Return the class that a container was made from."""
    kind: type = getattr(container, "declarative_parent", None) or type(container)
    return kind
