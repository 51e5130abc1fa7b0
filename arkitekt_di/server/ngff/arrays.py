"""A stored zarr array as an array of OME-NGFF: its axes in another order, its objects as they are.

Where it makes a difference, the codec ``transpose`` turns each chunk round when it is decoded (zarr v3, codecs,
"transpose"), so that what is served are the very bytes that are stored, under keys whose numbers change places.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from arkitekt_di.messages.pixels import ATTRIBUTE, PixelDocument

_KEY: Final = re.compile(r"c((?:/(?:0|[1-9][0-9]{0,18}))+)")
_SHARDING: Final = "sharding_indexed"


@dataclass(frozen=True)
class ServedArray:
    """One stored array, seen in another order.

    Attributes
    ----------
    metadata : dict
        ``zarr.json`` of the array as it is stored.
    order : tuple of int
        Where each axis that is served is among the stored ones.
    names : tuple of str
        Names of the axes as they are served.
    """

    metadata: dict[str, Any]
    order: tuple[int, ...]
    names: tuple[str, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Pixels along each axis, as served."""
        return self._turned(self.metadata["shape"])

    @property
    def document(self) -> PixelDocument | None:
        """What our own client wrote beside the pixels; None where another program wrote the array."""
        stored = (self.metadata.get("attributes") or {}).get(ATTRIBUTE)
        return None if stored is None else PixelDocument.model_validate(stored)

    @property
    def is_complete(self) -> bool:
        """Whether every object has to be there: our own client leaves none out."""
        return ATTRIBUTE in (self.metadata.get("attributes") or {})

    def pixel_sizes(self) -> tuple[float, ...]:
        """Return the pixel size along each axis, as served; 1 where it is not known."""
        document = self.document
        sizes = {} if document is None else {axis.name: axis.pixel_size for axis in document.axes}
        return tuple(sizes.get(name) or 1.0 for name in self.names)

    def scale(self) -> tuple[int, ...] | None:
        """Return for how many pixels of the finest level one pixel stands, as served; None where nobody says."""
        document = self.document
        known = document is not None and len(document.scale) == len(self.order)
        return self._turned(document.scale) if document is not None and known else None

    def header(self) -> bytes:
        """Return ``zarr.json`` as it is served: without what our own client wrote for itself."""
        attributes = {key: value for key, value in (self.metadata.get("attributes") or {}).items() if key != ATTRIBUTE}
        served = {
            **self.metadata,
            "shape": list(self.shape),
            "dimension_names": list(self.names),
            "attributes": attributes,
            "chunk_grid": _grid(self._turned(self._grid_shape)),
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
            "codecs": self._codecs(),
        }
        served.pop("consolidated_metadata", None)
        return json.dumps(served, separators=(",", ":")).encode()

    def stored_key(self, key: str) -> str | None:
        """Return the key of the object behind a key that is served; None where no object of the array has it."""
        match = _KEY.fullmatch(key)
        if match is None:
            return None
        places = tuple(int(part) for part in match[1].split("/")[1:])
        blocks = [-(-size // edge) for size, edge in zip(self.shape, self._turned(self._grid_shape), strict=True)]
        if len(places) != len(blocks) or any(place >= count for place, count in zip(places, blocks, strict=True)):
            return None
        stored = [str(places[served]) for served in _inverse(self.order)]
        encoding: dict[str, Any] = self.metadata["chunk_key_encoding"]
        is_default = encoding["name"] == "default"
        separator = str((encoding.get("configuration") or {}).get("separator", "/" if is_default else "."))
        return separator.join(["c", *stored] if is_default else stored)

    @property
    def _grid_shape(self) -> list[int]:
        shape: list[int] = self.metadata["chunk_grid"]["configuration"]["chunk_shape"]
        return shape

    def _codecs(self) -> list[dict[str, Any]]:
        codecs: list[dict[str, Any]] = self.metadata["codecs"]
        if codecs[0]["name"] != _SHARDING:
            return [*self._turns(self._grid_shape), *codecs]
        inner = codecs[0]["configuration"]
        chunk = inner["chunk_shape"]
        turned = {**inner, "chunk_shape": list(self._turned(chunk)), "codecs": [*self._turns(chunk), *inner["codecs"]]}
        chunks = [outer // edge for outer, edge in zip(self._grid_shape, chunk, strict=True)]
        if not self._keeps_sequence(chunks):
            # The index of a shard is an array too, with one more axis for offset and size.
            index_order = (*_inverse(self.order), len(self.order))
            turned["index_codecs"] = [_transpose(index_order), *inner["index_codecs"]]
        return [{**codecs[0], "configuration": turned}]

    def _turns(self, block: Sequence[int]) -> list[dict[str, Any]]:
        """Return what turns a block of this stored shape round; nothing where its bytes are the same either way."""
        if self._keeps_sequence(block):
            return []
        places = _inverse(self.order)
        long = [place for place, size in zip(places, block, strict=True) if size > 1]
        # An axis of one pixel may stand anywhere.  At the end and in falling order, neuroglancer 2.41 shows the image
        # too, which applies most other permutations the wrong way round.
        return [_transpose((*long, *sorted(set(places) - set(long), reverse=True)))]

    def _keeps_sequence(self, stored: Sequence[int]) -> bool:
        """Tell whether a block of this stored shape has its elements in the same sequence when it is turned round."""
        return [place for place in self.order if stored[place] > 1] == [
            place for place, size in enumerate(stored) if size > 1
        ]

    def _turned(self, stored: Sequence[int]) -> tuple[int, ...]:
        return tuple(stored[place] for place in self.order)


def _grid(shape: Sequence[int]) -> dict[str, Any]:
    return {"name": "regular", "configuration": {"chunk_shape": list(shape)}}


def _transpose(order: Sequence[int]) -> dict[str, Any]:
    return {"name": "transpose", "configuration": {"order": list(order)}}


def _inverse(order: Sequence[int]) -> tuple[int, ...]:
    return tuple(order.index(place) for place in range(len(order)))
