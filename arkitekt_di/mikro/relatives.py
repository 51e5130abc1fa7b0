"""What images come from, and what comes of them."""

from collections.abc import Callable

from arkitekt_di.messages.changes import RecordKind
from arkitekt_di.messages.comments import Subject
from arkitekt_di.messages.images import ImageRecord
from arkitekt_di.messages.relations import Relation, RelationKind
from arkitekt_di.mikro.areas import Areas
from arkitekt_di.mikro.files.file import File
from arkitekt_di.mikro.image import Image
from arkitekt_di.mikro.table import Table
from arkitekt_di.protocols.mikro import ImageRecords


class Relatives:
    """Finds the records that images are related to.

    Parameters
    ----------
    records : ImageRecords
    areas : callable
        Returns the areas, where files and tables are.
    show : callable
        Makes an image of its record.
    """

    def __init__(self, records: ImageRecords, areas: Callable[[], Areas], show: Callable[[ImageRecord], Image]) -> None:
        self._records = records
        self._areas = areas
        self._show = show

    async def asources(self, image_id: str) -> list[Image]:
        """Return the images that one was made from; raises `ImageNotFoundError`."""
        return [self._show(record) for record in await self._records.sources(image_id)]

    async def aderived(self, image_id: str) -> list[Image]:
        """Return the images that were made from one, oldest first; raises `ImageNotFoundError`."""
        return [self._show(record) for record in await self._records.derived(image_id)]

    async def asource_files(self, image_id: str) -> list[File]:
        """Return the files that an image was read from; raises `ImageNotFoundError`."""
        return [await self._areas().files.aget(file_id) for file_id in await self._targets(image_id, RecordKind.FILE)]

    async def asource_tables(self, image_id: str) -> list[Table]:
        """Return the tables that an image was made from; raises `ImageNotFoundError`."""
        return [await self._areas().tables.aget(one) for one in await self._targets(image_id, RecordKind.TABLE)]

    async def aall_sources(self, image_id: str) -> list[Image | Table | File]:
        """Return what an image comes from: images, tables, files; raises `ImageNotFoundError`."""
        images = await self.asources(image_id)
        return [*images, *await self.asource_tables(image_id), *await self.asource_files(image_id)]

    async def alabel_of(self, image_id: str) -> Image | None:
        """Return the image that an image labels; raises `ImageNotFoundError`."""
        labelled = await self._targets(image_id, RecordKind.IMAGE, RelationKind.LABEL_OF)
        return self._show(await self._records.get(labelled[0])) if labelled else None

    async def require(self, relations: tuple[Relation, ...]) -> tuple[Relation, ...]:
        """Return *relations* where all of their records are there, so that nothing is sent for one that is not."""
        for subject in (relation.subject for relation in relations):
            await self._require(subject)
        return relations

    async def _require(self, subject: Subject) -> None:
        match subject.kind:
            case RecordKind.FILE:
                await self._areas().files.aget(subject.id)
            case RecordKind.TABLE:
                await self._areas().tables.aget(subject.id)
            case _:
                await self._records.get(subject.id)

    async def _targets(
        self, image_id: str, kind: RecordKind, relation: RelationKind = RelationKind.DERIVED_FROM
    ) -> list[str]:
        there = await self._records.relations(image_id)
        return [one.subject.id for one in there if (one.kind, one.subject.kind) == (relation, kind)]
