"""Images over HTTP as OME-Zarr: whole, in part, for pages of other origins; and what happens without a good link."""

import logging
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import requests
import xarray as xr
import zarr
from obstore.store import HTTPStore
from zarr.storage import ObjectStore

from arkitekt_di import embedded
from arkitekt_di.app import App
from arkitekt_di.errors import HubRefusedError, ImageNotFoundError
from arkitekt_di.mikro import Image, from_xarray

STACK = xr.DataArray(
    np.random.default_rng(1).integers(0, 4000, (3, 2, 40, 50), dtype="uint16"),
    dims=("z", "c", "y", "x"),
    coords={"c": ["DAPI", "GFP"]},
    attrs={"secret of the lab": "not for everyone"},
)


@pytest.fixture(scope="module")
def app() -> Iterator[App]:
    with embedded("ngff") as app:
        yield app


@pytest.fixture
def image(app: App) -> Image:
    return from_xarray(STACK, name="embryo", pixel_size={"z": 2.0, "y": 0.5, "x": 0.5}, unit="µm", app=app)


def get(url: str, **headers: str) -> requests.Response:
    return requests.get(url, headers=headers, timeout=20)


def test_the_group_says_what_the_image_is(image: Image):
    group = get(f"{image.ngff_url()}/zarr.json").json()

    ome = group["attributes"]["ome"]
    (multiscale,) = ome["multiscales"]
    assert ome["version"] == "0.5"
    assert [axis["name"] for axis in multiscale["axes"]] == ["c", "z", "y", "x"]
    assert multiscale["axes"][1] == {"name": "z", "type": "space", "unit": "micrometer"}
    scale = multiscale["datasets"][0]["coordinateTransformations"][0]
    assert scale == {"type": "scale", "scale": [1.0, 2.0, 0.5, 0.5]}
    assert [channel["label"] for channel in ome["omero"]["channels"]] == ["DAPI", "GFP"]


def test_zarr_reads_every_pixel_in_the_order_of_ngff(image: Image):
    store = ObjectStore(HTTPStore(image.ngff_url(), client_options={"allow_http": True}), read_only=True)

    array: Any = zarr.open_group(store, mode="r")["0"]

    assert array.metadata.dimension_names == ("c", "z", "y", "x")
    assert np.array_equal(array[...], STACK.transpose("c", "z", "y", "x").values)


def test_what_our_client_keeps_beside_the_pixels_is_not_served(image: Image):
    served = get(f"{image.ngff_url()}/0/zarr.json")

    assert served.json()["attributes"] == {}
    assert "not for everyone" not in served.text


def test_parts_and_heads_are_answered_as_http_wants(image: Image):
    url = f"{image.ngff_url()}/0/c/0/0/0/0"
    whole = get(url).content

    part = get(url, Range="bytes=3-9")
    tail = get(url, Range="bytes=-5")
    head = requests.head(url, timeout=20)
    again = get(url, **{"If-None-Match": head.headers["ETag"]})

    assert (part.status_code, part.content) == (206, whole[3:10])
    assert part.headers["Content-Range"] == f"bytes 3-9/{len(whole)}"
    assert tail.content == whole[-5:]
    assert (head.status_code, head.headers["Content-Length"], head.content) == (200, str(len(whole)), b"")
    assert again.status_code == 304
    assert get(url, Range=f"bytes={len(whole)}-").status_code == 416


def test_pages_of_other_origins_may_read_and_are_told_so(image: Image):
    url = f"{image.ngff_url()}/zarr.json"

    asked = requests.options(
        url, headers={"Origin": "https://viewer.lab.org", "Access-Control-Request-Private-Network": "true"}, timeout=20
    )
    answered = get(url, Origin="https://viewer.lab.org")

    assert asked.status_code == 204
    assert "Range" in asked.headers["Access-Control-Allow-Headers"]
    assert asked.headers["Access-Control-Allow-Private-Network"] == "true"
    assert answered.headers["Access-Control-Allow-Origin"] == "*"
    assert "Content-Range" in answered.headers["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Credentials" not in answered.headers
    assert answered.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(
    "rest", ["/1/zarr.json", "/0/c/0/0/0/9", "/.zattrs", "/0", "", "/0/../zarr.jso", "/00/zarr.json"]
)
def test_what_is_not_in_the_image_is_not_found(image: Image, rest: str):
    assert get(f"{image.ngff_url()}{rest}").status_code == 404


def test_a_link_is_for_one_image(image: Image, app: App):
    other = from_xarray(STACK, name="another", app=app)
    stolen = image.ngff_url().replace(image.id, other.id)

    answer = get(f"{stolen}/zarr.json")

    assert (answer.status_code, "not one of this hub's" in answer.text) == (403, True)


def test_a_link_ends_with_its_image_and_its_pixels_are_never_zeros(app: App):
    gone = from_xarray(STACK, name="gone", app=app)
    url = gone.ngff_url()
    assert get(f"{url}/0/c/0/0/0/0").status_code == 200

    gone.delete()

    # 404 would be a chunk without pixels to readers of zarr.
    assert get(f"{url}/zarr.json").status_code == 410
    assert get(f"{url}/0/c/0/0/0/0").status_code == 410
    with pytest.raises(ImageNotFoundError):
        gone.ngff_url()


def test_a_time_that_the_hub_does_not_give_is_refused(image: Image):
    with pytest.raises(HubRefusedError, match="a link for 0 s is not given here"):
        image.ngff_url(expires_in=0)
    with pytest.raises(HubRefusedError, match=r"ngff\.max_link_s"):
        image.ngff_url(expires_in=10**9)


def test_axes_without_a_place_in_ngff_are_refused_when_a_link_is_asked_for(app: App):
    trace = from_xarray(np.arange(10), name="trace", dims=("t",), app=app)

    with pytest.raises(HubRefusedError, match="OME-NGFF has no place for the axes t"):
        trace.ngff_url()


def test_no_link_ever_gets_into_a_log(image: Image, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    url = image.ngff_url()
    token = url.split("/")[-2]

    for address in (f"{url}/zarr.json", f"{url}/nothing", f"{url.replace(token, token[:-1])}/zarr.json"):
        get(address)

    assert token.split(".")[1][:20] not in "".join(
        r.getMessage() for r in caplog.records if r.name != "urllib3.connectionpool"
    )


def test_levels_and_contrast_are_told_and_every_level_is_served(app: App):
    """A pyramid is one multiscale image; a pixel of a coarser level lies in the middle of those it stands for."""
    large = np.random.default_rng(2).integers(100, 3000, (700, 900), dtype="uint16")
    image = from_xarray(large, name="large", pixel_size={"y": 0.5, "x": 0.5}, unit="µm", app=app)
    url = image.ngff_url()

    (multiscale,) = get(f"{url}/zarr.json").json()["attributes"]["ome"]["multiscales"]

    assert len(multiscale["datasets"]) == len(image.levels)
    for number, (dataset, sizes) in enumerate(zip(multiscale["datasets"], image.levels, strict=True)):
        steps = dataset["coordinateTransformations"]
        assert steps[0]["scale"] == [0.5 * 2**number] * 2
        assert [step.get("translation") for step in steps[1:]] == ([[0.25 * (2**number - 1)] * 2] if number else [])
        assert get(f"{url}/{dataset['path']}/zarr.json").json()["shape"] == list(sizes.values())
