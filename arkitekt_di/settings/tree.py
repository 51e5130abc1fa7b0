"""Values with their origins: what one layer says, and what all layers say together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from arkitekt_di.settings.origins import Key, Origin


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value."""

    value: object
    origin: Origin


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of values."""

    items: tuple["Node", ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class Branch:
    """A section.

    Attributes
    ----------
    origin : Origin
        Where the section is written.
    children : Mapping of str to Node
        What it holds.
    keys : Mapping of str to Origin
        Where the name of each child is written.
    """

    origin: Origin
    children: Mapping[str, "Node"] = field(default_factory=dict)
    keys: Mapping[str, Origin] = field(default_factory=dict)


Node = Leaf | Listing | Branch


def grown(names: Sequence[str], node: Node) -> Branch:
    """Return the tree that holds only *node*, below *names*."""
    for name in reversed(names):
        node = Branch(node.origin, {name: node}, {name: node.origin})
    if not isinstance(node, Branch):
        raise TypeError(names)
    return node


def merged(high: Branch, low: Branch) -> Branch:
    """Lay *high* over *low*: sections are joined, values and lists of *high* replace those of *low*."""
    children = dict(low.children)
    for name, above in high.children.items():
        below = children.get(name)
        if isinstance(above, Branch) and isinstance(below, Branch):
            children[name] = merged(above, below)
        else:
            children[name] = above
    return replace(high, children=children, keys={**low.keys, **high.keys})


def plain(node: Node) -> object:
    """Return the values alone, as dictionaries and lists."""
    if isinstance(node, Branch):
        return {name: plain(child) for name, child in node.children.items()}
    if isinstance(node, Listing):
        return [plain(item) for item in node.items]
    return node.value


def leaves(branch: Branch, above: Key = ()) -> Iterator[tuple[Key, Leaf | Listing]]:
    """Yield every value with its key; a list counts as one value."""
    for name, child in branch.children.items():
        if isinstance(child, Branch):
            yield from leaves(child, (*above, name))
        else:
            yield (*above, name), child


def nearest(branch: Branch, location: Sequence[str | int]) -> tuple[Key, Node]:
    """Follow *location* as far as it leads, and return the key and what stands there.

    Parts that lead nowhere are left out: pydantic puts the names of a union's members between the keys.
    """
    key: Key = ()
    node: Node = branch
    for part in location:
        if isinstance(node, Branch) and part in node.children:
            node = node.children[str(part)]
        elif isinstance(node, Listing) and isinstance(part, int) and part < len(node.items):
            node = node.items[part]
        else:
            continue
        key = (*key, part)
    return key, node
