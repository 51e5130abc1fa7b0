"""The document that makes a multiscale image of stored arrays."""

import json
from collections.abc import Sequence

from arkitekt_di.messages.descriptions import Channel
from arkitekt_di.messages.images import Axis, AxisType
from arkitekt_di.messages.ngff import (
    VERSION,
    Dataset,
    Multiscale,
    OmeDocument,
    Omero,
    level_transformations,
    ngff_axes,
    reduction,
)
from arkitekt_di.server.ngff.arrays import ServedArray
from arkitekt_di.server.ngff.channels import shown_channels


def group_document(
    name: str, axes: Sequence[Axis], levels: Sequence[ServedArray], described: Sequence[Channel] = ()
) -> bytes:
    """Return ``zarr.json`` of the group.

    Parameters
    ----------
    name : str
        Name of the image.
    axes : sequence of Axis
        In the order in which they are served.
    levels : sequence of ServedArray
        The finest first; served below ``0``, ``1`` and so on.
    described : sequence of Channel, optional
        What the record says about the channels.
    """
    datasets = tuple(_dataset(number, levels[0], level) for number, level in enumerate(levels))
    multiscale = Multiscale(name=name, axes=ngff_axes(axes), datasets=datasets)
    channel = next((place for place, axis in enumerate(axes) if axis.type is AxisType.CHANNEL), None)
    channels = () if channel is None else shown_channels(levels[0], channel, described)
    omero = Omero(name=name, channels=channels) if channels else None
    document = OmeDocument(version=VERSION, multiscales=(multiscale,), omero=omero)
    group = {"zarr_format": 3, "node_type": "group", "attributes": document.attributes()}
    return json.dumps(group, separators=(",", ":"), allow_nan=False).encode()


def _dataset(number: int, finest: ServedArray, level: ServedArray) -> Dataset:
    factors = level.scale() or [reduction(whole, size) for whole, size in zip(finest.shape, level.shape, strict=True)]
    transformations = level_transformations(finest.pixel_sizes(), factors)
    return Dataset(path=str(number), coordinateTransformations=transformations)
