"""What people say about images, checked before it is kept."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from arkitekt_di.errors import ImageRefusedError
from arkitekt_di.messages.descriptions import MAX_TAGS, Acquisition, Channel
from arkitekt_di.messages.images import Axis, AxisType
from arkitekt_di.server.images.naming import checked_name
from arkitekt_di.server.images.tables import Image, ImageTag
from arkitekt_di.server.naming import folded

MAX_ATTRIBUTES_BYTES = 32 * 1024
"""Largest set of free attributes, as JSON."""

MAX_CHANNELS_BYTES = 256 * 1024
"""Largest description of channels, as JSON."""


def checked_tags(tags: Sequence[str]) -> list[ImageTag]:
    """Return one row for each tag, those that differ by case alone counted once; raises `ImageRefusedError`."""
    if len(tags) > MAX_TAGS:
        raise ImageRefusedError(f"{len(tags)} tags were given", f"Give an image {MAX_TAGS} or fewer")
    rows = (ImageTag(folded=folded(tag), tag=tag) for tag in (checked_name(tag, subject="a tag") for tag in tags))
    return list({row.folded: row for row in rows}.values())


def describe_acquisition(image: Image, acquisition: Acquisition) -> None:
    """Keep how *image* was acquired; raises `ImageRefusedError`."""
    if len(json.dumps(acquisition.attributes)) > MAX_ATTRIBUTES_BYTES:
        raise ImageRefusedError(
            "the attributes of the acquisition are too large", f"Keep them within {MAX_ATTRIBUTES_BYTES} bytes of JSON"
        )
    image.acquisition = acquisition.model_dump(mode="json", exclude={"start", "end"}, exclude_none=True)
    image.acquired_at = None if acquisition.start is None else acquisition.start.timestamp()
    image.acquired_until = None if acquisition.end is None else acquisition.end.timestamp()


def acquisition_of(image: Image) -> Acquisition:
    """Return how *image* was acquired."""
    times = {"start": _moment(image.acquired_at), "end": _moment(image.acquired_until)}
    return Acquisition.model_validate({**(image.acquisition or {}), **times})


def describe_channels(image: Image, channels: Sequence[Channel], shape: Sequence[int]) -> None:
    """Keep what the channels of *image* are; raises `ImageRefusedError` where there are others than it has."""
    count = _channel_count(image, shape)
    if channels and len(channels) != count:
        raise ImageRefusedError(
            f"{len(channels)} channels were described, but the image has {count}",
            "Describe each position on its channel axis, in order",
        )
    kept = [channel.model_dump(mode="json", exclude_none=True) for channel in channels]
    if len(json.dumps(kept)) > MAX_CHANNELS_BYTES:
        raise ImageRefusedError(
            "the description of the channels is too large", f"Keep it within {MAX_CHANNELS_BYTES} bytes of JSON"
        )
    image.channels = kept or None


def channels_of(image: Image) -> tuple[Channel, ...]:
    """Return what is known about the channels of *image*; nothing where nobody said anything."""
    return tuple(Channel.model_validate(channel) for channel in image.channels or ())


def _channel_count(image: Image, shape: Sequence[int]) -> int:
    axes = [Axis.model_validate(axis) for axis in image.axes]
    return next((size for axis, size in zip(axes, shape, strict=True) if axis.type == AxisType.CHANNEL), 1)


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
