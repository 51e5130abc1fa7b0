"""Fits the tree of one layer to a model: unknown keys, sections and values in each other's place, relative paths."""

from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

from pydantic import BaseModel

from arkitekt_di.errors import Problem
from arkitekt_di.settings.fields import element_in, holds, is_optional, section_in, settings_of
from arkitekt_di.settings.origins import Key, Origin, dotted
from arkitekt_di.settings.suggestion import nearest_name
from arkitekt_di.settings.tree import Branch, Leaf, Listing, Node, leaves


class Fitting:
    """The model that layers are fitted to, and the problems found on the way.

    Each layer is fitted alone, so that a misspelt key is found even where a stronger layer would hide it.
    """

    def __init__(self, model: type[BaseModel]) -> None:
        self.problems: list[Problem] = []
        self._model = model

    def fit(self, tree: Branch) -> Branch:
        """Return what of *tree* has its place in the model."""
        return self._branch(tree, self._model, ())

    def _branch(self, branch: Branch, model: type[BaseModel], above: Key) -> Branch:
        children: dict[str, Node] = {}
        for name, node in branch.children.items():
            key = (*above, name)
            field = model.model_fields.get(name)
            if field is None:
                self._refuse(branch.keys[name], key, self._unknown(name, model))
            elif (fitted := self._node(node, field.annotation, key)) is not None:
                children[name] = fitted
        return replace(branch, children=children)

    def _node(self, node: Node, annotation: Any, key: Key) -> Node | None:
        section = section_in(annotation)
        if isinstance(node, Branch):
            return self._branch(node, section, key) if section else self._values(node, element_in(annotation), key)
        if isinstance(node, Listing):
            element = element_in(annotation)
            items = [self._node(item, element, (*key, index)) for index, item in enumerate(node.items)]
            return replace(node, items=tuple(item for item in items if item is not None))
        if section is None:
            return self._path(node, key) if holds(annotation, PurePath) else node
        if node.value is None:
            return node if is_optional(annotation) else None  # a section whose keys are all commented out
        self._refuse(node.origin, key, f"is a section: write its keys below it ({', '.join(section.model_fields)})")
        return None

    def _values(self, branch: Branch, annotation: Any, above: Key) -> Branch:
        children = _with_dotted_names(branch) if annotation is str else branch.children
        fitted = {name: self._node(node, annotation, (*above, name)) for name, node in children.items()}
        return replace(branch, children={name: node for name, node in fitted.items() if node is not None})

    def _path(self, leaf: Leaf, key: Key) -> Leaf | None:
        """Make a path that a file names relative to that file; ``~`` is the user's home everywhere."""
        if not isinstance(leaf.value, str):
            return leaf
        try:
            path = Path(leaf.value).expanduser()
        except RuntimeError:
            self._refuse(leaf.origin, key, "no home folder of that name: write the whole path")
            return None
        if leaf.origin.kind.is_file:
            path = Path(leaf.origin.name).absolute().parent / path
        return replace(leaf, value=path)

    def _unknown(self, name: str, model: type[BaseModel]) -> str:
        everywhere = [setting.key for setting in settings_of(self._model)]
        if "." in name and tuple(name.split(".")) in everywhere:
            section, _, last = name.rpartition(".")
            return f"unknown key: write {last!r} below the section '{section}:'"
        if match := nearest_name(name, model.model_fields):
            return f"unknown key, did you mean {match!r}?"
        if elsewhere := [repr(dotted(key)) for key in everywhere if key[-1] == name]:
            return f"unknown key, did you mean {' or '.join(elsewhere)}?"
        return f"unknown key; known here: {', '.join(model.model_fields)}"

    def _refuse(self, origin: Origin, key: Key, message: str) -> None:
        self.problems.append(origin.problem(key, message))


def _with_dotted_names(branch: Branch) -> dict[str, Node]:
    """Return what stands in a mapping to text: a section in it is the beginning of a name with dots."""
    return {dotted(key): leaf for key, leaf in leaves(branch)}
