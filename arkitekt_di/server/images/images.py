"""Images: records whose pixels are all there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from arkitekt_di.errors import ImageNotFoundError, StoreNotFoundError
from arkitekt_di.messages.changes import RecordKind
from arkitekt_di.messages.images import Axis, ImageDraft, StoreGrant
from arkitekt_di.server.database import Database
from arkitekt_di.server.identifiers import is_identifier
from arkitekt_di.server.images.array_header import ArrayHeader
from arkitekt_di.server.images.attachment import attach, attach_levels, find_twins, share
from arkitekt_di.server.images.collector import Collector
from arkitekt_di.server.images.listing import Listing
from arkitekt_di.server.images.naming import checked_axes, checked_description, checked_name
from arkitekt_di.server.images.pixels import Pixels
from arkitekt_di.server.images.tables import Image, Store, StoreState
from arkitekt_di.server.journal import Change, Event, Journal
from arkitekt_di.server.naming import folded
from arkitekt_di.server.principal import Principal


@dataclass(frozen=True)
class Edit:
    """What is to change about an image; None leaves it as it is."""

    name: str | None = None
    description: str | None = None


class Images:
    """Images of the organizations of a hub; nobody sees another's.

    Parameters
    ----------
    database : Database
    pixels : Pixels
    collector : Collector
    journal : Journal
        Told of every image that is created, edited or deleted.
    clock : callable
        Returns seconds since 1970, UTC.
    """

    def __init__(
        self,
        database: Database,
        pixels: Pixels,
        collector: Collector,
        journal: Journal,
        *,
        clock: Callable[[], float],
    ) -> None:
        self._database = database
        self._pixels = pixels
        self._collector = collector
        self._journal = journal
        self._clock = clock

    async def create(self, principal: Principal, draft: ImageDraft) -> Image:
        """Create an image from a finished upload of this user; of many callers one gets it.

        Raises
        ------
        StoreNotFoundError
            The user has no such upload.
        ImageRefusedError
            It is not finished, or is another image already; or the name or the axes will not do.
        """
        name = checked_name(draft.name)
        store_ids = [draft.store_id, *(level.store_id for level in draft.levels)]
        twins = await find_twins(self._database, self._pixels, principal, store_ids)
        image = Image(
            organization_id=principal.organization_id,
            user_id=principal.user_id,
            client_id=principal.client_id,
            name=name,
            folded_name=folded(name),
            created_at=self._clock(),
        )
        async with self._journal.transaction(principal.organization_id) as entry:
            session = entry.session
            store = await attach(session, principal, draft.store_id)
            header = ArrayHeader.model_validate(store.header)
            axes = checked_axes(draft.axes, header.dimension_names)
            image.axes = [_with_unit(axis, header).model_dump(mode="json") for axis in axes]
            image.store = store
            image.levels = await attach_levels(session, principal, draft, store)
            freed = [await share(session, used, twins) for used in image.stores()]
            session.add(image)
            await session.flush()
            entry.tell(_change(Event.CREATED, image))
        await self._collector.free(place for place in freed if place is not None)
        return image

    async def get(self, principal: Principal, image_id: str) -> Image:
        """Return one image; raises `ImageNotFoundError`."""
        async with self._database.transaction() as session:
            return await self._find(session, principal, image_id)

    async def load(self, principal: Principal, image_ids: Sequence[str]) -> Mapping[str, Image]:
        """Return those of the images that there are, by their identifiers."""
        mine = Image.organization_id == principal.organization_id
        async with self._database.transaction() as session:
            found = await session.scalars(select(Image).where(mine, Image.id.in_(image_ids)))
            return {image.id: image for image in found}

    async def _find(self, session: AsyncSession, principal: Principal, image_id: str) -> Image:
        if is_identifier(image_id):
            image = await session.scalar(select(Image).where(*_named(principal, image_id)))
            if image is not None:
                return image
        raise ImageNotFoundError(image_id)

    async def list(self, principal: Principal, listing: Listing) -> Sequence[Image]:
        """Return one page of images."""
        async with self._database.transaction() as session:
            return (await session.scalars(listing.select(principal.organization_id))).all()

    async def edit(self, principal: Principal, image_id: str, edit: Edit) -> Image:
        """Change the name or the description; raises `ImageNotFoundError` and `ImageRefusedError`."""
        values: dict[str, str] = {}
        if edit.name is not None:
            values |= {"name": checked_name(edit.name), "folded_name": folded(edit.name)}
        if edit.description is not None:
            values |= {"description": checked_description(edit.description)}
        async with self._journal.transaction(principal.organization_id) as entry:
            if values and is_identifier(image_id):
                await entry.session.execute(update(Image).where(*_named(principal, image_id)).values(**values))
            image = await self._find(entry.session, principal, image_id)
            entry.tell(_change(Event.UPDATED, image))
        return image

    async def delete(self, principal: Principal, image_id: str) -> None:
        """Remove an image, then its pixels; raises `ImageNotFoundError`.

        A hub that dies in between leaves pixels without an image, which the collector removes.
        """
        image = await self.get(principal, image_id)
        async with self._journal.transaction(principal.organization_id) as entry:
            session = entry.session
            gone = await session.scalar(delete(Image).where(*_named(principal, image_id)).returning(Image.id))
            if gone is None:
                raise ImageNotFoundError(image_id)
            stores = [store.id for store in image.stores()]
            await session.execute(update(Store).where(Store.id.in_(stores)).values(state=StoreState.DISCARDED))
            entry.tell(Change(Event.DELETED, RecordKind.IMAGE, image.id))
        for store in image.stores():
            await self._collector.remove(store)
        self._collector.wake()

    async def grant_access(self, principal: Principal, store_id: str) -> StoreGrant:
        """Return a grant to read the pixels of an image by its store; raises `StoreNotFoundError`."""
        if is_identifier(store_id):
            async with self._database.transaction() as session:
                store = await session.scalar(
                    select(Store).where(
                        Store.id == store_id,
                        Store.organization_id == principal.organization_id,
                        Store.state == StoreState.ATTACHED,
                    )
                )
            if store is not None:
                return self._pixels.read_grant(store)
        raise StoreNotFoundError(store_id)


def _change(event: Event, image: Image) -> Change:
    return Change(event, RecordKind.IMAGE, image.id, state=image)


def _named(principal: Principal, image_id: str) -> tuple[ColumnElement[bool], ...]:
    return Image.id == image_id, Image.organization_id == principal.organization_id


def _with_unit(axis: Axis, header: ArrayHeader) -> Axis:
    return axis.model_copy(update={"unit": header.units.get(axis.name)})
