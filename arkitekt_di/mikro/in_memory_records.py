"""Everything that a hub keeps about data, in memory; the areas know of one another."""

from contextlib import suppress

from arkitekt_di.errors import NotFoundError
from arkitekt_di.mikro.comments.in_memory import InMemoryCommentRecords
from arkitekt_di.mikro.files.in_memory import InMemoryFileRecords
from arkitekt_di.mikro.folders.in_memory import InMemoryFolderRecords
from arkitekt_di.mikro.in_memory import InMemoryImageRecords
from arkitekt_di.mikro.in_memory_pixels import InMemoryPixelStore
from arkitekt_di.mikro.metrics.in_memory import InMemoryMetricRecords
from arkitekt_di.mikro.provenance.in_memory import InMemoryProvenanceRecords
from arkitekt_di.mikro.rois.in_memory import InMemoryRoiRecords
from arkitekt_di.mikro.tables.in_memory import InMemoryTableRecords


class InMemoryRecords:
    """The records of one app, and their bytes.

    Attributes
    ----------
    pixels : InMemoryPixelStore
        The bytes of images, files and tables.
    images : InMemoryImageRecords
    folders : InMemoryFolderRecords
    files : InMemoryFileRecords
    tables : InMemoryTableRecords
    rois : InMemoryRoiRecords
    metrics : InMemoryMetricRecords
    comments : InMemoryCommentRecords
    provenance : InMemoryProvenanceRecords
        Stays empty: nobody here knows of other users and tasks.
    """

    def __init__(self) -> None:
        self.pixels = InMemoryPixelStore()
        self.images = InMemoryImageRecords(self.pixels)
        self.folders = InMemoryFolderRecords()
        self.files = InMemoryFileRecords(self.pixels, self.folders)
        self.tables = InMemoryTableRecords(self.pixels, self.folders)
        self.rois = InMemoryRoiRecords(self.images.get)
        self.metrics = InMemoryMetricRecords()
        self.comments = InMemoryCommentRecords(self.require)
        self.provenance = InMemoryProvenanceRecords()

    async def require(self, record_id: str) -> None:
        """Return where there is a record of any kind with this identifier.

        Raises
        ------
        NotFoundError
            There is none, or it is in the trash.
        """
        for get in (self.images.get, self.folders.get, self.files.get, self.tables.get):
            with suppress(NotFoundError):
                await get(record_id)
                return
        await self.rois.get(record_id)
