"""An image in a notebook: a small picture of it, and what is known about it."""

import html
from collections.abc import Mapping
from typing import Final, Protocol

import numpy as np
import xarray as xr

from arkitekt_di.errors import ArkitektError
from arkitekt_di.mikro.pixels.units import short_unit
from arkitekt_di.mikro.shown import THUMBNAIL_PX, data_uri, thumbnail

MAX_LABELS: Final = 8
"""Channels that are named; the rest is counted."""


class Shown(Protocol):
    """As much of an image as its card tells."""

    @property
    def id(self) -> str:
        """Identifier."""
        ...

    @property
    def name(self) -> str:
        """Name."""
        ...

    @property
    def page_url(self) -> str | None:
        """Where the hub shows it."""
        ...

    @property
    def sizes(self) -> Mapping[str, int]:
        """Pixels along each dimension."""
        ...

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """Type of a pixel."""
        ...

    @property
    def levels(self) -> tuple[Mapping[str, int], ...]:
        """Sizes of every level."""
        ...

    @property
    def data(self) -> xr.DataArray:
        """The pixels."""
        ...

    @property
    def pixel_size(self) -> dict[str, float]:
        """Along each dimension that has one."""
        ...

    @property
    def unit(self) -> dict[str, str]:
        """Of the pixel sizes."""
        ...

    def level(self, number: int) -> xr.DataArray:
        """Return the pixels of one level."""
        ...


def image_card(image: Shown, *, created: str) -> str:
    """Return HTML; an image that cannot be read has a card that says why, and never raises."""
    rows = {
        "id": image.id,
        "size": " \N{MULTIPLICATION SIGN} ".join(f"{dim} {size}" for dim, size in image.sizes.items()),
        "created": created,
    }
    try:
        picture = f"<img src='{data_uri(thumbnail(_overview(image)))}' style='image-rendering:pixelated' alt=''>"
        rows |= _details(image)
    except (ArkitektError, TimeoutError, OSError, ValueError, TypeError) as error:
        said = str(error) or "it takes too long"
        picture = f"<div style='max-width:14em'>No picture: {html.escape(said)}</div>"
    name = html.escape(image.name)
    if image.page_url is not None:
        name = f"<a href='{html.escape(image.page_url, quote=True)}' target='_blank' rel='noopener'>{name}</a>"
    cells = "".join(
        f"<tr><th style='text-align:left'>{label}</th><td style='text-align:left'>{html.escape(value)}</td></tr>"
        for label, value in rows.items()
        if value
    )
    return (
        f"<div style='display:flex;gap:1em;align-items:flex-start'>{picture}"
        f"<table><caption style='text-align:left;font-weight:bold'>{name}</caption>"
        f"{cells}</table></div>"
    )


def _overview(image: Shown) -> xr.DataArray:
    """Return the coarsest level that still has as many pixels as a thumbnail."""
    for number in reversed(range(1, len(image.levels))):
        if max(image.levels[number].get(dim, 0) for dim in ("y", "x")) >= THUMBNAIL_PX:
            return image.level(number)
    return image.data


def _details(image: Shown) -> dict[str, str]:
    units = image.unit
    steps = [f"{dim} {step:g} {short_unit(units.get(dim, ''))}".rstrip() for dim, step in image.pixel_size.items()]
    return {"type": str(image.dtype), "pixel size": ", ".join(steps), "channels": _labels(image.data)}


def _labels(data: xr.DataArray) -> str:
    if "c" not in data.coords or data.coords["c"].ndim != 1:
        return ""
    labels = [str(label) for label in data.coords["c"].values.tolist()]
    more = len(labels) - MAX_LABELS
    return ", ".join(labels[:MAX_LABELS]) + (f" and {more} more" if more > 0 else "")
