"""Regions of interest: drawn on the axes of an image, found, changed and removed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import ValidationError
from sqlalchemy import Select, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from arkitekt_di.errors import ImageNotFoundError, RecordRefusedError, RoiNotFoundError
from arkitekt_di.messages.changes import RecordKind
from arkitekt_di.messages.images import Axis, AxisType
from arkitekt_di.messages.rois import RoiDraft, RoiEdit
from arkitekt_di.server.database import Database
from arkitekt_di.server.identifiers import is_identifier
from arkitekt_di.server.images.tables import Image
from arkitekt_di.server.journal import Change, Event, Journal
from arkitekt_di.server.listing import MAX_PAGE, Page
from arkitekt_di.server.naming import checked_name, folded, is_text
from arkitekt_di.server.principal import Principal
from arkitekt_di.server.records import named
from arkitekt_di.server.rois.tables import Roi, RoiCollection

MAX_AT_ONCE = 500
"""Regions that one request creates, at most."""


@dataclass(frozen=True)
class RoiListing:
    """One page of regions, in the order in which they were drawn."""

    page: Page = field(default_factory=Page)
    ids: Sequence[str] | None = None
    image_id: str | None = None
    collection_id: str | None = None
    kind: str | None = None
    search: str | None = None

    def select(self, organization_id: str) -> Select[Roi]:
        """Return the query for the regions of one organization's images that are not in the trash."""
        query = select(Roi).outerjoin(Image, Image.id == Roi.image_id)
        query = query.where(Roi.organization_id == organization_id, Image.deleted_at.is_(None))
        if self.ids is not None:
            query = query.where(Roi.id.in_([one for one in self.ids[:MAX_PAGE] if is_identifier(one)]))
        exact = ((Roi.image_id, self.image_id), (Roi.collection_id, self.collection_id), (Roi.kind, self.kind))
        for column, value in exact:
            query = query if value is None else query.where(column == value)
        if self.search and is_text(self.search):
            query = query.where(Roi.folded_label.contains(folded(self.search), autoescape=True))
        return query.order_by(Roi.created_at, Roi.id).limit(self.page.limit).offset(self.page.offset)


class Rois:
    """Regions of interest of the organizations of a hub; nobody sees another's.

    Parameters
    ----------
    database : Database
    journal : Journal
        Told of every region that is drawn, changed or removed; its place is the image.
    clock : callable
        Returns seconds since 1970, UTC.
    """

    def __init__(self, database: Database, journal: Journal, *, clock: Callable[[], float]) -> None:
        self._database = database
        self._journal = journal
        self._clock = clock

    # --- sets -------------------------------------------------------------------------------------

    async def create_collection(
        self, principal: Principal, name: str, axes: Sequence[Axis], *, image_id: str | None
    ) -> RoiCollection:
        """Make a set of regions on axes of its own, or on those of an image; raises `ImageNotFoundError`."""
        checked_name(name, subject="the name of a collection")
        async with self._journal.transaction(principal) as entry:
            image = None if image_id is None else await _image(entry.session, principal, image_id)
            return await self._add_collection(entry.session, principal, name, axes, image)

    async def get_collection(self, principal: Principal, collection_id: str) -> RoiCollection:
        """Return one set; raises `RoiNotFoundError`."""
        async with self._database.transaction() as session:
            return await _collection(session, principal, collection_id)

    async def list_collections(
        self, principal: Principal, *, image_id: str | None, ids: Sequence[str] | None, page: Page
    ) -> Sequence[RoiCollection]:
        """Return one page of sets, newest first."""
        query = select(RoiCollection).where(RoiCollection.organization_id == principal.organization_id)
        query = query if image_id is None else query.where(RoiCollection.image_id == image_id)
        query = query if ids is None else query.where(RoiCollection.id.in_(list(ids)[:MAX_PAGE]))
        ordered = query.order_by(RoiCollection.created_at.desc(), RoiCollection.id)
        async with self._database.transaction() as session:
            return (await session.scalars(ordered.limit(page.limit).offset(page.offset))).all()

    async def delete_collection(self, principal: Principal, collection_id: str) -> None:
        """Remove a set with its regions; raises `RoiNotFoundError`."""
        async with self._journal.transaction(principal) as entry:
            collection = await _collection(entry.session, principal, collection_id)
            rois = await entry.session.scalars(select(Roi).where(Roi.collection_id == collection.id))
            for roi in rois:
                entry.tell(_change(Event.DELETED, roi))
            await entry.session.execute(delete(RoiCollection).where(RoiCollection.id == collection.id))

    async def _add_collection(
        self, session: AsyncSession, principal: Principal, name: str, axes: Sequence[Axis], image: Image | None
    ) -> RoiCollection:
        collection = RoiCollection(
            organization_id=principal.organization_id,
            user_id=principal.user_id,
            image_id=None if image is None else image.id,
            name=name,
            folded_name=folded(name),
            axes=[axis.model_dump(mode="json") for axis in axes],
            created_at=self._clock(),
            is_default=False,
        )
        session.add(collection)
        await session.flush()
        return collection

    # --- regions ----------------------------------------------------------------------------------

    async def create(self, principal: Principal, drafts: Sequence[RoiDraft], *, image_id: str) -> Sequence[Roi]:
        """Draw regions on an image; all of them or none.

        Raises
        ------
        ImageNotFoundError
            There is no such image, or no image that a mask is in.
        RecordRefusedError
            One of them names an axis that the image does not have, or there are too many.
        """
        async with self._journal.transaction(principal) as entry:
            image = await _image(entry.session, principal, image_id)
            found = select(RoiCollection).where(RoiCollection.image_id == image.id, RoiCollection.is_default)
            collection = await entry.session.scalar(found)
            if collection is None:
                axes = [Axis.model_validate(axis) for axis in image.axes]
                collection = await self._add_collection(entry.session, principal, image.name, axes, image)
                collection.is_default = True
            return await self._draw(entry.session, principal, drafts, collection, entry.tell)

    async def create_in(self, principal: Principal, drafts: Sequence[RoiDraft], *, collection_id: str) -> Sequence[Roi]:
        """Draw regions in a set; raises as `create` does, and `RoiNotFoundError` where there is no such set."""
        async with self._journal.transaction(principal) as entry:
            collection = await _collection(entry.session, principal, collection_id)
            return await self._draw(entry.session, principal, drafts, collection, entry.tell)

    async def _draw(
        self,
        session: AsyncSession,
        principal: Principal,
        drafts: Sequence[RoiDraft],
        collection: RoiCollection,
        tell: Callable[[Change], None],
    ) -> Sequence[Roi]:
        if len(drafts) > MAX_AT_ONCE:
            raise RecordRefusedError(f"{len(drafts)} regions were drawn at once", f"Draw {MAX_AT_ONCE} or fewer")
        axes = [Axis.model_validate(axis) for axis in collection.axes]
        rois = []
        for number, draft in enumerate(drafts):
            placed = _placed(draft, axes)
            if placed.mask_id is not None:
                await _image(session, principal, placed.mask_id)
            roi = Roi(
                organization_id=principal.organization_id,
                user_id=principal.user_id,
                user_name=principal.user_name,
                client_id=principal.client_id,
                collection_id=collection.id,
                image_id=collection.image_id,
                # A millionth apart, so that they are listed in the order in which they were drawn.
                created_at=self._clock() + number * 1e-6,
                updated_at=self._clock(),
                stroke_width=1.0,
            )
            _fill(roi, placed)
            rois.append(roi)
        session.add_all(rois)
        await session.flush()
        for roi in rois:
            tell(_change(Event.CREATED, roi))
        return rois

    async def get(self, principal: Principal, roi_id: str) -> Roi:
        """Return one region; raises `RoiNotFoundError`."""
        async with self._database.transaction() as session:
            return await _roi(session, principal, roi_id)

    async def load(self, principal: Principal, roi_ids: Sequence[str]) -> Mapping[str, Roi]:
        """Return those of the regions that there are, by their identifiers."""
        query = select(Roi).where(Roi.organization_id == principal.organization_id, Roi.id.in_(roi_ids))
        async with self._database.transaction() as session:
            return {roi.id: roi for roi in await session.scalars(query)}

    async def list(self, principal: Principal, listing: RoiListing) -> Sequence[Roi]:
        """Return one page of regions."""
        async with self._database.transaction() as session:
            return (await session.scalars(listing.select(principal.organization_id))).all()

    async def edit(self, principal: Principal, roi_id: str, edit: RoiEdit) -> Roi:
        """Change a region; raises `RoiNotFoundError` and `RecordRefusedError`."""
        async with self._journal.transaction(principal) as entry:
            roi = await _roi(entry.session, principal, roi_id)
            collection = await entry.session.get_one(RoiCollection, roi.collection_id)
            changed = edit.model_dump(exclude_unset=True, exclude_none=True)
            try:
                draft = RoiDraft.model_validate({**draft_of(roi).model_dump(), **changed})
            except ValidationError as error:
                raise refused(error) from error
            _fill(roi, _placed(draft, [Axis.model_validate(axis) for axis in collection.axes]))
            roi.updated_at = self._clock()
            entry.tell(_change(Event.UPDATED, roi))
            return roi

    async def delete(self, principal: Principal, roi_id: str) -> None:
        """Remove a region; raises `RoiNotFoundError`."""
        async with self._journal.transaction(principal) as entry:
            roi = await _roi(entry.session, principal, roi_id)
            await entry.session.delete(roi)
            entry.tell(_change(Event.DELETED, roi))


def draft_of(roi: Roi) -> RoiDraft:
    """Return what was drawn."""
    names = ("kind", "dims", "vectors", "coordinates", "label", "tags", "stroke_color", "fill_color", "mask_id")
    given = {name: getattr(roi, name) for name in names}
    return RoiDraft.model_validate({**given, "description": roi.description or ""})


def refused(error: ValidationError) -> RecordRefusedError:
    """Return the refusal of a region that is none."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return RecordRefusedError(f"the region{place and f', {place}'}: {first['msg']}", "Draw it in another way")


def _fill(roi: Roi, draft: RoiDraft) -> None:
    roi.kind, roi.mask_id = draft.kind, draft.mask_id
    roi.label, roi.folded_label = draft.label, folded(draft.label)
    roi.description = draft.description or None
    roi.dims, roi.vectors = list(draft.dims), [list(vertex) for vertex in draft.vectors]
    roi.coordinates, roi.tags = dict(draft.coordinates), list(draft.tags)
    roi.stroke_color = None if draft.stroke_color is None else list(draft.stroke_color)
    roi.fill_color = None if draft.fill_color is None else list(draft.fill_color)
    roi.is_filled = draft.fill_color is not None


def _placed(draft: RoiDraft, axes: Sequence[Axis]) -> RoiDraft:
    """Return *draft* with its dims; where it names none, they are the last axes of space, as mikro has it."""
    known = {axis.name for axis in axes} | {"label"}
    width = len(draft.vectors[0]) if draft.vectors else 0
    dims = draft.dims or tuple(axis.name for axis in axes if axis.type == AxisType.SPACE)[-width:]
    if not set(dims) <= known or not draft.coordinates.keys() <= known or (width and len(dims) != width):
        raise RecordRefusedError(
            f"the region lies on {', '.join([*dims, *draft.coordinates])}, but the image has "
            f"{', '.join(axis.name for axis in axes)}",
            "Name axes of the image, one for each number of a vertex",
        )
    if not all(is_text(text) for text in (draft.label, *draft.tags)):
        raise RecordRefusedError("a label or a tag holds control characters", "Leave them out")
    return draft.model_copy(update={"dims": dims})


def _change(event: Event, roi: Roi) -> Change:
    place = roi.image_id or roi.collection_id
    return Change(event, RecordKind.ROI, roi.id, place, state=None if event is Event.DELETED else roi)


async def _image(session: AsyncSession, principal: Principal, image_id: str) -> Image:
    image = await session.scalar(select(Image).where(*named(Image, principal, image_id)))
    if image is None:
        raise ImageNotFoundError(image_id)
    return image


async def _roi(session: AsyncSession, principal: Principal, roi_id: str) -> Roi:
    found = await session.scalar(RoiListing(ids=[roi_id]).select(principal.organization_id))
    if found is None:
        raise RoiNotFoundError(roi_id)
    return found


async def _collection(session: AsyncSession, principal: Principal, collection_id: str) -> RoiCollection:
    mine = RoiCollection.id == collection_id, RoiCollection.organization_id == principal.organization_id
    found = await session.scalar(select(RoiCollection).where(*mine)) if is_identifier(collection_id) else None
    if found is None:
        raise RoiNotFoundError(collection_id)
    return found
