"""The areas of the data service beside images."""

from dataclasses import dataclass

from arkitekt_di.mikro.comments.service import Comments
from arkitekt_di.mikro.files.service import Files
from arkitekt_di.mikro.folders.service import Folders
from arkitekt_di.mikro.metrics.service import Metrics
from arkitekt_di.mikro.provenance.service import Provenances
from arkitekt_di.mikro.rois.service import Rois
from arkitekt_di.mikro.tables.service import Tables


@dataclass(frozen=True)
class Areas:
    """What ``app.mikro`` has beside images; each a service of its own.

    Attributes
    ----------
    folders : Folders
    rois : Rois
    files : Files
    tables : Tables
    metrics : Metrics
    comments : Comments
    provenance : Provenances
    """

    folders: Folders
    rois: Rois
    files: Files
    tables: Tables
    metrics: Metrics
    comments: Comments
    provenance: Provenances

    async def stop(self) -> None:
        """End what is watched."""
        for area in (self.folders, self.rois, self.files, self.tables, self.comments):
            await area.stop()
