"""Every implementation of the promises of mikro keeps them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from arkitekt_di.messages.images import StoreGrant, UploadGrant
from arkitekt_di.mikro.in_memory import InMemoryImageRecords, InMemoryPixelStore
from arkitekt_di.mikro.pixels.s3 import S3PixelStore
from arkitekt_di.mikro.records import GraphQLImageRecords
from arkitekt_di.server.objects import Access
from arkitekt_di.testing.image_finding import ImageFindingContract
from arkitekt_di.testing.image_watching import ImageWatchContract
from arkitekt_di.testing.mikro import ImageRecordsContract, PixelStoreContract, Place
from tests.mikro.hub import Hub, serving


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    async with serving(tmp_path) as served:
        yield served


class TestInMemoryPixelStore(PixelStoreContract):
    @pytest.fixture
    async def place(self) -> Place:
        store = InMemoryPixelStore()
        records = InMemoryImageRecords(store)
        write = await records.request_upload()
        worn = await records.request_upload()
        store.revoke(worn.access_key)
        read = StoreGrant(**write.model_dump() | {"access_key": "reader"})
        store.allow(read)
        return Place(store, write, read, worn)


class TestS3PixelStoreOfTheHub(PixelStoreContract):
    @pytest.fixture
    def place(self, hub: Hub) -> Place:
        return self.place_of(hub)

    @staticmethod
    def place_of(hub: Hub) -> Place:
        def issue(access: Access) -> dict[str, object]:
            issued = hub.grants.issue(bucket="zarr", key="one", access=access, ttl_s=60, max_bytes=2**30)
            return {
                "access_key": issued.access_key,
                "secret_key": issued.secret_key,
                "session_token": issued.session_token,
                "bucket": "zarr",
                "key": "one",
                "path": "s3://zarr/one",
                "expires_in": 60,
            }

        write = UploadGrant.model_validate(issue(Access.WRITE) | {"store": "one", "max_bytes": 2**30})
        read = StoreGrant.model_validate(issue(Access.READ))
        return Place(hub.pixels, write, read, write.model_copy(update={"secret_key": SecretStr("wrong-and-secret")}))


class TestPixelStoreInTheHubsFolder(PixelStoreContract):
    @pytest.fixture
    async def place(self, hub: Hub) -> Place:
        async def s3() -> str:
            return hub.url

        sent = TestS3PixelStoreOfTheHub.place_of(hub)
        drafts = await hub.objects.open_drafts("zarr", "one")
        write = sent.write.model_copy(update={"drafts": drafts})
        worn = sent.worn.model_copy(update={"drafts": drafts})
        return Place(S3PixelStore(s3, file_bytes=0), write, sent.read, worn)


class TestInMemoryImageRecords(ImageRecordsContract, ImageFindingContract, ImageWatchContract):
    @pytest.fixture
    def pixels(self) -> InMemoryPixelStore:
        return InMemoryPixelStore()

    @pytest.fixture
    def records(self, pixels: InMemoryPixelStore) -> InMemoryImageRecords:
        return InMemoryImageRecords(pixels)


class TestGraphQLImageRecordsOfTheHub(ImageRecordsContract, ImageFindingContract, ImageWatchContract):
    @pytest.fixture
    def pixels(self, hub: Hub) -> S3PixelStore:
        return hub.pixels

    @pytest.fixture
    def records(self, hub: Hub) -> GraphQLImageRecords:
        return hub.records
