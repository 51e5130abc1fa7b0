"""What every part of the image service stands on: the hub's records, its pixels, the way to the loop, and the areas."""

from arkitekt_di.errors import CompositionError
from arkitekt_di.mikro.areas import Areas
from arkitekt_di.mikro.comments.service import Comments
from arkitekt_di.mikro.files.service import Files
from arkitekt_di.mikro.folders.service import Folders
from arkitekt_di.mikro.metrics.service import Metrics
from arkitekt_di.mikro.provenance.service import Provenances
from arkitekt_di.mikro.rois.service import Rois
from arkitekt_di.mikro.tables.service import Tables
from arkitekt_di.protocols.koil import Bridge
from arkitekt_di.protocols.mikro import ImageRecords, PixelStore
from arkitekt_di.settings.models import MikroSettings


class Home:
    """Where images come from; the base of `Mikro`, which has the parameters.

    Attributes
    ----------
    bridge : Bridge
        The way to the app's loop.
    areas : Areas
        What there is beside images; each of them is an attribute as well.
    """

    def __init__(
        self,
        records: ImageRecords,
        pixels: PixelStore,
        bridge: Bridge,
        settings: MikroSettings | None = None,
        *,
        areas: Areas | None = None,
    ) -> None:
        self._records = records
        self._pixels = pixels
        self._bridge = bridge
        self._settings = settings or MikroSettings()
        self._areas = areas

    @property
    def bridge(self) -> Bridge:
        """The way to the app's loop."""
        return self._bridge

    @property
    def areas(self) -> Areas:
        """What there is beside images; raises `CompositionError` where the service was made for images alone."""
        if self._areas is None:
            raise CompositionError("this mikro was made without areas, so it has images alone")
        return self._areas

    @property
    def folders(self) -> Folders:
        """Where images, files and tables are filed."""
        return self.areas.folders

    @property
    def rois(self) -> Rois:
        """Regions of interest of the images."""
        return self.areas.rois

    @property
    def files(self) -> Files:
        """Files of any kind."""
        return self.areas.files

    @property
    def tables(self) -> Tables:
        """Tables: rows of typed columns."""
        return self.areas.tables

    @property
    def metrics(self) -> Metrics:
        """Measured values of images, files and tables."""
        return self.areas.metrics

    @property
    def comments(self) -> Comments:
        """What people say about images, files, tables, folders and regions."""
        return self.areas.comments

    @property
    def provenance(self) -> Provenances:
        """Which app, user and task made and changed images, files and tables."""
        return self.areas.provenance
