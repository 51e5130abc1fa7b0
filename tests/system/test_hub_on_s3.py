"""One suite over every store that a hub keeps its objects in: its own folder, rclone, and a lab's S3, such as Ceph."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from arkitekt_di import easy
from arkitekt_di.errors import ArkitektError, ImageDamagedError
from arkitekt_di.mikro import (
    Image,
    from_dataframe,
    from_xarray,
    get_image,
    image_writer,
    search_images,
    upload_file,
)
from tests.serving import serving
from tests.system.depots import Place, in_folder, on_lab, on_rclone
from tests.system.killed_upload import DIMS, SETTINGS, picture
from tests.system.test_killed_uploads import SHARDS, kill, run_until, store

MIB = 2**20


@pytest.fixture(scope="module", params=[in_folder, on_rclone, on_lab], ids=["folder", "rclone", "lab"])
def place(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Place]:
    with request.param(tmp_path_factory.mktemp("store")) as place:
        yield place


@pytest.fixture
def app(place: Place) -> Iterator[None]:
    with easy("killed", url=place.hub.url, headless=True, no_cache=True):
        yield


def stored(seed: int, **options: object) -> tuple[Image, np.ndarray[tuple[int, ...], np.dtype[np.uint16]]]:
    image = from_xarray(picture(seed), name=f"image {seed}", dims=DIMS, settings=SETTINGS, **options)  # type: ignore[arg-type]  # a key
    return image, picture(seed)


def shards_of(place: Place, image: Image) -> list[str]:
    key = f"zarr/{image._record.store.key}/c/"
    return sorted(place.depot.keys(key))


@pytest.mark.usefixtures("app")
def test_an_image_and_its_levels_come_back() -> None:
    image, pixels = stored(1)
    again = get_image(image.id)

    assert np.array_equal(again.data, pixels)
    assert [again.level(number).compute().sizes["y"] for number in range(3)] == [256, 128, 64]
    assert again.verify() == ()


def test_a_killed_client_leaves_nothing_visible_and_is_gone_on_with(place: Place) -> None:
    kill(run_until(place.hub, 2, 5))

    with easy("killed", url=place.hub.url, headless=True, no_cache=True):
        assert search_images("killed") == []
        sent: list[object] = []
        image = from_xarray(picture(2), name="killed", dims=DIMS, key="seed 2", settings=SETTINGS, progress=sent.append)
        assert np.array_equal(get_image(image.id).data, picture(2))
        assert store(2) == image
        assert [found.id for found in search_images("killed")] == [image.id]
        assert len(shards_of(place, image)) == SHARDS


@pytest.mark.usefixtures("app")
def test_a_flipped_bit_and_a_lost_object_are_errors_and_named(place: Place) -> None:
    image, pixels = stored(3)
    flipped, lost = shards_of(place, image)[3], shards_of(place, image)[7]
    place.depot.flip(flipped)
    place.depot.remove(lost)
    again = get_image(image.id)

    for key in (flipped, lost):
        number = int(key.rpartition("/c/")[2].partition("/")[0])
        with pytest.raises(ImageDamagedError):
            again.data.isel(z=number).compute()
    assert {damage.key for damage in again.verify()} == {f"c/{key.rpartition('/c/')[2]}" for key in (flipped, lost)}
    assert np.array_equal(again.data.isel(z=0), pixels[0])


@pytest.mark.usefixtures("app")
def test_the_same_pixels_are_kept_once_until_the_last_image_of_them_is_gone(place: Place) -> None:
    first, _ = stored(4)
    one = place.depot.keys("zarr/")
    second, pixels = stored(4)

    assert first.id != second.id
    assert place.depot.keys("zarr/") == one
    first.delete()
    assert np.array_equal(get_image(second.id).data, pixels)


@pytest.mark.usefixtures("app")
def test_of_two_who_store_under_one_key_at_once_whoever_gets_an_image_gets_the_same_whole_one() -> None:
    def tried(_: int) -> Image | None:
        try:
            return stored(5, key="one of two")[0]
        except ArkitektError:  # the other one was first
            return None

    with ThreadPoolExecutor(2) as pool:
        got = {image for image in pool.map(tried, range(2)) if image is not None}
    image, pixels = stored(5, key="one of two")

    assert got <= {image}
    assert np.array_equal(get_image(image.id).data, pixels)
    assert search_images("image 5") == [image]


@pytest.mark.usefixtures("app")
def test_frames_are_appended_and_seen() -> None:
    frames = picture(6)[:5]
    with image_writer(("t", "y", "x"), name="growing", settings={"chunk_px": 128}) as writer:
        for number, frame in enumerate(frames, start=1):
            writer.append(frame)
            assert writer.image is not None
            assert get_image(writer.image.id).sizes["t"] == number
    assert writer.image is not None
    again = get_image(writer.image.id)

    assert np.array_equal(again.data, frames)
    assert again.verify() == ()


@pytest.mark.usefixtures("app")
def test_of_two_processes_that_append_the_later_one_wins(place: Place) -> None:
    command = [sys.executable, str(Path(__file__).with_name("appending.py")), place.hub.url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        image_id = other.stdout.readline().strip()
        with image_writer(image=image_id) as writer:
            writer.append(np.full((40, 50), 2, "uint8"))
        other.stdin.write("go on\n")
        other.stdin.close()
        said = other.stdout.read()

    assert said.startswith("AppendConflictError")
    assert get_image(image_id).data[:, 0, 0].values.tolist() == [1, 1, 2]


@pytest.mark.usefixtures("app")
def test_files_in_parts_and_tables_come_back(tmp_path: Path) -> None:
    content = np.random.default_rng(7).bytes(17 * MIB)
    (tmp_path / "scan.bin").write_bytes(content)
    file, table = upload_file(tmp_path / "scan.bin"), from_dataframe(pd.DataFrame({"x": [1.5, 2.5]}), name="spots")

    with file.open() as opened:
        opened.seek(16 * MIB - 3)
        assert opened.read(6) == content[16 * MIB - 3 :][:6]
    assert file.read() == content
    assert table.to_pandas()["x"].tolist() == [1.5, 2.5]


def test_a_hub_that_is_killed_meanwhile_has_whole_images_only(place: Place, tmp_path: Path) -> None:
    """In a data folder of its own, over the same store: the other tests go on with theirs."""
    with serving(tmp_path / "data", *place.arguments) as hub:
        client = run_until(hub, 8, 9)
        hub.kill()
        with client:
            client.communicate(timeout=90)
    with (
        serving(tmp_path / "data", *place.arguments) as again,
        easy("killed", url=again.url, headless=True, no_cache=True),
    ):
        assert search_images() == []
        assert np.array_equal(store(8).data, picture(8))
        assert len(search_images()) == 1
