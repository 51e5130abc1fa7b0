"""What an image is to other records: as it is said in Python, and as it travels."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from arkitekt_di.errors import RecordRefusedError
from arkitekt_di.messages.changes import RecordKind
from arkitekt_di.messages.comments import Subject
from arkitekt_di.messages.relations import Relation, RelationKind
from arkitekt_di.mikro.files.file import File
from arkitekt_di.mikro.identifiers import identifier_of
from arkitekt_di.mikro.image import Image
from arkitekt_di.mikro.table import Table

Source = Image | Table | str
"""What an image is made from: an image, a table, or the identifier of an image."""

_Given = Source | File

_ARMS: Final[Mapping[RecordKind, tuple[str, str]]] = {
    RecordKind.IMAGE: ("DATASET", "dataset"),
    RecordKind.TABLE: ("TABLE_DATASET", "tableDataset"),
}
"""Mikro's kind of each source, and the member that names it."""


def relations_from(
    derived_from: Source | Sequence[Source] = (),
    source_files: File | str | Sequence[File | str] = (),
    label_of: Image | str | None = None,
    *,
    is_required: bool = False,
) -> tuple[Relation, ...]:
    """Return what is said.

    Raises
    ------
    RecordRefusedError
        A record of another kind stands for one of these; or nothing is said where something *is_required*.
    """
    subjects = [_source(source) for source in _several(derived_from)]
    subjects += [Subject(kind=RecordKind.FILE, id=identifier_of(file, File)) for file in _several(source_files)]
    relations = [Relation(kind=RelationKind.DERIVED_FROM, subject=subject) for subject in subjects]
    if label_of is not None:
        labelled = Subject(kind=RecordKind.IMAGE, id=identifier_of(label_of, Image))
        relations.append(Relation(kind=RelationKind.LABEL_OF, subject=labelled))
    if is_required and not relations:
        raise RecordRefusedError("no other record was named", "Name one, by derived_from=, source_files= or label_of=")
    return tuple(relations)


def _several(given: _Given | Sequence[_Given]) -> Sequence[_Given]:
    # A text is a sequence of texts, too, but here it is one identifier.
    if isinstance(given, Sequence) and not isinstance(given, str):
        return given
    return [given]


def _source(source: _Given) -> Subject:
    if isinstance(source, Table):
        return Subject(kind=RecordKind.TABLE, id=source.id)
    return Subject(kind=RecordKind.IMAGE, id=identifier_of(source, Image))


def related(relations: Iterable[Relation]) -> dict[str, Any]:
    """Return the members of a new image that say it, in the words of any mikro; none where nothing is said."""
    said = list(relations)
    labelled = {one.subject.id for one in said if one.kind is RelationKind.LABEL_OF}
    sources, files = {}, []
    for subject in (one.subject for one in said):
        if subject.kind is RecordKind.FILE:
            files.append({"file": subject.id})
            continue
        kind, member = _ARMS[subject.kind]
        values = {"valueRelation": "CATEGORIZED"} if subject.id in labelled else {}
        sources[subject.id] = {"kind": kind, member: subject.id} | values
    given = {"derivedFrom": list(sources.values()), "sourceFiles": files}
    return {name: value for name, value in given.items() if value}
