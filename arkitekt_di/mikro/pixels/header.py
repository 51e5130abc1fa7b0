"""``zarr.json``: written for an array of ours, read for any zarr v3 array."""

import json
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from pydantic import ValidationError

from arkitekt_di.errors import ImageRefusedError, ProtocolMismatchError
from arkitekt_di.messages.pixels import ATTRIBUTE, ENCODING, MAX_HEADER_BYTES, PixelDocument
from arkitekt_di.mikro.pixels.layout import Layout
from arkitekt_di.mikro.pixels.shard import ShardCodec

_KEY_ENCODING: Final = {"name": "default", "configuration": {"separator": "/"}}


def write_header(codec: ShardCodec, dims: tuple[str, ...], document: PixelDocument) -> bytes:
    """Return ``zarr.json``: zarr core specification 3.1, "Array metadata".

    Raises
    ------
    ImageRefusedError
        It is larger than any reader takes.
    """
    dtype, layout = codec.dtype, codec.layout
    metadata = {
        "zarr_format": 3,
        "node_type": "array",
        "shape": list(layout.shape),
        "data_type": dtype.name,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(layout.shard)}},
        "chunk_key_encoding": _KEY_ENCODING,
        "fill_value": _fill_value(dtype),
        "codecs": codec.metadata(),
        "attributes": {ATTRIBUTE: document.model_dump(mode="json", exclude_none=True)},
        "dimension_names": list(dims),
        "storage_transformers": [],
    }
    header = json.dumps(metadata, separators=(",", ":"), allow_nan=False, ensure_ascii=False).encode()
    if len(header) > MAX_HEADER_BYTES:
        raise ImageRefusedError(
            f"coordinates and attributes take {len(header) / 2**20:.1f} MiB, more than {MAX_HEADER_BYTES // 2**20} MiB",
            "Leave the large ones out, or store them as images of their own",
        )
    return header


def _fill_value(dtype: np.dtype[Any]) -> Any:
    zero: Any = np.zeros((), dtype=dtype)[()].item()
    return [0.0, 0.0] if dtype.kind == "c" else zero


@dataclass(frozen=True)
class Header:
    """What an array's metadata says.

    Attributes
    ----------
    metadata : dict
        The whole of ``zarr.json``.
    document : PixelDocument or None
        Ours; None where another program wrote the array.
    """

    metadata: dict[str, Any]
    document: PixelDocument | None

    @property
    def attributes(self) -> dict[str, Any]:
        """Attributes beside our own document."""
        return {key: value for key, value in self.metadata.get("attributes", {}).items() if key != ATTRIBUTE}

    @property
    def dims(self) -> tuple[str, ...] | None:
        """Names of the dimensions, where each has one."""
        names = self.metadata.get("dimension_names") or []
        return tuple(names) if len(names) == len(self.metadata["shape"]) and None not in names else None

    def cut(self, shape: tuple[int, ...]) -> "Header":
        """Return the header of an array that grows as it was when it had *shape*; any other stays as it is."""
        if self.document is None or self.document.appends is None:
            return self
        return replace(self, metadata={**self.metadata, "shape": list(shape)})

    def codec(self) -> ShardCodec | None:
        """Return the codec of an array that we wrote; None where another program did, or did it otherwise."""
        if self.document is None or self.metadata.get("chunk_key_encoding") != _KEY_ENCODING:
            return None
        codecs = self.metadata["codecs"]
        shard = tuple(self.metadata["chunk_grid"]["configuration"]["chunk_shape"])
        inner, chunk = codecs, shard
        if codecs[0]["name"] == "sharding_indexed":
            inner = codecs[0]["configuration"]["codecs"]
            chunk = tuple(codecs[0]["configuration"]["chunk_shape"])
        compressor = next((part["configuration"]["cname"] for part in inner if part["name"] == "blosc"), "none")
        if compressor not in ("lz4", "zstd", "none"):
            return None
        layout = Layout(tuple(self.metadata["shape"]), chunk, shard)
        codec = ShardCodec(layout, np.dtype(self.metadata["data_type"]), compressor)
        return codec if codec.metadata() == codecs else None


def read_header(content: bytes) -> Header:
    """Return what ``zarr.json`` says; raises `ValueError` where it is damaged."""
    metadata = json.loads(content)
    if not isinstance(metadata, dict) or (metadata.get("node_type"), metadata.get("zarr_format")) != ("array", 3):
        message = "zarr.json is not that of a zarr v3 array"
        raise ValueError(message)
    stored = (metadata.get("attributes") or {}).get(ATTRIBUTE)
    if stored is None:
        return Header(metadata, None)
    if isinstance(stored, dict) and isinstance(stored.get("version"), int) and stored["version"] > ENCODING:
        raise ProtocolMismatchError("the stored image", f"encoding {ENCODING}", f"encoding {stored['version']}")
    try:
        return Header(metadata, PixelDocument.model_validate(stored))
    except ValidationError as error:
        message = f"the member {ATTRIBUTE!r} of zarr.json is damaged"
        raise ValueError(message) from error
