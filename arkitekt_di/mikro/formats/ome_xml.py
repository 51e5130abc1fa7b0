"""OME-XML: names, channels and pixel sizes of the images in an OME-TIFF.

https://docs.openmicroscopy.org/ome-model/latest/
"""

import json
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree as ET

from arkitekt_di.messages.descriptions import Channel
from arkitekt_di.mikro.formats.channels import channel_from, color_of_ome, load_channels, telling

NAMESPACE: Final = "https://pypi.org/project/arkitekt-di/ome-tiff"
"""Of the annotation in which our own files name their dimensions, which OME-TIFF always takes for five."""

DIMS: Final = "dims"
CHANNELS: Final = "channels"
LABELS: Final = "labels"

_SIZES: Final = {"x": "PhysicalSizeX", "y": "PhysicalSizeY", "z": "PhysicalSizeZ", "t": "TimeIncrement"}
_DEFAULT_UNITS: Final = {"x": "µm", "y": "µm", "z": "µm", "t": "s"}
"""Where the attribute is left out: OME schema 2016-06, PhysicalSizeXUnit and TimeIncrementUnit."""


_NANOMETRES: Final = {"nm": 1.0, "µm": 1e3, "pm": 1e-3, "Å": 0.1}
"""Units of wavelengths; nm where none is said (OME schema 2016-06, EmissionWavelengthUnit)."""


@dataclass(frozen=True)
class OmeImage:
    """What OME-XML says about one image.

    Attributes
    ----------
    name : str or None
    labels : tuple of str
        Names of the channels; empty unless each has one.
    channels : tuple of Channel
        Empty where nothing is said beside names.
    pixel_size, unit : dict
        By dimension.
    dims : tuple of str or None
        As our own client wrote them.
    """

    name: str | None
    labels: tuple[str, ...]
    channels: tuple[Channel, ...]
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
    elements = [] if pixels is None else list(pixels.iterfind("{*}Channel"))
    named = [element.get("Name") or "" for element in elements]
    note = next((notes[ref.get("ID")] for ref in image.iterfind("{*}AnnotationRef") if ref.get("ID") in notes), None)
    ours = {} if note is None else {m.get("K"): m.text or "" for m in note.iterfind("{*}Value/{*}M")}
    labels = json.loads(ours[LABELS]) or () if LABELS in ours else named if all(named) else ()
    return OmeImage(
        name=image.get("Name"),
        labels=tuple(labels),
        channels=load_channels(json.loads(ours[CHANNELS]))
        if CHANNELS in ours
        else telling(_channel(number, element) for number, element in enumerate(elements)),
        pixel_size={dim: size for dim, size in sizes.items() if size > 0},
        unit={dim: units[dim] for dim, size in sizes.items() if size > 0},
        dims=tuple(ours[DIMS].split(",")) if ours.get(DIMS) else None,
    )


def _channel(number: int, element: ET.Element) -> Channel:
    color = element.get("Color")
    return channel_from(
        number,
        element.get("Name"),
        color=None if color is None else color_of_ome(int(color)),
        emission_nm=_nanometres(element, "EmissionWavelength"),
        excitation_nm=_nanometres(element, "ExcitationWavelength"),
    )


def _nanometres(element: ET.Element, name: str) -> float | None:
    value, factor = element.get(name), _NANOMETRES.get(element.get(f"{name}Unit", "nm"))
    return None if value is None or factor is None else float(value) * factor
