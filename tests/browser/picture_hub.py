"""A hub with images in it, as a browser meets it."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from playwright.sync_api import Browser

from arkitekt_di.messages.descriptions import Acquisition, Channel
from arkitekt_di.mikro import Image, from_xarray
from tests.browser.person import Person, a_context
from tests.server.identity.test_operator import listed
from tests.serving import ServedHub, serving

T = TypeVar("T")

NAME = "<b>embryo</b>, day 3"


@dataclass(frozen=True)
class PictureHub:
    """A running hub, whom it lets in, and the addresses of pages of images."""

    served: ServedHub
    pages: dict[str, str]


def cells(height: int = 900, width: int = 1200) -> np.ndarray[tuple[int, ...], np.dtype[np.uint16]]:
    """Return two channels of blobs, in three planes of depth."""
    random = np.random.default_rng(7)
    y, x = np.mgrid[:height, :width]
    planes = np.zeros((2, 3, height, width))
    for channel, count, radius in ((0, 60, 26.0), (1, 220, 9.0)):
        for _ in range(count):
            down, along, power = random.uniform(0, height), random.uniform(0, width), random.uniform(400, 2200)
            planes[channel] += power * np.exp(-((y - down) ** 2 + (x - along) ** 2) / (2 * radius**2))
    return np.asarray(planes + random.poisson(80, planes.shape), dtype="uint16")


def _store(served: ServedHub, key: str, name: str) -> dict[str, str]:
    channels = [Channel(name="DAPI", color="3355FF", emission_nm=461), Channel(name="GFP", color="33FF55")]
    said = Acquisition(instrument="Axio Observer", objective="20x/0.8", sample="embryo 12")
    with served.app("microscope", settings={"fakts.mandate_key": key}):
        image = from_xarray(
            cells(),
            name=name,
            dims=("c", "z", "y", "x"),
            pixel_size={"z": 2.0, "y": 0.325, "x": 0.325},
            unit="µm",
            channels=channels,
            tags=["embryo", "fixed"],
            acquisition=said,
        ).describe("Third embryo of the plate. Out of focus below z = 1.")
        line = from_xarray(np.arange(40.0), name="a trace", dims=("t",))
        return {"image": _page(image), "trace": _page(line)}


def _page(image: Image) -> str:
    assert image.page_url is not None
    return image.page_url


def aside(fn: Callable[[], T]) -> T:
    """Return what *fn* returns in a thread: an app has an event loop of its own, and so has Playwright."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(fn).result()


@contextmanager
def picture_hub(
    browser: Browser, data: Path, *, set_up: Callable[[Person, str], None], name: str = NAME
) -> Iterator[PictureHub]:
    """Serve a hub that Ada has opened, with images of her lab."""
    with serving(data) as served:
        context = a_context(browser)
        set_up(Person(context.new_page(), served.url), served.ready["setup_url"])
        context.close()
        (made,) = aside(lambda: listed("mandates", "add", "microscope", "--user", "ada", data=data))
        yield PictureHub(served, aside(lambda: _store(served, str(made["key"]), name)))
