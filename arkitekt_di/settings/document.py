"""YAML as a tree of text with positions; what a value means is decided by the setting that takes it.

Only the plain core of YAML is read: sections, lists and scalars.  Tags, anchors and aliases are refused, so a
file can neither make objects nor grow when it is read.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from arkitekt_di.errors import Problem
from arkitekt_di.settings.interpolation import interpolated
from arkitekt_di.settings.origins import Key, Origin
from arkitekt_di.settings.tree import Branch, Leaf, Listing, Node

MAX_DEPTH = 32
"""Sections and lists inside one another; settings have three."""

MAX_NODES = 10_000
"""Sections, lists and values of one document: far more than there are settings, and read within a second or two."""

NULLS = frozenset({"", "~", "null", "Null", "NULL"})
"""Plain scalars that mean "no value": YAML 1.2.2, section 10.2.1.1."""

TAG_NAME = re.compile(r"'!.*'")
"""What the parser quotes of an unknown tag; text that should have been in quotes may look like one."""


@dataclass(frozen=True, slots=True)
class Document:
    """What a YAML text says: nothing at all, or one node."""

    node: Node | None
    problems: tuple[Problem, ...]


def read_document(text: str, origin: Origin, key: Key = (), environ: Mapping[str, str] | None = None) -> Document:
    """Read the one YAML document in *text*.

    Parameters
    ----------
    text : str
        The YAML.
    origin : Origin
        Where the text stands.
    key : Key
        Key that the text is the value of; empty for a whole file.
    environ : Mapping of str to str, optional
        Variables for ``${NAME}``; without it such text is left as it is.
    """
    composer = _Composer(origin, environ)
    try:
        node = composer.document(iter(YAML(typ="safe", pure=True).parse(text)), key)
    except MarkedYAMLError as error:
        where = origin.at(error.problem_mark.line + 1, error.problem_mark.column + 1)
        reason = TAG_NAME.sub("'!'", error.problem)
        return Document(None, (*composer.problems, where.problem(key, f"not valid YAML: {reason}")))
    except ReaderError as error:
        before = text[: error.position]
        where = origin.at(before.count("\n") + 1, error.position - before.rfind("\n"))
        return Document(None, (*composer.problems, where.problem(key, "a character that YAML does not allow")))
    except (YAMLError, ValueError, OverflowError):
        # ruamel.yaml lets some errors of chr() and int() through, such as that of "\UFFFFFFFF".
        return Document(None, (*composer.problems, origin.problem(key, "not valid YAML")))
    return Document(node, tuple(composer.problems))


class _Composer:
    """Builds the tree from the events of the parser; a node that is refused becomes a problem and None."""

    def __init__(self, origin: Origin, environ: Mapping[str, str] | None) -> None:
        self.problems: list[Problem] = []
        self._origin = origin
        self._environ = environ
        self._nodes = 0

    def document(self, events: Iterator[Event], key: Key) -> Node | None:
        node: Node | None = None
        documents = 0
        for event in events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._refuse(event, key, "a second YAML document: keep one, without '---' lines")
                    break
                node = self._node(next(events), events, key)
        return node

    def _node(self, event: Event, events: Iterator[Event], key: Key, depth: int = 0) -> Node | None:
        self._nodes += 1
        if depth > MAX_DEPTH or self._nodes > MAX_NODES:
            bound = f"{MAX_DEPTH} levels" if depth > MAX_DEPTH else f"{MAX_NODES} values"
            raise MarkedYAMLError(problem=f"more than {bound}", problem_mark=event.start_mark)
        node: Node | None
        if isinstance(event, MappingStartEvent):
            node = self._branch(event, events, key, depth)
        elif isinstance(event, SequenceStartEvent):
            node = self._listing(event, events, key, depth)
        elif isinstance(event, ScalarEvent):
            node = self._leaf(event, key)
        elif isinstance(event, AliasEvent):
            node = None
        else:
            raise TypeError(event)
        return node if self._is_plain(event, key) else None

    def _is_plain(self, event: AliasEvent | ScalarEvent | CollectionStartEvent, key: Key) -> bool:
        # The names stay out of the messages: they may be the start of a password that should have been quoted.
        if isinstance(event, AliasEvent):
            message = "'*' begins an alias, which is not supported: write the value itself, or put text in quotes"
        elif event.anchor is not None:
            message = "'&' begins an anchor, which is not supported: remove it, or put text in quotes"
        elif event.tag is not None:
            message = "'!' begins a tag, which is not supported: remove it, or put text in quotes"
        else:
            return True
        self._refuse(event, key, message)
        return False

    def _branch(self, start: Event, events: Iterator[Event], key: Key, depth: int) -> Branch:
        children: dict[str, Node] = {}
        keys: dict[str, Origin] = {}
        for event in _until(MappingEndEvent, events):
            name = self._name(event, events, key, depth)
            node = self._node(next(events), events, key if name is None else (*key, name), depth + 1)
            if name is None:
                continue
            if name in keys:
                first = f"line {keys[name].line}" if keys[name].line else "above"
                self._refuse(event, (*key, name), f"set a second time; the first is in {first}: keep one of them")
                continue
            keys[name] = self._at(event)
            if node is not None:
                # An empty value "stands" at the next line; its key is where the reader looks.
                is_empty = isinstance(node, Leaf) and node.value is None
                children[name] = Leaf(None, keys[name]) if is_empty else node
        return Branch(self._at(start), children, keys)

    def _name(self, event: Event, events: Iterator[Event], key: Key, depth: int) -> str | None:
        if isinstance(event, ScalarEvent) and not (_is_unquoted(event) and event.value in NULLS):
            return event.value if self._is_plain(event, key) else None
        self._node(event, events, key, depth + 1)
        if isinstance(event, MappingStartEvent):
            self._refuse(event, key, "a key must be text, not a mapping: put a value with braces in quotes")
        elif not isinstance(event, AliasEvent):
            self._refuse(event, key, "a key must be text")
        return None

    def _listing(self, start: Event, events: Iterator[Event], key: Key, depth: int) -> Listing:
        nodes = (
            self._node(event, events, (*key, index), depth + 1)
            for index, event in enumerate(_until(SequenceEndEvent, events))
        )
        return Listing(tuple(node for node in nodes if node is not None), self._at(start))

    def _leaf(self, event: ScalarEvent, key: Key) -> Leaf | None:
        text: str = event.value
        if self._environ is not None:
            text, messages = interpolated(text, self._environ)
            for message in messages:
                self._refuse(event, key, message)
            if messages:
                return None
        is_null = _is_unquoted(event) and text in NULLS
        return Leaf(None if is_null else text, self._at(event))

    def _at(self, event: Event) -> Origin:
        return self._origin.at(event.start_mark.line + 1, event.start_mark.column + 1)

    def _refuse(self, event: Event, key: Key, message: str) -> None:
        self.problems.append(self._at(event).problem(key, message))


def _until(end: type[Event], events: Iterator[Event]) -> Iterator[Any]:
    """Yield the events of one level, up to its end; who takes an event takes the whole node."""
    while not isinstance(event := next(events), end):
        yield event


def _is_unquoted(event: ScalarEvent) -> bool:
    implicit: Sequence[bool] = event.implicit
    return implicit[0]
