"""Regions of interest on the wire; mikro calls one an annotation."""

from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field, FiniteFloat, model_validator

from arkitekt_di.messages.model import CamelMessage

MAX_VERTICES: Final = 10_000
"""Vertices of one region; a finer outline is a mask."""

MAX_COLOR: Final = 255

Vertex = tuple[FiniteFloat, ...]
Color = Annotated[tuple[Annotated[int, Field(ge=0, le=MAX_COLOR)], ...], Field(min_length=3, max_length=4)]
Label = Annotated[str, Field(max_length=255)]


class RoiKind(StrEnum):
    """Shape of a region: the words of the real mikro, and ``MASK``, which is ours.

    A rectangle, an ellipse and their kin are named by two opposite corners, or by all corners, which may be rotated.
    """

    POINT = "POINT"
    MULTI_POINT = "MULTI_POINT"
    LINE = "LINE"
    PATH = "PATH"
    POLYGON = "POLYGON"
    RECTANGLE = "RECTANGLE"
    CUBE = "CUBE"
    CIRCLE = "CIRCLE"
    ELLIPSE = "ELLIPSE"
    SPHERE = "SPHERE"
    ELLIPSOID = "ELLIPSOID"
    MASK = "MASK"


VERTICES: Final = {
    RoiKind.POINT: (1, 1),
    RoiKind.MULTI_POINT: (1, MAX_VERTICES),
    RoiKind.LINE: (2, 2),
    RoiKind.PATH: (2, MAX_VERTICES),
    RoiKind.POLYGON: (3, MAX_VERTICES),
    RoiKind.RECTANGLE: (2, 4),
    RoiKind.CUBE: (2, 8),
    RoiKind.CIRCLE: (2, 4),
    RoiKind.ELLIPSE: (2, 4),
    RoiKind.SPHERE: (2, 8),
    RoiKind.ELLIPSOID: (2, 8),
    RoiKind.MASK: (0, 2),
}
"""Fewest and most vertices of each kind."""


class RoiDraft(CamelMessage):
    """A new region of interest.

    Attributes
    ----------
    kind : RoiKind
    dims : tuple of str
        Axes of the image that the numbers of a vertex belong to, in their order; left out, the last axes of space.
    vectors : tuple of tuple of float
        Its vertices, in pixels of the image; pixel centres are whole numbers.
    coordinates : dict of str to int
        Positions on other axes that it is at, such as ``{"t": 3}``; on an axis that is in neither it is everywhere.
    label, description : str
    tags : tuple of str
    stroke_color, fill_color : tuple of int or None
        Red, green, blue, and opacity where it has one, each from 0 to 255.
    mask_id : str or None
        Image of labels that a mask is in; the label is a number in ``coordinates`` under ``label``.
    """

    kind: RoiKind
    dims: tuple[str, ...] = ()
    vectors: Annotated[tuple[Vertex, ...], Field(max_length=MAX_VERTICES)] = ()
    coordinates: dict[str, int] = Field(default_factory=dict)
    label: Label = ""
    description: Annotated[str, Field(max_length=4096)] = ""
    tags: Annotated[tuple[Label, ...], Field(max_length=64)] = ()
    stroke_color: Color | None = None
    fill_color: Color | None = None
    mask_id: str | None = None

    @model_validator(mode="after")
    def _check_shape(self) -> "RoiDraft":
        fewest, most = VERTICES[self.kind]
        if not fewest <= len(self.vectors) <= most:
            raise ValueError(f"a {self.kind} has {fewest} to {most} vertices, not {len(self.vectors)}")
        widths = {len(vertex) for vertex in self.vectors}
        if len(widths) > 1 or (self.dims and widths and widths != {len(self.dims)}):
            raise ValueError(f"each vertex needs one number for each of {', '.join(self.dims) or 'its dims'}")
        if len(set(self.dims)) < len(self.dims) or set(self.dims) & self.coordinates.keys():
            raise ValueError("an axis is named twice")
        if (self.kind is RoiKind.MASK) != (self.mask_id is not None):
            raise ValueError("a mask, and nothing else, names the image that it is in")
        return self


class RoiRecord(RoiDraft):
    """What the hub knows about a region of interest.

    Attributes
    ----------
    id, image_id : str
    creator_id, creator_name : str
    created_at, updated_at : str
        ISO 8601, UTC.
    """

    id: str
    image_id: str
    creator_id: str = ""
    creator_name: str = ""
    created_at: str | None = None
    updated_at: str | None = None


class RoiEdit(CamelMessage):
    """What is to change about a region; None leaves it as it is."""

    kind: RoiKind | None = None
    vectors: tuple[Vertex, ...] | None = None
    coordinates: dict[str, int] | None = None
    label: str | None = None
    description: str | None = None
    tags: tuple[str, ...] | None = None
    stroke_color: Color | None = None
    fill_color: Color | None = None
