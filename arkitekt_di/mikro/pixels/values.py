"""Python values as JSON that says what they were: exact, or refused by name.

What JSON has itself stays as it is.  Everything else is an object whose member ``$`` names its type::

    {"$": "tuple", "v": [1, 2]}
    {"$": "float", "v": "nan"}
    {"$": "array", "dtype": "<f8", "shape": [2], "data": "<base64 of the bytes>"}
    {"$": "array", "dtype": "<U4", "shape": [2], "items": ["DAPI", "GFP"]}

The exact type decides, never a base class: a subclass would come back as something else.
"""

import base64
import binascii
import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from pydantic import JsonValue

from arkitekt_di.errors import ImageRefusedError

_TAG: Final = "$"
_MAX_DEPTH: Final = 64
_RAW_KINDS: Final = "biufcmMS"
"""Kinds of NumPy data types whose bytes say everything."""
_PATHS: Final[dict[type, str]] = {
    type(Path()): "path",
    PurePosixPath: "posix-path",
    PureWindowsPath: "windows-path",
}


def encode(value: object, place: str, depth: int = 0) -> JsonValue:
    """Return *value* as JSON; *place* names it, such as ``attrs['stage']``.

    Raises
    ------
    ImageRefusedError
        The value, or one inside it, would not come back as it is.
    """
    if depth > _MAX_DEPTH:
        raise ImageRefusedError(f"{place[:80]}... is nested more than {_MAX_DEPTH} deep", "Flatten it, or leave it out")
    kind = type(value)
    if kind is str:
        return _text(value, place)
    if value is None or kind in (bool, int) or (kind is float and math.isfinite(value)):  # type: ignore[arg-type]  # kind says so
        return value  # type: ignore[return-value]  # the same
    if kind is list:
        return [encode(item, f"{place}[{i}]", depth + 1) for i, item in enumerate(value)]  # type: ignore[arg-type,var-annotated]  # the same
    if kind is dict:
        return _mapping(value, place, depth)  # type: ignore[arg-type]  # the same
    if kind is np.ndarray or isinstance(value, np.generic):
        return _array(value, place, depth)
    return _tagged(value, place, depth)


def decode(value: JsonValue) -> Any:
    """Return what `encode` was given; raises `ValueError` where *value* is not of its making."""
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    if _TAG not in value:
        return {key: decode(item) for key, item in value.items()}
    decoder = _DECODERS.get(str(value[_TAG]))
    if decoder is None:
        message = f"a value of type {value[_TAG]!r} was stored by a later version"
        raise ValueError(message)
    try:
        return decoder(value)
    except (KeyError, TypeError, binascii.Error) as error:
        message = f"a stored value of type {value[_TAG]!r} is damaged"
        raise ValueError(message) from error


def _text(value: Any, place: str) -> str:
    text = str(value)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ImageRefusedError(f"{place} holds half a surrogate pair", "Use valid Unicode") from error
    return text


def _mapping(value: Mapping[Any, Any], place: str, depth: int) -> JsonValue:
    if all(type(key) is str for key in value) and _TAG not in value:
        return {_text(key, place): encode(item, f"{place}[{key!r}]", depth + 1) for key, item in value.items()}
    pairs: list[JsonValue] = [
        [encode(key, f"the key {key!r} of {place}", depth + 1), encode(item, f"{place}[{key!r}]", depth + 1)]
        for key, item in value.items()
    ]
    return {_TAG: "dict", "v": pairs}


def _array(value: Any, place: str, depth: int) -> JsonValue:
    array = np.asarray(value)
    dtype = array.dtype
    tagged: dict[str, JsonValue] = {
        _TAG: "array" if type(value) is np.ndarray else "scalar",
        "dtype": dtype.str,
        "shape": list(array.shape),
    }
    if dtype.kind in _RAW_KINDS and (dtype.kind not in "fc" or dtype.itemsize <= {"f": 8, "c": 16}[dtype.kind]):
        return {**tagged, "data": base64.b64encode(array.tobytes()).decode()}
    if dtype.kind == "U":
        return {**tagged, "items": [_text(item, place) for item in array.ravel().tolist()]}
    if dtype.kind == "T" and not hasattr(dtype, "na_object"):
        return {**tagged, "dtype": "string", "items": [_text(item, place) for item in array.ravel().tolist()]}
    if dtype.kind == "O":
        items = [encode(item, f"{place}.flat[{i}]", depth + 1) for i, item in enumerate(array.ravel().tolist())]
        return {**tagged, "dtype": "object", "items": items}
    raise ImageRefusedError(f"{place} is an array of {dtype}, which cannot be stored", "Convert it, or leave it out")


def _tagged(value: Any, place: str, depth: int) -> JsonValue:
    kind = type(value)
    if kind in (set, frozenset, tuple):
        items = [encode(item, f"an item of {place}", depth + 1) for item in value]
        return {_TAG: kind.__name__, "v": items}
    if kind in _PATHS:
        return {_TAG: _PATHS[kind], "v": _text(value.as_posix(), place)}
    if kind in (datetime, time):
        return _clock(value, place)
    encoder = _ENCODERS.get(kind)
    if encoder is None:
        name = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
        raise ImageRefusedError(
            f"{place} is a {name}, which cannot be stored exactly",
            "Convert it to plain Python or NumPy values, or leave it out",
        )
    return {_TAG: kind.__name__, "v": encoder(value)}


def _clock(value: datetime | time, place: str) -> JsonValue:
    """Encode a moment; the zone goes by its name, because its offset alone forgets when the clocks change."""
    zone = value.tzinfo
    tagged: dict[str, JsonValue] = {_TAG: type(value).__name__, "v": value.replace(tzinfo=None, fold=0).isoformat()}
    if value.fold:
        tagged["fold"] = value.fold
    if zone is None:
        return tagged
    if isinstance(zone, ZoneInfo) and zone.key:
        return {**tagged, "zone": zone.key}
    if type(zone) is timezone and zone == timezone(zone.utcoffset(None)):
        return {**tagged, "offset": zone.utcoffset(None).total_seconds()}
    raise ImageRefusedError(f"{place} has a time zone that has no name", "Use zoneinfo.ZoneInfo or datetime.timezone")


_ENCODERS: Final[dict[type, Callable[[Any], JsonValue]]] = {
    float: str,  # only nan and the infinities come here
    complex: lambda value: [repr(value.real), repr(value.imag)],
    bytes: lambda value: base64.b64encode(value).decode(),
    date: date.isoformat,
    timedelta: lambda value: [value.days, value.seconds, value.microseconds],
    Decimal: str,
    UUID: str,
}


def _decoded_array(tagged: Any) -> npt.NDArray[Any]:
    shape = tuple(tagged["shape"])
    if "data" in tagged:
        raw = base64.b64decode(tagged["data"], validate=True)
        return np.frombuffer(raw, dtype=np.dtype(tagged["dtype"])).reshape(shape).copy()
    if tagged["dtype"] == "object":
        array = np.empty(math.prod(shape), dtype=object)
        for i, item in enumerate(tagged["items"]):
            array[i] = decode(item)
        return array.reshape(shape)
    dtype: Any = np.dtypes.StringDType() if tagged["dtype"] == "string" else np.dtype(tagged["dtype"])
    return np.array(tagged["items"], dtype=dtype).reshape(shape)


def _decoded_clock(tagged: Any) -> Any:
    moment: Any = (datetime if tagged[_TAG] == "datetime" else time).fromisoformat(tagged["v"])
    zone: Any = None
    if "zone" in tagged:
        zone = ZoneInfo(tagged["zone"])
    elif "offset" in tagged:
        offset = timedelta(seconds=tagged["offset"])
        zone = timezone(offset) if offset else UTC
    return moment.replace(tzinfo=zone, fold=tagged.get("fold", 0))


_DECODERS: Final[dict[str, Callable[[Any], Any]]] = {
    "array": _decoded_array,
    "scalar": lambda tagged: _decoded_array(tagged)[()],
    "dict": lambda tagged: {decode(key): decode(item) for key, item in tagged["v"]},
    "tuple": lambda tagged: tuple(decode(item) for item in tagged["v"]),
    "set": lambda tagged: {decode(item) for item in tagged["v"]},
    "frozenset": lambda tagged: frozenset(decode(item) for item in tagged["v"]),
    "datetime": _decoded_clock,
    "time": _decoded_clock,
    "path": lambda tagged: Path(tagged["v"]),
    "posix-path": lambda tagged: PurePosixPath(tagged["v"]),
    "windows-path": lambda tagged: PureWindowsPath(tagged["v"]),
    "float": lambda tagged: float(tagged["v"]),
    "complex": lambda tagged: complex(float(tagged["v"][0]), float(tagged["v"][1])),
    "bytes": lambda tagged: base64.b64decode(tagged["v"], validate=True),
    "date": lambda tagged: date.fromisoformat(tagged["v"]),
    "timedelta": lambda tagged: timedelta(*tagged["v"]),
    "Decimal": lambda tagged: Decimal(tagged["v"]),
    "UUID": lambda tagged: UUID(tagged["v"]),
}
