"""Which images a query asks for, and in which order."""

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select

from arkitekt_di.errors import ImageRefusedError
from arkitekt_di.messages.descriptions import ImageQuery, SizeRange
from arkitekt_di.messages.relations import RelationKind
from arkitekt_di.server.images.relations import Relation
from arkitekt_di.server.images.tables import Image, ImageAxis, ImageTag
from arkitekt_di.server.listing import Listing
from arkitekt_di.server.naming import folded, is_text

MAX_CRITERIA = 32
"""Axes, sizes and tags that one query names, at most."""


@dataclass(frozen=True)
class ImageListing(Listing):
    """One page of images; ``search`` looks into descriptions and tags, too.

    Attributes
    ----------
    query : ImageQuery
        What has to fit; its ``text`` and ``ids`` are those of the listing.
    """

    query: ImageQuery = field(default_factory=ImageQuery)

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.query.dims) + len(self.query.sizes) + len(self.query.tags) > MAX_CRITERIA:
            raise ImageRefusedError("the query has too many criteria", f"Name {MAX_CRITERIA} axes and tags at most")

    def select(self, organization_id: str) -> Select[Image]:
        """Return the query for the images of one organization."""
        found = select(Image).where(Image.organization_id == organization_id, *_conditions(self.query))
        if self.search and is_text(self.search):
            # Not by the name alone, so the rest of the listing must not look at it.
            found = found.where(_mentions(self.search))
            return self._without_search().narrow(found, Image)
        return self.narrow(found, Image)

    def _without_search(self) -> Listing:
        given: dict[str, Any] = {one.name: getattr(self, one.name) for one in fields(Listing) if one.name != "search"}
        return Listing(**given)


def _mentions(text: str) -> ColumnElement[bool]:
    wanted = folded(text)
    return or_(
        Image.folded_name.contains(wanted, autoescape=True),
        Image.description.icontains(text, autoescape=True),
        select(ImageTag.image_id)
        .where(ImageTag.image_id == Image.id, ImageTag.folded.contains(wanted, autoescape=True))
        .exists(),
    )


def _conditions(query: ImageQuery) -> list[ColumnElement[bool]]:
    trashed = Image.deleted_at.is_not(None), Image.deleted_with.is_(None)
    conditions: list[ColumnElement[bool]] = [*trashed] if query.is_trashed else [Image.deleted_at.is_(None)]
    exact = ((Image.folder_id, query.folder_id), (Image.user_id, query.creator), (Image.dtype, query.dtype))
    conditions += [column == value for column, value in exact if value is not None]
    related = ((RelationKind.DERIVED_FROM, query.derived_from), (RelationKind.LABEL_OF, query.label_of))
    conditions += [_is_related(kind, target) for kind, target in related if target is not None]
    conditions += [_has_axis(SizeRange(axis=dim)) for dim in query.dims]
    conditions += [_has_axis(size) for size in query.sizes]
    conditions += [
        select(ImageTag.image_id).where(ImageTag.image_id == Image.id, ImageTag.folded == folded(tag)).exists()
        for tag in query.tags
    ]
    for column, after, before in (
        (Image.created_at, query.created_after, query.created_before),
        (Image.acquired_at, query.acquired_after, query.acquired_before),
    ):
        conditions += [] if after is None else [column >= _seconds(after)]
        conditions += [] if before is None else [column < _seconds(before)]
    return conditions


def _is_related(kind: RelationKind, target_id: str) -> ColumnElement[bool]:
    found = select(Relation.id).where(Relation.source_id == Image.id, Relation.kind == kind)
    return found.where(Relation.target_id == target_id).exists()


def _has_axis(size: SizeRange) -> ColumnElement[bool]:
    found = select(ImageAxis.image_id).where(ImageAxis.image_id == Image.id, ImageAxis.name == size.axis)
    found = found if size.min is None else found.where(ImageAxis.size >= size.min)
    found = found if size.max is None else found.where(ImageAxis.size <= size.max)
    return found.exists()


def _seconds(moment: datetime) -> float:
    if moment.tzinfo is None:
        raise ImageRefusedError(f"{moment} has no time zone", "Say which one it is, such as UTC")
    return moment.timestamp()
