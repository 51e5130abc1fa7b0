"""How much one GraphQL request may ask for."""

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)
from strawberry.extensions import SchemaExtension, ValidationCache

CACHED_DOCUMENTS = 128
"""Documents that are not read, measured and checked again: clients send the same few, and one takes some 10 ms."""

MAX_BODY_BYTES = 256 * 1024
"""Largest request, and largest message on a WebSocket, in bytes; the unmodified client sends about 2 KiB."""

MAX_TOKENS = 600
"""Words and brackets of a document; the whole introspection query has 183."""

MAX_DEPTH = 16
"""Levels of fields; introspection goes 15 deep, the unmodified client 4."""

MAX_FIELDS = 300
"""Fields, those of fragments counted wherever they are spread; introspection has 229, the unmodified client 40.

Validation compares fields of one level in pairs, so its time grows with the square of this."""

MAX_ALIASES = 16
"""Renamed fields; bounds how many pages and how many changes one request can hold."""


@dataclass(frozen=True)
class Size:
    """How large a part of a document is, with its fragments in place."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0

    def beside(self, other: "Size") -> "Size":
        """Return the size of two parts of one level."""
        return Size(max(self.depth, other.depth), self.fields + other.fields, self.aliases + other.aliases)


class BoundDocuments(SchemaExtension):
    """Refuses a document that asks for too much, before anything else looks at it.

    strawberry's own limiters walk each fragment anew wherever it is spread, so that a few hundred words of fragments
    that spread one another twice keep them busy for ever.  Here every fragment is measured once.

    A service whose clients ask for more than others' says so in a subclass.
    """

    max_tokens = MAX_TOKENS
    max_fields = MAX_FIELDS

    def on_operation(self) -> Iterator[None]:
        """Let the parser stop at the first word too many."""
        self.execution_context.parse_options["max_tokens"] = self.max_tokens
        yield

    def on_parse(self) -> Iterator[None]:
        """Measure the document when it has been read."""
        yield
        text, document = self.execution_context.query, self.execution_context.graphql_document
        if text is None or document is None:
            return
        excess = _excess(_known_size(_Read(text, document)), self.max_fields)
        if excess is not None:
            self.execution_context.pre_execution_errors = [GraphQLError(excess)]


class CheckedOnce(ValidationCache):
    """Keeps what was found out about the documents that came last: clients send the same few.

    strawberry's own cache validates a document that was refused already, and forgets that it was.
    """

    def on_validate(self) -> Iterator[None]:
        """Validate a document that asks for little enough, if it is not known."""
        if self.execution_context.pre_execution_errors:
            yield
        else:
            yield from super().on_validate()


@dataclass(frozen=True)
class _Read:
    text: str
    document: DocumentNode = field(compare=False)


@functools.lru_cache(maxsize=CACHED_DOCUMENTS)
def _known_size(read: _Read) -> Size:
    return size_of(read.document)


def size_of(document: DocumentNode) -> Size:
    """Return the size of the operations in *document*, in time linear in its length."""
    fragments = {part.name.value: part for part in document.definitions if isinstance(part, FragmentDefinitionNode)}
    operations = (part for part in document.definitions if isinstance(part, OperationDefinitionNode))
    return _together(_Ruler(fragments).measure(operation.selection_set) for operation in operations)


class _Ruler:
    def __init__(self, fragments: dict[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._known: dict[str, Size] = {}

    def measure(self, selections: SelectionSetNode | None) -> Size:
        return _together(self._measure(selection) for selection in (selections.selections if selections else ()))

    def _measure(self, selection: SelectionNode) -> Size:
        if isinstance(selection, FragmentSpreadNode):
            return self._measure_fragment(selection.name.value)
        inner = self.measure(getattr(selection, "selection_set", None))
        if not isinstance(selection, FieldNode):
            return inner
        return Size(inner.depth + 1, inner.fields + 1, inner.aliases + (selection.alias is not None))

    def _measure_fragment(self, name: str) -> Size:
        if name not in self._known:
            self._known[name] = Size()  # a fragment inside itself: validation refuses it
            fragment = self._fragments.get(name)
            self._known[name] = self.measure(fragment.selection_set if fragment else None)
        return self._known[name]


def _together(sizes: Iterable[Size]) -> Size:
    total = Size()
    for size in sizes:
        total = total.beside(size)
    return total


def _excess(size: Size, max_fields: int) -> str | None:
    for name, value, most in (
        ("levels", size.depth, MAX_DEPTH),
        ("fields", size.fields, max_fields),
        ("aliases", size.aliases, MAX_ALIASES),
    ):
        if value > most:
            return f"The document has more than {most} {name}. Ask for less at a time."
    return None
