"""OME-XML: names, channels and pixel sizes of the images in an OME-TIFF.

https://docs.openmicroscopy.org/ome-model/latest/
"""

from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree as ET

NAMESPACE: Final = "https://pypi.org/project/arkitekt-di/ome-tiff"
"""Of the annotation in which our own files name their dimensions, which OME-TIFF always takes for five."""

DIMS: Final = "dims"

_SIZES: Final = {"x": "PhysicalSizeX", "y": "PhysicalSizeY", "z": "PhysicalSizeZ", "t": "TimeIncrement"}
_DEFAULT_UNITS: Final = {"x": "µm", "y": "µm", "z": "µm", "t": "s"}
"""Where the attribute is left out: OME schema 2016-06, PhysicalSizeXUnit and TimeIncrementUnit."""


@dataclass(frozen=True)
class OmeImage:
    """What OME-XML says about one image.

    Attributes
    ----------
    name : str or None
    channels : tuple of str
        Their names; empty unless each has one.
    pixel_size, unit : dict
        By dimension.
    dims : tuple of str or None
        As our own client wrote them.
    """

    name: str | None
    channels: tuple[str, ...]
    pixel_size: dict[str, float]
    unit: dict[str, str]
    dims: tuple[str, ...] | None


def read_ome_xml(text: str) -> tuple[OmeImage, ...]:
    """Return what is said about each image, in their order; raises `ValueError` where it is not OME-XML."""
    try:
        root = ET.fromstring(text)  # noqa: S314  # the user's own file, and expat bounds the expansion of entities
    except ET.ParseError as error:
        message = f"its OME-XML is damaged: {error}"
        raise ValueError(message) from error
    notes = {
        annotation.get("ID"): annotation
        for annotation in root.iterfind("{*}StructuredAnnotations/{*}MapAnnotation")
        if annotation.get("Namespace") == NAMESPACE
    }
    return tuple(_image(image, notes) for image in root.iterfind("{*}Image"))


def _image(image: ET.Element, notes: dict[str | None, ET.Element]) -> OmeImage:
    pixels = image.find("{*}Pixels")
    attributes = {} if pixels is None else pixels.attrib
    sizes = {dim: float(attributes[key]) for dim, key in _SIZES.items() if key in attributes}
    units = {dim: attributes.get(f"{_SIZES[dim]}Unit", _DEFAULT_UNITS[dim]) for dim in sizes}
    named = [] if pixels is None else [channel.get("Name") or "" for channel in pixels.iterfind("{*}Channel")]
    note = next((notes[ref.get("ID")] for ref in image.iterfind("{*}AnnotationRef") if ref.get("ID") in notes), None)
    said = None if note is None else next((m.text for m in note.iterfind("{*}Value/{*}M") if m.get("K") == DIMS), None)
    return OmeImage(
        name=image.get("Name"),
        channels=tuple(named) if named and all(named) else (),
        pixel_size={dim: size for dim, size in sizes.items() if size > 0},
        unit={dim: units[dim] for dim, size in sizes.items() if size > 0},
        dims=tuple(said.split(",")) if said else None,
    )
