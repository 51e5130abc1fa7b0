"""Channels of files: names, colours, contrast and wavelengths, as far as a file says them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError

from arkitekt_di.messages.descriptions import MAX_TEXT, Channel
from arkitekt_di.messages.ngff import NgffChannel
from arkitekt_di.messages.pixels import ATTRIBUTE

NOTE: Final = f"{ATTRIBUTE}_channels"
"""Under which our own files say all of it, as no format has a place for everything."""

_BITS: Final = 0xFFFFFFFF
_LEVELS: Final = 256


def channel_from(number: int, name: str | None, **said: Any) -> Channel:
    """Return what a file says about its channel *number*; what cannot be, such as a colour of two digits, is dropped.

    A channel without a name is called by its number, counted from 0.
    """
    kept = {key: value for key, value in said.items() if value is not None and _fits(key, value)}
    return Channel(name=(name or str(number))[:MAX_TEXT], **kept)


def telling(channels: Iterable[Channel]) -> tuple[Channel, ...]:
    """Return channels of which at least one says more than its name; the coordinate has the names."""
    all_of_them = tuple(channels)
    return all_of_them if any(channel != Channel(name=channel.name) for channel in all_of_them) else ()


def ngff_channels(channels: Sequence[NgffChannel]) -> tuple[Channel, ...]:
    """Return channels in the words of OME-NGFF ("omero") as ours."""
    return telling(
        channel_from(
            number,
            channel.label,
            color=channel.color,
            contrast=None if channel.window is None else (channel.window.start, channel.window.end),
            limits=None if channel.window is None else (channel.window.min, channel.window.max),
            is_shown=channel.active,
        )
        for number, channel in enumerate(channels)
    )


def imagej_channels(metadata: Mapping[str, Any]) -> tuple[Channel, ...]:
    """Return ImageJ's channels: for each two numbers of ``Ranges``, and a table of ``LUTs`` that ends in its colour."""
    ranges, tables = list(metadata.get("Ranges") or ()), list(metadata.get("LUTs") or ())
    pairs = list(zip(ranges[::2], ranges[1::2], strict=False))
    return telling(
        channel_from(
            number,
            None,
            color=_last_color(tables[number]) if number < len(tables) else None,
            contrast=pairs[number] if number < len(pairs) else None,
        )
        for number in range(max(len(pairs), len(tables)))
    )


def color_of_ome(value: int) -> str:
    """Return a colour of OME-XML: a signed number of 32 bit, red, green, blue and alpha (OME schema 2016-06)."""
    return f"{(value & _BITS) >> 8:06X}"


def color_for_ome(color: str) -> int:
    """Return six hexadecimal digits as OME-XML has them, without transparency."""
    value = int(color, 16) << 8 | 0xFF
    return value - _BITS - 1 if value > _BITS // 2 else value


def dump_channels(channels: Iterable[Channel]) -> list[dict[str, Any]]:
    """Return channels as JSON."""
    return [channel.model_dump(mode="json", by_alias=True, exclude_none=True) for channel in channels]


def load_channels(dumped: Sequence[Any]) -> tuple[Channel, ...]:
    """Return what `dump_channels` was given; raises `pydantic.ValidationError`, a `ValueError`."""
    return tuple(Channel.model_validate(one) for one in dumped)


def _last_color(table: Any) -> str | None:
    if getattr(table, "shape", None) != (3, _LEVELS):
        return None
    return "".join(f"{int(value):02X}" for value in table[:, -1])


def _fits(key: str, value: Any) -> bool:
    try:
        Channel.model_validate({"name": "?", key: value})
    except ValidationError:
        return False
    return True
