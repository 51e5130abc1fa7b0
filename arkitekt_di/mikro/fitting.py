"""Which images fit a query, and what an edit makes of one: the hub's rules, for records in memory."""

import unicodedata
from collections.abc import Sequence
from datetime import datetime

from arkitekt_di.messages.descriptions import ImageEdit, ImageQuery, SizeRange
from arkitekt_di.messages.images import ImageRecord
from arkitekt_di.messages.relations import Relation, RelationKind, added, removed


def fits(record: ImageRecord, query: ImageQuery) -> bool:
    """Tell whether everything that is asked for is so."""
    sizes = {axis.name: size for axis, size in zip(record.axes, record.shape, strict=True)}
    return all(
        (
            query.ids is None or record.id in query.ids,
            query.text is None or _mentions(record, query.text),
            set(query.dims) <= sizes.keys(),
            all(_is_within(sizes, wanted) for wanted in query.sizes),
            query.dtype in {None, record.dtype},
            query.folder_id in {None, record.folder_id},
            query.creator is None or (record.creator is not None and record.creator.id == query.creator),
            {folded(tag) for tag in query.tags} <= {folded(tag) for tag in record.tags},
            _is_between(_moment(record.created_at), query.created_after, query.created_before),
            _is_between(record.acquisition.start, query.acquired_after, query.acquired_before),
        )
    )


def related_by(kept: Sequence[Relation], edit: ImageEdit) -> tuple[Relation, ...]:
    """Return what an image is to others as the edit leaves it."""
    gone = {(one.kind, one.subject.id) for one in removed(edit.removed_relations)}
    held = [one for one in kept if (one.kind, one.subject.id) not in gone]
    return added([*held, *edit.added_relations])


def are_related(relations: Sequence[Relation], query: ImageQuery) -> bool:
    """Tell whether an image with these relations is one that is asked for."""
    there = {(one.kind, one.subject.id) for one in relations}
    wanted = ((RelationKind.DERIVED_FROM, query.derived_from), (RelationKind.LABEL_OF, query.label_of))
    return all((kind, target) in there for kind, target in wanted if target is not None)


def edited(record: ImageRecord, edit: ImageEdit) -> ImageRecord:
    """Return *record* as the edit leaves it."""
    removed = {folded(tag) for tag in edit.removed_tags}
    tags = (*(record.tags if edit.tags is None else edit.tags), *edit.added_tags)
    changed = {
        name: getattr(edit, name)
        for name in ("name", "description", "acquisition", "channels")
        if getattr(edit, name) is not None
    }
    kept = tuple(tag for tag in tags_of(tags) if folded(tag) not in removed)
    return record.model_copy(update={**changed, "tags": kept})


def tags_of(tags: Sequence[str]) -> tuple[str, ...]:
    """Return *tags* in their order, those that differ by case alone once."""
    known = {folded(tag): tag for tag in tags}
    return tuple(known[key] for key in sorted(known))


def folded(text: str) -> str:
    """Return *text* as it is compared: case, width and compatibility variants do not count."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _mentions(record: ImageRecord, text: str) -> bool:
    return any(folded(text) in folded(said) for said in (record.name, record.description or "", *record.tags))


def _is_within(sizes: dict[str, int], wanted: SizeRange) -> bool:
    size = sizes.get(wanted.axis)
    return size is not None and (wanted.min or 0) <= size <= (size if wanted.max is None else wanted.max)


def _is_between(moment: datetime | None, after: datetime | None, before: datetime | None) -> bool:
    if after is None and before is None:
        return True
    return moment is not None and (after is None or moment >= after) and (before is None or moment < before)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
