"""The document that makes a multiscale image of some arrays: OME-NGFF 0.5, sections "multiscales" and "omero"."""

import json
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from arkitekt_di.messages.images import Axis
from arkitekt_di.server.ngff.arrays import ServedArray
from arkitekt_di.server.ngff.axes import ngff_type
from arkitekt_di.server.ngff.channels import ShownChannel

VERSION: Final = "0.5"


def group_document(
    name: str, axes: Sequence[Axis], levels: Sequence[ServedArray], channels: Sequence[ShownChannel]
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
    channels : sequence of ShownChannel
        Left out of the document where there is none.
    """
    multiscale = {
        "name": name,
        "axes": [_axis(axis) for axis in axes],
        "datasets": [
            {"path": str(number), "coordinateTransformations": _transformations(levels[0], level)}
            for number, level in enumerate(levels)
        ],
    }
    ome: dict[str, Any] = {"version": VERSION, "multiscales": [multiscale]}
    if channels:
        ome["omero"] = {"name": name, "channels": [channel.document() for channel in channels]}
    group = {"zarr_format": 3, "node_type": "group", "attributes": {"ome": ome}}
    return json.dumps(group, separators=(",", ":"), allow_nan=False).encode()


def _axis(axis: Axis) -> dict[str, str]:
    unit = {} if axis.unit is None else {"unit": axis.unit}
    return {"name": axis.name, "type": ngff_type(axis), **unit}


def _transformations(finest: ServedArray, level: ServedArray) -> list[dict[str, Any]]:
    """Return where the pixels of a level are: a pixel that stands for several lies in their middle."""
    steps = np.array(finest.pixel_sizes())
    factors = np.array([_factor(whole, size) for whole, size in zip(finest.shape, level.shape, strict=True)])
    scale = {"type": "scale", "scale": (steps * factors).tolist()}
    offset = (steps * (factors - 1) / 2).tolist()
    return [scale, {"type": "translation", "translation": offset}] if any(offset) else [scale]


def _factor(whole: int, size: int) -> int:
    """Return by which power of two an axis was reduced: pyramids halve it, and its last pixel may stand for fewer."""
    factor = 1
    while -(-whole // factor) > size:
        factor *= 2
    return factor
