"""One source of settings: what it says, and what is wrong with it already."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from arkitekt_di.errors import Problem
from arkitekt_di.settings.origins import Key, Origin
from arkitekt_di.settings.tree import Branch, Node, grown


@dataclass(frozen=True, slots=True)
class Layer:
    """What one file, variable or argument says.

    Attributes
    ----------
    tree : Branch
        The values with their origins.
    problems : tuple of Problem
        What could not be read.
    """

    tree: Branch
    problems: tuple[Problem, ...] = ()

    @classmethod
    def of(cls, names: Sequence[str], node: Node | None, problems: Sequence[Problem], origin: Origin) -> "Layer":
        """Return the layer that sets one key; *node* None sets nothing."""
        return cls(Branch(origin) if node is None else grown(names, node), tuple(problems))

    @classmethod
    def wrong(cls, origin: Origin, message: str, key: Key = ()) -> "Layer":
        """Return a layer that sets nothing because of one problem."""
        return cls(Branch(origin), (origin.problem(key, message),))

    def with_problems(self, problems: Sequence[Problem]) -> "Layer":
        """Return the same layer with more problems."""
        return replace(self, problems=(*self.problems, *problems))
