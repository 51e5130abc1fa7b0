"""Settings that are not in files: builder arguments, ``--set`` and environment variables."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from pydantic import BaseModel

from arkitekt_di.settings.document import NULLS, read_document
from arkitekt_di.settings.layer import Layer
from arkitekt_di.settings.origins import Kind, Origin
from arkitekt_di.settings.tree import Branch, Leaf, Listing, Node, merged

ARGUMENT = Origin(Kind.ARGUMENT)
ASSIGNMENT = Origin(Kind.ASSIGNMENT)

NESTED_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*?__[A-Z0-9_]*")
"""Name of a variable, behind the prefix, that can only be meant as a setting: ``SECTION__KEY``."""


def argument_layers(arguments: Mapping[str, object]) -> Iterator[Layer]:
    """Yield a layer for each argument, the last first: it wins.

    Keys are dotted (``mikro.chunk_px``), or values nested, or both.
    """
    for key, value in reversed(list(arguments.items())):
        names = _names(key)
        if names is None:
            yield Layer.wrong(ARGUMENT, "must be a dotted key, such as 'mikro.chunk_px'", (str(key),))
        else:
            yield Layer.of(names, _argument(value), (), ARGUMENT)


def assignment_layers(assignments: Sequence[str]) -> Iterator[Layer]:
    """Yield a layer for each ``section.key=value``, the last first: it wins."""
    for assignment in reversed(assignments):
        key, equals, text = assignment.partition("=")
        names = _names(key.strip())
        if names is None or not equals:
            yield Layer.wrong(ASSIGNMENT, "must be section.key=value, such as mikro.chunk_px=512", (key.strip(),))
        else:
            yield _text_layer(names, text, ASSIGNMENT)


def environment_layers(
    environ: Mapping[str, str], *, prefix: str, foreign: Collection[str] = (), plain: Collection[str] = ()
) -> Iterator[Layer]:
    """Yield a layer for each variable that sets something.

    Parameters
    ----------
    environ : Mapping of str to str
        The variables; an empty one counts as not set.
    prefix : str
        Start of the names, such as ``ARKITEKT_``.
    foreign : Collection of str
        Longer prefixes that belong to somebody else.
    plain : Collection of str
        Keys outside any section.  Other names without ``__`` are left alone: they may mean
        something else, as ``ARKITEKT_CONFIG`` does.
    """
    for variable in sorted(environ):
        if not variable.startswith(prefix) or variable.startswith(tuple(foreign)) or not environ[variable]:
            continue
        rest = variable.removeprefix(prefix)
        if not NESTED_VARIABLE.fullmatch(rest) and rest.lower() not in plain:
            continue
        origin = Origin(Kind.ENVIRONMENT, variable)
        names = rest.lower().split("__")
        if all(names):
            yield _text_layer(names, environ[variable], origin)
        else:
            yield Layer.wrong(origin, f"must be {prefix}SECTION__KEY")


def named_layers(environ: Mapping[str, str], names: Mapping[str, str]) -> Iterator[Layer]:
    """Yield a layer for each variable that stands for one setting; its text is taken as it is, an empty one not at all.

    Parameters
    ----------
    environ : Mapping of str to str
        The variables.
    names : Mapping of str to str
        Variable to dotted key.
    """
    for variable, key in names.items():
        if text := environ.get(variable):
            origin = Origin(Kind.ENVIRONMENT, variable)
            yield Layer.of(key.split("."), Leaf(text, origin), (), origin)


def _names(key: object) -> list[str] | None:
    names = key.split(".") if isinstance(key, str) else []
    return names if names and all(names) else None


def _text_layer(names: Sequence[str], text: str, origin: Origin) -> Layer:
    """Return the layer that sets one key to what *text* says.

    A list, a mapping or quoted text is YAML.  Anything else is taken as it stands, and the type of the setting
    decides what it means: a name may be ``1.10``, or hold a colon.
    """
    if text[:1] in {"[", "{", '"', "'"}:
        document = read_document(text, origin, tuple(names))
        return Layer.of(names, document.node, document.problems, origin)
    return Layer.of(names, Leaf(None if text.strip() in NULLS else text, origin), (), origin)


def _argument(value: object) -> Node:
    if isinstance(value, BaseModel):
        return _argument({name: getattr(value, name) for name in value.model_fields_set})
    if isinstance(value, Mapping):
        return _section(value.items())
    if isinstance(value, list | tuple):
        return Listing(tuple(_argument(item) for item in value), ARGUMENT)
    return Leaf(value, ARGUMENT)


def _section(items: Iterable[tuple[object, object]]) -> Branch:
    branch = Branch(ARGUMENT)
    for key, value in items:
        names = _names(key) or [str(key)]  # a key that is no text is then an unknown one
        node = _argument(value)
        branch = merged(Layer.of(names, node, (), ARGUMENT).tree, branch)
    return branch
