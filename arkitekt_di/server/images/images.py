"""Images: records whose pixels are all there."""

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import Select, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from arkitekt_di.errors import ImageNotFoundError, ImageRefusedError, NotFoundError, StoreNotFoundError
from arkitekt_di.messages.changes import RecordKind
from arkitekt_di.messages.descriptions import ImageEdit
from arkitekt_di.messages.images import Axis, ImageDraft, StoreGrant
from arkitekt_di.messages.relations import Relation
from arkitekt_di.server.caretaker import Caretaker
from arkitekt_di.server.database import Database
from arkitekt_di.server.folders.folders import checked_place
from arkitekt_di.server.identifiers import is_identifier
from arkitekt_di.server.images.array_header import ArrayHeader
from arkitekt_di.server.images.attachment import (
    MAX_LEVELS,
    CheckedUpload,
    attach,
    find_twins,
    finished_uploads,
    levels_of,
    share,
)
from arkitekt_di.server.images.collector import Collector
from arkitekt_di.server.images.descriptions import checked_tags, describe_acquisition, describe_channels
from arkitekt_di.server.images.listing import ImageListing
from arkitekt_di.server.images.naming import checked_axes, checked_description, checked_name
from arkitekt_di.server.images.pixels import Pixels
from arkitekt_di.server.images.relations import (
    Targets,
    check_label,
    derived_of,
    relate,
    relations_of,
    sources_of,
    unrelate,
)
from arkitekt_di.server.images.tables import Image, ImageAxis, ImageLevel, Store, StoreState
from arkitekt_di.server.journal import Change, Event, Journal
from arkitekt_di.server.listing import MAX_PAGE
from arkitekt_di.server.naming import folded
from arkitekt_di.server.principal import Principal
from arkitekt_di.server.records import named, named_anywhere


class Images:
    """Images of the organizations of a hub; nobody sees another's.

    Parameters
    ----------
    database : Database
    pixels : Pixels
    collector : Collector
    journal : Journal
        Told of every image that is created, edited or deleted.
    trash : Caretaker
        Woken when an image is put into the trash.
    targets : mapping of RecordKind to type
        Where the records are that an image may come from.
    clock : callable
        Returns seconds since 1970, UTC.
    """

    def __init__(  # noqa: PLR0913  # what the service wires, and a clock for tests
        self,
        database: Database,
        pixels: Pixels,
        collector: Collector,
        journal: Journal,
        trash: Caretaker,
        *,
        targets: Targets,
        clock: Callable[[], float],
    ) -> None:
        self._database = database
        self._pixels = pixels
        self._collector = collector
        self._journal = journal
        self._trash = trash
        self._targets = targets
        self._clock = clock

    async def create(
        self, principal: Principal, draft: ImageDraft, checked: Sequence[CheckedUpload] | None = None
    ) -> Image:
        """Create an image from uploads of this user; of many callers one gets them.

        Parameters
        ----------
        principal : Principal
        draft : ImageDraft
        checked : sequence of CheckedUpload, optional
            The uploads of *draft*, from `Uploads.check_all`; left out, they have to be finished.

        Raises
        ------
        StoreNotFoundError
            The user has no such upload.
        ImageRefusedError
            It is not finished, or is another image already; or the name or the axes will not do.
        """
        name, now = checked_name(draft.name), self._clock()
        store_ids = draft.store_ids()
        if len(store_ids) > MAX_LEVELS:
            raise ImageRefusedError(f"{len(store_ids)} levels are too many", f"Make at most {MAX_LEVELS}")
        if checked is None:
            checked = await finished_uploads(self._database, principal, store_ids)
        twins = await find_twins(self._database, self._pixels, principal, checked)
        image = Image(
            organization_id=principal.organization_id,
            user_id=principal.user_id,
            user_name=principal.user_name,
            client_id=principal.client_id,
            name=name,
            folded_name=folded(name),
            tags=checked_tags(draft.tags),
            created_at=now,
            updated_at=now,
        )
        if draft.acquisition is not None:
            describe_acquisition(image, draft.acquisition)
        async with self._journal.transaction(principal) as entry:
            session = entry.session
            stores = await attach(session, principal, store_ids, checked)
            store = stores[0]
            header = ArrayHeader.model_validate(store.header)
            axes = checked_axes(draft.axes, header.dimension_names)
            image.axes = [_with_unit(axis, header).model_dump(mode="json") for axis in axes]
            image.dtype = header.data_type
            image.folder_id = await checked_place(session, principal, draft.folder_id)
            describe_channels(image, draft.channels, header.shape)
            image.store = store
            image.levels = levels_of(draft, store, dict(zip(store_ids, stores, strict=True)))
            freed = [await share(session, used, twins) for used in stores]
            session.add(image)
            await session.flush()
            rows = [
                {"image_id": image.id, "name": axis.name, "position": position, "size": size}
                for position, (axis, size) in enumerate(zip(axes, header.shape, strict=True))
            ]
            await session.execute(insert(ImageAxis), rows)
            if draft.relations:
                await relate(session, principal, image, draft.relations, self._targets, now=now)
            entry.tell(_change(Event.CREATED, image))
        await self._collector.free(place for place in freed if place is not None)
        return image

    async def get(self, principal: Principal, image_id: str) -> Image:
        """Return one image; raises `ImageNotFoundError`."""
        found = await self._database.find(select(Image).where(*named(Image, principal, image_id)))
        if not found:
            raise ImageNotFoundError(image_id)
        return found[0]

    async def sources(self, principal: Principal, image_id: str) -> Sequence[Image]:
        """Return the images that one was made from; raises `ImageNotFoundError`."""
        async with self._database.transaction() as session:
            return await sources_of(session, await self._find(session, principal, image_id))

    async def derived(self, principal: Principal, image_id: str) -> Sequence[Image]:
        """Return the images that were made from one; raises `ImageNotFoundError`."""
        async with self._database.transaction() as session:
            return await derived_of(session, await self._find(session, principal, image_id))

    async def relations(self, principal: Principal, image_id: str) -> Sequence[Relation]:
        """Return what an image was made from, and which image it labels; raises `ImageNotFoundError`."""
        async with self._database.transaction() as session:
            return await relations_of(session, await self._find(session, principal, image_id), self._targets)

    async def load(self, principal: Principal, image_ids: Sequence[str]) -> Mapping[str, Image]:
        """Return those of the images that there are, by their identifiers."""
        mine = Image.organization_id == principal.organization_id, Image.deleted_at.is_(None)
        async with self._database.transaction() as session:
            found = await session.scalars(select(Image).where(*mine, Image.id.in_(image_ids)))
            return {image.id: image for image in found}

    async def _find(self, session: AsyncSession, principal: Principal, image_id: str) -> Image:
        image = await session.scalar(select(Image).where(*named(Image, principal, image_id)))
        if image is None:
            raise ImageNotFoundError(image_id)
        return image

    async def list(self, principal: Principal, listing: ImageListing) -> Sequence[Image]:
        """Return one page of images."""
        async with self._database.transaction() as session:
            return (await session.scalars(listing.select(principal.organization_id))).all()

    async def edit(self, principal: Principal, image_id: str, edit: ImageEdit) -> Image:
        """Change what people say about an image.

        Raises
        ------
        ImageNotFoundError, StoredFileNotFoundError, TableNotFoundError
            The image, or what it is to come from, is not there.
        ImageRefusedError
            What is said cannot be kept.
        """
        async with self._journal.transaction(principal) as entry:
            image = await self._find(entry.session, principal, image_id)
            if edit.name is not None:
                image.name, image.folded_name = checked_name(edit.name), folded(edit.name)
            if edit.description is not None:
                image.description = checked_description(edit.description)
            _tag(image, edit)
            if edit.acquisition is not None:
                describe_acquisition(image, edit.acquisition)
            if edit.channels is not None:
                describe_channels(image, edit.channels, ArrayHeader.model_validate(image.store.header).shape)
            image.updated_at = self._clock()
            await self._relate(entry.session, principal, image, edit)
            await entry.session.flush()
            entry.tell(_change(Event.UPDATED, image))
        return image

    async def _relate(self, session: AsyncSession, principal: Principal, image: Image, edit: ImageEdit) -> None:
        if edit.removed_relations:
            await unrelate(session, image, edit.removed_relations)
        if edit.added_relations:
            check_label(await relations_of(session, image, self._targets), edit.added_relations)
            await relate(session, principal, image, edit.added_relations, self._targets, now=image.updated_at)

    async def move(self, principal: Principal, image_ids: Sequence[str], *, folder_id: str | None) -> None:
        """Put images into a folder, or into none where that is None.

        Raises
        ------
        ImageNotFoundError, FolderNotFoundError
            One of them is not there; none was moved.
        """
        if len(image_ids) > MAX_PAGE:
            raise ImageRefusedError(f"{len(image_ids)} images were named", f"Name {MAX_PAGE} at most")
        async with self._journal.transaction(principal) as entry:
            place_id = await checked_place(entry.session, principal, folder_id)
            for image_id in image_ids:
                image = await self._find(entry.session, principal, image_id)
                former, image.folder_id = image.folder_id, place_id
                image.updated_at = self._clock()
                entry.tell(_change(Event.MOVED, image, former=former))

    async def delete(self, principal: Principal, image_id: str) -> None:
        """Put an image into the trash; raises `ImageNotFoundError`."""
        async with self._journal.transaction(principal) as entry:
            image = await self._find(entry.session, principal, image_id)
            image.deleted_at = self._clock()
            entry.tell(_change(Event.DELETED, image))
        self._trash.wake()

    async def restore(self, principal: Principal, image_id: str) -> Image:
        """Take an image out of the trash, into the folder where it was, if that is there still.

        Raises
        ------
        ImageNotFoundError
            It is not in the trash, or not any more.
        ImageRefusedError
            It went there with its folder.
        """
        async with self._journal.transaction(principal) as entry:
            there = named_anywhere(Image, principal, image_id)
            image = await entry.session.scalar(select(Image).where(*there, Image.deleted_at.is_not(None)))
            if image is None:
                raise ImageNotFoundError(image_id)
            if image.deleted_with is not None:
                raise ImageRefusedError(
                    "the image went into the trash with its folder", f"Restore the folder {image.deleted_with}"
                )
            try:
                await checked_place(entry.session, principal, image.folder_id)
            except NotFoundError:
                image.folder_id = None
            image.deleted_at = None
            entry.tell(_change(Event.CREATED, image))
        return image

    async def grant_access(self, principal: Principal, store_id: str) -> StoreGrant:
        """Return a grant to read the pixels of an image by its store; raises `StoreNotFoundError`."""
        if is_identifier(store_id):
            async with self._database.transaction() as session:
                store = await session.scalar(
                    select(Store).where(
                        Store.id == store_id,
                        Store.organization_id == principal.organization_id,
                        Store.state == StoreState.ATTACHED,
                        ~_trashed_store().exists(),
                    )
                )
            if store is not None:
                return self._pixels.read_grant(store)
        raise StoreNotFoundError(store_id)


def _change(event: Event, image: Image, *, former: str | None = None) -> Change:
    state = None if event is Event.DELETED else image
    return Change(event, RecordKind.IMAGE, image.id, image.folder_id, former, state)


def _trashed_store() -> Select[str]:
    """Return the query for the image in the trash that a store belongs to, by any of its levels."""
    used = or_(Image.store_id == Store.id, ImageLevel.store_id == Store.id)
    return select(Image.id).outerjoin(ImageLevel).where(used, Image.deleted_at.is_not(None)).correlate(Store)


def _tag(image: Image, edit: ImageEdit) -> None:
    """Give *image* its tags; a row that is there already stays, as its key would be taken."""
    there = {row.folded: row for row in image.tags}
    kept = [row.tag for row in image.tags] if edit.tags is None else edit.tags
    removed = {folded(tag) for tag in edit.removed_tags}
    wanted = [row for row in checked_tags([*kept, *edit.added_tags]) if row.folded not in removed]
    for row in wanted:
        if row.folded in there:
            there[row.folded].tag = row.tag
    image.tags = sorted((there.get(row.folded, row) for row in wanted), key=lambda row: row.folded)


def _with_unit(axis: Axis, header: ArrayHeader) -> Axis:
    return axis.model_copy(update={"unit": header.units.get(axis.name)})
