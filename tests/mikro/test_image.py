"""An image says what it is, and says nothing that it should not."""

import datetime as dt

import numpy as np
import pytest
import xarray as xr

from arkitekt_di.errors import ImageNotFoundError, ImageRefusedError, OwnLoopError
from arkitekt_di.koil import Koil
from arkitekt_di.mikro.image import Image
from arkitekt_di.mikro.in_memory import InMemoryImageRecords, InMemoryPixelStore
from arkitekt_di.mikro.service import Mikro
from tests.mikro.arrays import stack


@pytest.fixture
def image(mikro: Mikro, koil: Koil) -> Image:
    return koil.call(mikro.afrom_xarray, stack(c=2, y=30, x=40), name="<b>embryo</b>")


def test_an_image_says_what_it_is(image: Image) -> None:
    assert image.name == "<b>embryo</b>"
    assert image.dims == ("c", "y", "x")
    assert image.shape == (2, 30, 40)
    assert image.sizes == {"c": 2, "y": 30, "x": 40}
    assert image.dtype == np.dtype("uint16")
    assert image.created_at is not None
    assert abs(image.created_at - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)


def test_an_image_is_shown_without_reading_it(image: Image) -> None:
    assert repr(image) == f"<Image '<b>embryo</b>' (c: 2, y: 30, x: 40) uint16, id {image.id}>"
    assert "&lt;b&gt;embryo&lt;/b&gt;" in image._repr_html_()
    assert "<b>" not in image._repr_html_()


def test_images_are_equal_when_they_are_the_same(image: Image, mikro: Mikro, koil: Koil) -> None:
    again = koil.call(mikro.aget_image, image.id)
    other = koil.call(mikro.afrom_xarray, stack(c=2, y=30, x=40), name=image.name)

    assert again == image
    assert {again, image} == {image}
    assert other != image
    assert image != image.id


def test_a_renamed_image_is_another_view_of_the_same(image: Image, mikro: Mikro, koil: Koil) -> None:
    renamed = image.rename("larva")

    assert (renamed.name, image.name) == ("larva", "<b>embryo</b>")
    assert renamed == image
    assert [found.name for found in koil.call(mikro.asearch_images, "LARV")] == ["larva"]


def test_a_name_that_is_none_is_refused(image: Image) -> None:
    with pytest.raises(ImageRefusedError, match="name"):
        image.rename(" ")


def test_a_deleted_image_is_gone(image: Image, mikro: Mikro, koil: Koil) -> None:
    image.delete()

    with pytest.raises(ImageNotFoundError, match=image.id):
        koil.call(mikro.aget_image, image.id)


@pytest.mark.parametrize(
    ("coords", "options", "size", "unit"),
    [
        ({"x": ("x", np.arange(4) * 0.65, {"units": "µm"})}, {}, {"x": 0.65}, {"x": "micrometer"}),
        ({"x": ("x", np.arange(4)[::-1] * 2.0, {"unit": "nm"})}, {}, {"x": 2.0}, {"x": "nanometer"}),
        ({"x": ("x", [0, 10, 20, 30], {"units": "ms"})}, {}, {"x": 10.0}, {"x": "millisecond"}),
        ({"x": ("x", [0, 1, 2, 3])}, {}, {}, {}),
        ({"x": ("x", [0.0, 1.0, 2.5, 3.0])}, {}, {}, {}),
        ({"x": ("x", list("abcd"))}, {}, {}, {}),
        (
            {},
            {"pixel_size": {"x": 0.5, "y": 1}, "unit": "micron"},
            {"x": 0.5, "y": 1.0},
            dict.fromkeys("yx", "micrometer"),
        ),
        ({}, {"pixel_size": {"x": 0.5}, "unit": {"x": "furlong"}}, {"x": 0.5}, {"x": "furlong"}),
        ({"x": ("x", np.arange(4) * 0.5)}, {"unit": "um"}, {"x": 0.5}, {"x": "micrometer"}),
        ({"x": ("x", np.arange(4) * 0.5)}, {"pixel_size": {"x": 0.500001}}, {"x": 0.500001}, {}),
    ],
)
def test_pixel_size_and_unit(
    mikro: Mikro,
    koil: Koil,
    coords: dict[str, object],
    options: dict[str, object],
    size: dict[str, float],
    unit: dict[str, str],
) -> None:
    array = xr.DataArray(np.zeros((3, 4), np.uint8), dims=["y", "x"], coords=coords)

    made = koil.call(mikro.afrom_xarray, array, name="embryo", **options)  # type: ignore[arg-type]
    found = koil.call(mikro.aget_image, made.id)

    assert made.pixel_size == found.pixel_size == pytest.approx(size)
    assert made.unit == found.unit == unit
    assert found.data.identical(array)


@pytest.mark.anyio
async def test_on_the_apps_own_loop_everything_is_awaited() -> None:
    pixels = InMemoryPixelStore()
    async with Koil() as koil:
        mikro = Mikro(InMemoryImageRecords(pixels), pixels, koil)
        made = await mikro.afrom_xarray(stack(y=3, x=4), name="embryo")
        image = await mikro.aget_image(made.id)

        with pytest.raises(OwnLoopError, match=r"image\.data would block.*await image\.adata\(\)"):
            _ = image.data
        with pytest.raises(OwnLoopError, match=r"await image\.adata\(\)"):
            _ = image.pixel_size
        with pytest.raises(OwnLoopError, match=r"await image\.arename"):
            image.rename("larva")
        with pytest.raises(OwnLoopError, match=r"await image\.adelete"):
            image.delete()

        assert (await image.adata()).identical(await made.adata())
        assert image.data.identical(await image.adata())
        assert image.pixel_size == {}
        assert (await image.arename("larva")).name == "larva"
        await image.adelete()
        assert await mikro.asearch_images() == []
