"""What people say about an image beside its pixels: how it was acquired, and what its channels are."""

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, Field, FiniteFloat, JsonValue, model_validator

from arkitekt_di.messages.model import CamelMessage
from arkitekt_di.messages.relations import Relation

MAX_CHANNELS = 4096
"""Channels that are described, at most; hyperspectral cameras have a few hundred."""

MAX_TEXT = 255
"""Longest name of a channel, an instrument and the like, in characters."""

MAX_TAGS = 64
"""Tags of one image, at most."""

Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]
Wavelength = Annotated[FiniteFloat, Field(gt=0, le=1e9)]


class Channel(CamelMessage):
    """One channel of an image; OME-NGFF 0.5 shows it as an entry of ``omero.channels``.

    Attributes
    ----------
    name : str
    color : str or None
        Six hexadecimal digits of red, green and blue, such as ``00FF00``, as ``omero`` has it.
    contrast : tuple of float or None
        The values that are shown black and fully coloured; ``omero``'s ``window.start`` and ``window.end``.
    limits : tuple of float or None
        The least and the greatest value that a viewer offers; ``omero``'s ``window.min`` and ``window.max``.
    emission_nm, excitation_nm : float or None
        Wavelengths in nanometres.
    is_shown : bool
        Whether a viewer shows it at first; ``omero``'s ``active``.
    """

    name: Text
    color: str | None = Field(default=None, pattern="^[0-9A-Fa-f]{6}$")
    contrast: tuple[FiniteFloat, FiniteFloat] | None = None
    limits: tuple[FiniteFloat, FiniteFloat] | None = None
    emission_nm: Wavelength | None = None
    excitation_nm: Wavelength | None = None
    is_shown: bool = True

    @model_validator(mode="before")
    @classmethod
    def _take_names_of_colors(cls, given: object) -> object:
        """Let a colour begin with ``#``, as the web writes it."""
        if isinstance(given, dict) and isinstance(given.get("color"), str):
            return given | {"color": given["color"].removeprefix("#")}
        return given

    @model_validator(mode="after")
    def _check_order(self) -> "Channel":
        for name, pair in (("contrast", self.contrast), ("limits", self.limits)):
            if pair is not None and pair[0] > pair[1]:
                raise ValueError(f"{name} begins above its end")
        return self


class Acquisition(CamelMessage):
    """How an image came to be at the microscope.

    Attributes
    ----------
    start, end : datetime.datetime or None
        With a time zone.
    instrument, objective, operator, sample : str or None
    attributes : dict
        Whatever else there is to say, as JSON: texts, numbers, booleans, lists and nested dictionaries.
    """

    start: AwareDatetime | None = None
    end: AwareDatetime | None = None
    instrument: Text | None = None
    objective: Text | None = None
    operator: Text | None = None
    sample: Text | None = None
    attributes: dict[str, JsonValue] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check_order(self) -> "Acquisition":
        if self.start is not None and self.end is not None and self.start > self.end:
            raise ValueError("the acquisition ends before it starts")
        return self


class Creator(CamelMessage):
    """Who made a record.

    Attributes
    ----------
    id : str
        Identifier of the user.
    name : str
    """

    id: str
    name: str


class SizeRange(CamelMessage):
    """How many pixels an image has along one axis; None is no bound."""

    axis: Text
    min: int | None = Field(default=None, ge=0)
    max: int | None = Field(default=None, ge=0)


class ImageDescription(CamelMessage):
    """What is said about a new image.

    Attributes
    ----------
    folder_id : str or None
    tags : tuple of str
    acquisition : Acquisition or None
    channels : tuple of Channel
        One for each position on the channel axis, or none.
    relations : tuple of Relation
        What it was made from, and which image it labels.
    """

    folder_id: str | None = None
    tags: tuple[str, ...] = ()
    acquisition: Acquisition | None = None
    channels: tuple[Channel, ...] = ()
    relations: tuple[Relation, ...] = ()


class ImageEdit(CamelMessage):
    """What is to change about an image; None leaves it as it is.

    Attributes
    ----------
    name, description : str or None
    tags : tuple of str or None
        All tags that it has from now on.
    added_tags, removed_tags : tuple of str
        Tags that it has from now on, and those that it has not any more, beside the others.
    acquisition : Acquisition or None
    channels : tuple of Channel or None
        One for each position on the channel axis; none at all forgets what was said.
    added_relations, removed_relations : tuple of Relation
        What it is to other records from now on, and what it is not any more, beside the others.
    """

    name: str | None = None
    description: str | None = None
    tags: tuple[str, ...] | None = None
    added_tags: tuple[str, ...] = ()
    removed_tags: tuple[str, ...] = ()
    acquisition: Acquisition | None = None
    channels: Annotated[tuple[Channel, ...], Field(max_length=MAX_CHANNELS)] | None = None
    added_relations: tuple[Relation, ...] = ()
    removed_relations: tuple[Relation, ...] = ()


class ImageQuery(CamelMessage):
    """Which images are looked for; everything that is given has to fit.

    Attributes
    ----------
    text : str or None
        Part of the name, the description or a tag; case does not count.
    ids : tuple of str or None
    dims : tuple of str
        Axes that the image has, in any order.
    dtype : str or None
        zarr v3 name of the data type, such as ``uint16``.
    sizes : tuple of SizeRange
    created_after, created_before, acquired_after, acquired_before : datetime.datetime or None
        The first moment that fits, and the first that does not any more.
    tags : tuple of str
        Tags that the image has, all of them.
    folder_id : str or None
        Right in this folder.
    creator : str or None
        Identifier of the user who made it.
    derived_from : str or None
        Identifier of the image, file or table that it was made from.
    label_of : str or None
        Identifier of the image that it labels.
    is_trashed : bool
        Look in the trash, and nowhere else.
    """

    text: str | None = None
    ids: tuple[str, ...] | None = None
    dims: tuple[str, ...] = ()
    dtype: str | None = None
    sizes: tuple[SizeRange, ...] = ()
    created_after: datetime | None = None
    created_before: datetime | None = None
    acquired_after: datetime | None = None
    acquired_before: datetime | None = None
    tags: tuple[str, ...] = ()
    folder_id: str | None = None
    creator: str | None = None
    derived_from: str | None = None
    label_of: str | None = None
    is_trashed: bool = False
