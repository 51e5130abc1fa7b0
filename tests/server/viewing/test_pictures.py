"""The hub paints one plane of an image, in a program of its own, and says why where it does not."""

import asyncio
import io
import json
import logging
from typing import Any

import numpy as np
import pytest
import zarr

from arkitekt_di.errors import ImageDamagedError, ImageRefusedError
from arkitekt_di.messages.images import AxisType
from arkitekt_di.messages.pixels import HEADER, ChannelStatistics
from arkitekt_di.server.images.array_header import ArrayHeader
from arkitekt_di.server.images.tables import Image, ImageLevel, Store
from arkitekt_di.server.objects.memory import InMemoryObjects
from arkitekt_di.server.viewing import pictures
from arkitekt_di.server.viewing.painting import LONGEST_PX, Order, main
from arkitekt_di.server.viewing.plane import plane_of

TYPES = {"c": AxisType.CHANNEL, "t": AxisType.TIME}


def row(shape: tuple[int, ...], *, level: int = 0, block: int = 256, **header: Any) -> Store:
    chunks = tuple(min(block, size) for size in shape)
    said = ArrayHeader(
        shape=shape, data_type="uint8", chunk_shape=chunks, dimension_names=(None,) * len(shape), **header
    )
    return Store(id=f"level {level}", bucket="zarr", key=str(level), header=said.model_dump(mode="json"))


def image(dims: str, *shapes: tuple[int, ...], **members: Any) -> Image:
    axes = [{"name": dim, "type": TYPES.get(dim, AxisType.SPACE)} for dim in dims]
    finest, *coarser = (row(shape, level=level, **members) for level, shape in enumerate(shapes))
    levels = [ImageLevel(level=number, store=store) for number, store in enumerate(coarser, start=1)]
    return Image(id="7", axes=axes, dtype="uint8", store=finest, levels=levels, updated_at=0.0)


def painted(values: np.ndarray[Any, Any], **order: Any) -> np.ndarray[Any, Any]:
    store: dict[str, Any] = {}
    zarr.create_array(store, data=values, chunks=values.shape, compressors=None)
    objects = {key: buffer.to_bytes() for key, buffer in store.items()}
    said = Order(objects=tuple((key, len(body)) for key, body in objects.items()), **order)
    taken = io.BytesIO()
    main(io.BytesIO(b"\n".join([said.model_dump_json().encode(), b"".join(objects.values())])), taken)
    from PIL import Image as Picture

    return np.asarray(Picture.open(taken))


@pytest.fixture(autouse=True)
def unbounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("arkitekt_di.server.viewing.painting._bounded", lambda: None)  # this process has more to do


def test_a_plane_is_in_the_middle_of_the_depth_and_at_the_first_time_with_every_channel() -> None:
    plane = plane_of(image("tczyx", (5, 2, 9, 300, 600)))

    assert plane.place == (0, None, 4, None, None)
    assert (plane.channel_axis, plane.colors) == (1, ("00FF00", "FF00FF"))
    assert plane.blocks() == [(0, 0, 0, y, x) for y in range(2) for x in range(3)]


def test_the_coarsest_level_that_fills_a_picture_is_painted() -> None:
    shapes = ((8000, 4000), (4000, 2000), (2000, 1000), (1000, 500), (500, 250))

    assert plane_of(image("yx", *shapes)).store.id == "level 3"
    assert plane_of(image("yx", (90, 80), (45, 40))).store.id == "level 0"


def test_of_many_channels_the_first_is_painted_with_the_contrast_of_its_histogram() -> None:
    statistics = tuple(ChannelStatistics(min=number, max=number + 9) for number in range(40))

    plane = plane_of(image("cyx", (40, 90, 80), statistics=statistics))

    assert (plane.place, plane.channel_axis) == ((0, None, None), None)
    assert plane.contrast == ((0, 9),)


@pytest.mark.parametrize(
    ("shown", "reason"),
    [
        (image("t", (90,)), "fewer than two dimensions"),
        (image("yx", (90_000, 90_000)), "too large"),
        (image("yx", (4000, 4000), block=32), "too large"),
    ],
)
def test_what_cannot_be_painted_is_refused_before_anything_is_read(shown: Image, reason: str) -> None:
    with pytest.raises(ImageRefusedError, match=reason):
        plane_of(shown)


def test_channels_are_added_up_in_their_colours_wherever_their_axis_is() -> None:
    values = np.zeros((2, 4, 6), "uint16")
    values[0, 1, 2], values[1, 3, 5] = 1000, 500
    said: dict[str, Any] = {"colors": ("FF0000", "0000FF"), "contrast": ((0, 1000), (0, 1000))}

    first = painted(values, place=(None, None, None), channel_axis=0, **said)
    last = painted(np.moveaxis(values, 0, -1), place=(None, None, None), channel_axis=2, **said)

    assert np.array_equal(first, last)
    assert first[1, 2].tolist() == [255, 0, 0]
    assert first[3, 5].tolist() == [0, 0, 127]
    assert first.sum() == 255 + 127


def test_pixels_that_are_colours_are_shown_as_they_are_and_large_ones_every_so_often() -> None:
    values = np.random.default_rng(1).integers(0, 255, (40, 2 * LONGEST_PX, 3), dtype="uint8")

    shown = painted(values, place=(None, None, None), channel_axis=2)

    assert np.array_equal(shown, values[::2, ::2])


@pytest.mark.anyio
@pytest.mark.parametrize("order", [b"", b"no order", b'{"place": [null, null], "objects": []}\n'])
async def test_what_a_decoder_cannot_take_ends_the_program_and_not_the_hub(
    order: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ImageDamagedError, match="cannot be decoded"):
        await pictures._painted(image("yx", (4, 6)), order)

    (said,) = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert said.startswith("image 7 could not be painted (exit status 1): ")
    assert "Error" in said  # the last lines of the traceback
    assert "\n" not in said


@pytest.mark.anyio
async def test_of_what_a_program_says_without_end_the_last_is_kept() -> None:
    stream = asyncio.StreamReader()
    stream.feed_data(b"x" * 100_000 + b"\n\x1b[31mthe reason\xff\n")
    stream.feed_eof()

    said = await pictures._last_of(stream)

    assert said.endswith("| ?[31mthe reason\ufffd")
    assert len(said) < 5000


class ReadObjects(InMemoryObjects):
    """Remembers what was read of them."""

    def __init__(self) -> None:
        super().__init__()
        self.read_keys: list[str] = []

    async def read(self, bucket: str, key: str, *, max_bytes: int = 16 * 2**20) -> bytes | None:
        self.read_keys.append(key)
        return await super().read(bucket, key, max_bytes=max_bytes)


@pytest.mark.anyio
async def test_a_picture_that_many_ask_for_at_once_is_painted_once() -> None:
    objects, stored = ReadObjects(), dict[str, Any]()
    zarr.create_array(stored, data=np.zeros((4, 6), "uint8"), chunks=(4, 6), compressors=None)
    for key, buffer in stored.items():
        objects.place("zarr", f"0/{key}", buffer.to_bytes(), None)
    painter = pictures.Pictures(objects)
    shown = image("yx", (4, 6))

    first, *others = await asyncio.gather(*(painter.picture_of(shown) for _ in range(4)))

    assert first.startswith(b"\x89PNG")
    assert others == [first] * 3
    assert sorted(objects.read_keys) == ["0/c/0/0", "0/zarr.json"]


@pytest.mark.anyio
async def test_a_program_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "PAINT_S", 0.0)

    with pytest.raises(ImageRefusedError, match="too long"):
        await pictures._painted(image("yx", (4, 6)), b"")


def test_an_order_says_what_follows_it() -> None:
    order = Order(place=(None, 3), objects=((HEADER, 12),))

    assert Order.model_validate(json.loads(order.model_dump_json())) == order
