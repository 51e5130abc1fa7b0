"""What the hub's record of an image says, as properties."""

from datetime import datetime

from arkitekt_di.messages.descriptions import Acquisition, Channel, Creator
from arkitekt_di.messages.images import ImageRecord


class Description:
    """What people and the hub say about an image; the base of `Image`.

    Attributes
    ----------
    description : str
    tags : tuple of str
    folder_id : str or None
        Identifier of the folder that it lies in.
    creator : Creator or None
        Who made it; None where the hub does not say.
    updated_at : datetime.datetime or None
    page_url : str or None
        Address of the hub's page that shows it.
    acquisition : Acquisition
        How it came to be at the microscope.
    channels : tuple of Channel
        One for each position on its channel axis; none where nothing was said.
    """

    __slots__ = ("_record",)

    def __init__(self, record: ImageRecord) -> None:
        self._record = record

    @property
    def id(self) -> str:
        """Identifier given by the hub."""
        return self._record.id

    @property
    def name(self) -> str:
        """Name, as it was when this object was made."""
        return self._record.name

    @property
    def description(self) -> str:
        """Free text about the image; empty where there is none."""
        return self._record.description or ""

    @property
    def tags(self) -> tuple[str, ...]:
        """Its tags, in alphabetical order."""
        return self._record.tags

    @property
    def folder_id(self) -> str | None:
        """Identifier of the folder that it lies in; None where it is in none."""
        return self._record.folder_id

    @property
    def creator(self) -> Creator | None:
        """Who made it; None where the hub does not say."""
        return self._record.creator

    @property
    def created_at(self) -> datetime | None:
        """When the image was created; None where the hub does not say."""
        return None if self._record.created_at is None else datetime.fromisoformat(self._record.created_at)

    @property
    def updated_at(self) -> datetime | None:
        """When something else was last said about it; None where the hub does not say."""
        return None if self._record.updated_at is None else datetime.fromisoformat(self._record.updated_at)

    @property
    def page_url(self) -> str | None:
        """Address of the hub's page where people who are logged in look at it; None where there is none."""
        return self._record.page_url

    @property
    def acquisition(self) -> Acquisition:
        """How it came to be at the microscope; empty where nobody said."""
        return self._record.acquisition

    @property
    def channels(self) -> tuple[Channel, ...]:
        """What its channels are, in the order of its channel axis; none where nobody said."""
        return self._record.channels
