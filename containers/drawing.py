"""What a container consists of, as a list and as a drawing: each provider, what it needs, and who put it there."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from dependency_injector.containers import Container as AnyContainer

from arkitekt_di.containers.graph import chosen, declared, label, names, nearest_named, needs
from arkitekt_di.containers.preset import effective


@dataclass(frozen=True)
class Node:
    """One provider.

    Attributes
    ----------
    name : str
        Dotted, as it is overridden.
    gives : str
        Name of the class of what it gives, or of what makes that.
    needs : tuple of str
        Names of the providers that it asks.
    put_there_by : tuple of str
        Who put it there, the one that holds first; empty where it is as the base declares it.
    """

    name: str
    gives: str
    needs: tuple[str, ...]
    put_there_by: tuple[str, ...]


def nodes(container: AnyContainer, chain: Callable[[str], Iterable[str]]) -> Iterator[Node]:
    """Yield each named provider of a container; *chain* tells by the name who put something in its place."""
    named = names(container)
    for name, provider in declared(container):
        answering = chosen(effective(provider))
        needed = dict.fromkeys(nearest_named(needs(provider), named))
        yield Node(name, label(answering), tuple(needed), tuple(chain(name)))


def mermaid(drawn: Iterable[Node]) -> str:
    """Draw nodes in the Mermaid language; what was replaced has a dashed frame and tells by whom."""
    every = list(drawn)
    boxes = [f'  {_node(node.name)}["{"<br/>".join(_lines(node))}"]' for node in every]
    edges = [f"  {_node(node.name)} --> {_node(needed)}" for node in every for needed in node.needs]
    replaced = [_node(node.name) for node in every if node.put_there_by]
    lines = ["graph TD", *boxes, *edges]
    if replaced:
        lines += ["  classDef replaced stroke-dasharray: 5 5", f"  class {','.join(replaced)} replaced"]
    return "\n".join(lines)


def _lines(node: Node) -> Iterator[str]:
    yield node.name
    yield node.gives
    if node.put_there_by:
        yield f"put there by {node.put_there_by[0]}".replace('"', "#quot;")


def _node(name: str) -> str:
    return name.replace(".", "_")
