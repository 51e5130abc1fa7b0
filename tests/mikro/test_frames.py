"""Frames that come one after the other become one image, or none."""

import asyncio
import io
import tracemalloc
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from arkitekt_di.errors import ImageRefusedError
from arkitekt_di.koil import Koil
from arkitekt_di.mikro.in_memory import InMemoryImageRecords, InMemoryPixelStore
from arkitekt_di.mikro.pixels import progress as progress_module
from arkitekt_di.mikro.pixels.progress import Progress, ProgressBar
from arkitekt_di.mikro.service import Mikro
from arkitekt_di.settings.models import MikroSettings
from tests.mikro.arrays import noise

CUT = MikroSettings(chunk_px=64, shard_mib=0.1, level_px=60)


@pytest.mark.parametrize("count", [1, 2, 7, 33])
@pytest.mark.parametrize("shape", [(130, 110), (3, 70, 61)])
def test_any_number_of_frames_is_an_image(koil: Koil, mikro: Mikro, count: int, shape: tuple[int, ...]) -> None:
    movie = noise((count, *shape))
    dims = ("t", *("c", "y", "x")[-len(shape) :])

    image = koil.call(mikro.afrom_frames, (frame for frame in movie), name="movie", dims=dims, settings=CUT_SETTINGS)
    at_once = koil.call(mikro.afrom_xarray, movie, name="movie", dims=dims, settings=CUT_SETTINGS)

    assert image.sizes["t"] == count
    assert np.array_equal(image.data, movie)
    assert len(image.levels) == len(at_once.levels) > 1
    for level in range(len(image.levels)):
        assert np.array_equal(image.level(level), at_once.level(level))
    assert [(c.min, c.max) for c in image.statistics] == [(c.min, c.max) for c in at_once.statistics]


CUT_SETTINGS = {"chunk_px": 64, "shard_mib": 0.1, "level_px": 60}


class CameraError(Exception):
    """The cable."""


def until_it_breaks(count: int) -> Iterator[np.ndarray[Any, Any]]:
    yield from noise((count, 130, 110))
    raise CameraError


@pytest.mark.parametrize("count", [1, 20])
def test_frames_that_end_with_an_error_leave_no_image(
    koil: Koil, mikro: Mikro, records: InMemoryImageRecords, pixels: InMemoryPixelStore, count: int
) -> None:
    with pytest.raises(CameraError):
        koil.call(mikro.afrom_frames, until_it_breaks(count), name="movie", dims=("t", "y", "x"))

    assert koil.call(mikro.asearch_images) == []
    assert records.open_uploads == ()
    assert pixels.objects == {}


@pytest.mark.parametrize(
    ("frames", "reason"),
    [
        ([], "no frame"),
        (noise((3, 4, 4)), "from_xarray"),
        (5, "from_xarray"),
        ([noise((4, 4)), noise((4, 5))], "frame 1 has shape"),
        ([noise((4, 4)), noise((4, 4), np.uint8)], "type uint8"),
        ([np.array([["a"]])], "cannot be stored"),
        ([noise((4,))], "2"),
    ],
)
def test_frames_that_make_no_image_are_refused(
    koil: Koil, mikro: Mikro, pixels: InMemoryPixelStore, frames: Any, reason: str
) -> None:
    with pytest.raises(ImageRefusedError, match=reason):
        koil.call(mikro.afrom_frames, frames, name="movie", dims=("t", "y", "x"))

    assert pixels.objects == {}


def test_memory_does_not_grow_with_the_number_of_frames(koil: Koil) -> None:
    """512 MiB of frames pass through less than 200 MiB, levels included."""
    pixels = InMemoryPixelStore()
    mikro = Mikro(InMemoryImageRecords(pixels), pixels, koil)
    frame = np.zeros((1024, 1024), dtype=np.uint16)
    tracemalloc.start()

    koil.call(mikro.afrom_frames, (frame for _ in range(256)), name="movie", dims=("t", "y", "x"))

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200 * 2**20


def test_a_listener_is_told_how_far_a_transfer_is(koil: Koil, mikro: Mikro) -> None:
    stack = noise((8, 130, 110))
    told: list[Progress] = []

    koil.call(mikro.afrom_xarray, stack, name="stack", dims=("z", "y", "x"), progress=told.append)
    done = [progress.done_bytes for progress in told]
    known = {progress.total_bytes for progress in told}
    told.clear()
    koil.call(mikro.afrom_frames, iter(stack), name="movie", dims=("t", "y", "x"), progress=told.append)

    assert done == sorted(done)
    assert done[-1] == stack.nbytes
    assert known == {stack.nbytes}
    assert (told[-1].done_bytes, told[-1].total_bytes, told[-1].name) == (stack.nbytes, None, "movie")


class CancelError(Exception):
    """Somebody pressed the button."""


def test_what_a_listener_raises_ends_the_transfer(koil: Koil, mikro: Mikro, pixels: InMemoryPixelStore) -> None:
    def cancel(_progress: Progress) -> None:
        raise CancelError

    with pytest.raises(CancelError):
        koil.call(mikro.afrom_xarray, noise((8, 130, 110)), name="stack", dims=("z", "y", "x"), progress=cancel)

    assert pixels.objects == {}


def shown(monkeypatch: pytest.MonkeyPatch, mode: Any, *, is_terminal: bool, patience_s: float = 0.0) -> str:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=is_terminal, width=100)
    monkeypatch.setattr("arkitekt_di.mikro.pixels.rich_bar.Console", lambda **_: console)
    monkeypatch.setattr(progress_module, "_PATIENCE_S", patience_s)
    with ProgressBar(mode) as bar:
        bar(Progress("an [odd] name", 2**20, 2**22))
        bar(Progress("an [odd] name", 2**21, 2**22))
    return screen.getvalue()


def test_a_bar_is_shown_in_a_terminal_for_what_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "an [odd] name" in shown(monkeypatch, "auto", is_terminal=True)
    assert shown(monkeypatch, "auto", is_terminal=True, patience_s=60) == ""
    assert shown(monkeypatch, "never", is_terminal=True) == ""
    assert shown(monkeypatch, "auto", is_terminal=False) == ""


def test_a_bar_without_a_known_end_is_a_bar_too(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True)
    monkeypatch.setattr("arkitekt_di.mikro.pixels.rich_bar.Console", lambda **_: console)
    monkeypatch.setattr(progress_module, "_PATIENCE_S", 0.0)

    with ProgressBar("auto") as bar:
        bar(Progress("movie", 2**20, None))

    assert "movie" in screen.getvalue()


@pytest.mark.anyio
async def test_a_cancelled_series_of_frames_leaves_nothing() -> None:
    pixels = InMemoryPixelStore()
    records = InMemoryImageRecords(pixels)
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()

    def endless() -> Iterator[np.ndarray[Any, Any]]:
        while True:
            loop.call_soon_threadsafe(begun.set)
            yield np.zeros((130, 110), np.uint8)

    async with Koil() as koil:
        mikro = Mikro(records, pixels, koil, CUT)
        upload = asyncio.create_task(mikro.afrom_frames(endless(), name="movie", dims=("t", "y", "x")))
        await begun.wait()
        upload.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(upload, 20)

    assert records.open_uploads == ()
    assert pixels.objects == {}
