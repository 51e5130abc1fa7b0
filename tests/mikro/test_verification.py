"""What is damaged is named, and nothing else is."""

from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr

from arkitekt_di.koil import Koil
from arkitekt_di.messages.pixels import HEADER
from arkitekt_di.mikro.image import Image
from arkitekt_di.mikro.in_memory import InMemoryImageRecords, InMemoryPixelStore
from arkitekt_di.mikro.pixels.verification import Damage
from arkitekt_di.mikro.service import Mikro
from arkitekt_di.mikro.verifying import averify_image, verify_image
from tests.mikro.arrays import stack
from tests.mikro.test_functions import opened
from tests.mikro.test_reading import foreign_image

STACK = stack(c=2, z=4, y=200, x=200)
OPTIONS = {"chunk_px": 64, "shard_mib": 0.1, "level_px": 100}

Harm = Callable[[InMemoryPixelStore, str], None]


def flip(store: InMemoryPixelStore, path: str) -> None:
    body = bytearray(store.objects[path])
    body[len(body) // 2] ^= 1
    store.objects[path] = bytes(body)


def shorten(store: InMemoryPixelStore, path: str) -> None:
    store.objects[path] = store.objects[path][:-1]


def remove(store: InMemoryPixelStore, path: str) -> None:
    del store.objects[path]


@pytest.fixture
def image(mikro: Mikro, koil: Koil) -> Image:
    return koil.call(mikro.afrom_xarray, STACK, name="embryo", settings=OPTIONS)


def path_of(store: InMemoryPixelStore, image: Image, level: int, key: str) -> str:
    record = image._record
    return f"{(record.levels[level].store if level else record.store).key}/{key}"


def test_a_whole_image_has_no_damage(image: Image) -> None:
    assert len(image.levels) == 2
    assert image.verify() == ()


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize(
    ("harm", "reason"),
    [(flip, "its checksum does not match"), (remove, "it is missing"), (shorten, "bytes instead of")],
)
def test_the_damaged_object_is_named(
    image: Image, pixels: InMemoryPixelStore, level: int, harm: Harm, reason: str
) -> None:
    harm(pixels, path_of(pixels, image, level, "c/1/0/0/0"))

    (damage,) = image.verify()

    assert (damage.level, damage.key) == (level, "c/1/0/0/0")
    assert reason in damage.reason


def test_all_damage_is_told_at_once(image: Image, pixels: InMemoryPixelStore) -> None:
    for key in ("c/1/3/0/0", "c/0/2/0/0"):
        remove(pixels, path_of(pixels, image, 0, key))
    flip(pixels, path_of(pixels, image, 1, "c/0/0/0/0"))

    assert [(damage.level, damage.key) for damage in image.verify()] == [
        (0, "c/0/2/0/0"),
        (0, "c/1/3/0/0"),
        (1, "c/0/0/0/0"),
    ]


def test_metadata_that_is_missing_or_no_json_is_damage(image: Image, pixels: InMemoryPixelStore) -> None:
    remove(pixels, path_of(pixels, image, 1, HEADER))
    pixels.objects[path_of(pixels, image, 0, HEADER)] = b"{"

    first, second = image.verify()

    assert (first.level, first.key, second) == (0, HEADER, Damage(1, HEADER, "it is missing"))
    assert "cannot be read" in first.reason


@pytest.mark.parametrize(("harm", "reason"), [(flip, "checksum"), (remove, "missing")])
def test_an_image_that_grows_is_verified_by_its_chunks(
    mikro: Mikro, koil: Koil, pixels: InMemoryPixelStore, harm: Harm, reason: str
) -> None:
    with mikro.image_writer(("t", "y", "x"), name="series") as writer:
        for number in range(3):
            writer.append(np.full((80, 80), number, np.uint16))
        assert writer.image is not None
        growing = koil.call(mikro.aget_image, writer.image.id)
        assert growing.verify() == ()
        path = path_of(pixels, growing, 0, "c/1/0/0")
        whole = pixels.objects[path]
        harm(pixels, path)

        (damage,) = growing.verify()

        assert damage.key == "c/1/0/0"
        assert reason in damage.reason
        pixels.objects[path] = whole


def test_an_image_of_another_program_is_decoded(
    mikro: Mikro, koil: Koil, records: InMemoryImageRecords, pixels: InMemoryPixelStore
) -> None:
    image = foreign_image(mikro, koil, records, pixels, chunks=(1, 1, 256, 256), shards=(1, 4, 512, 512))
    assert image.verify() == ()

    shorten(pixels, path_of(pixels, image, 0, "c/0/1/0/0"))

    (damage,) = image.verify()
    assert (damage.level, damage.key) == (0, "c/0/1/0/0")


def test_the_functions_take_an_image_or_its_identifier() -> None:
    with opened("verifying") as app:
        image = app.koil.call(app.mikro.afrom_xarray, xr.DataArray(np.ones((9, 9)), dims=["y", "x"]), name="ones")

        assert verify_image(image) == verify_image(image.id, app=app) == ()
        assert app.koil.call(averify_image, image) == ()
