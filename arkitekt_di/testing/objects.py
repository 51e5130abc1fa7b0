"""What every object store has to hold, as tests."""

import asyncio
import hashlib
import tempfile
import zlib
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arkitekt_di.errors import ObjectRefusedError
from arkitekt_di.messages.images import StoredObject
from arkitekt_di.server.objects.keys import UPLOADS
from arkitekt_di.server.objects.promise import Allowance, Condition, ObjectEntry, Objects

BUCKET = "zarr"

_SEGMENTS = st.text(alphabet="ab.-0é %", min_size=1, max_size=3).filter(lambda text: text not in {".", ".."})
_KEYS = st.lists(_SEGMENTS, min_size=1, max_size=4).map("/".join)
_STARTS = st.text(alphabet="ab.-0/", max_size=3).filter(lambda text: not text.startswith("/") and "//" not in text)


@dataclass(frozen=True)
class Cut:
    """Keys of a store, and a way to list them in pages."""

    keys: set[str]
    start: str
    after: str
    limit: int
    separator: str | None


CUTS = st.builds(
    Cut,
    keys=st.sets(_KEYS, max_size=12),
    start=_STARTS,
    after=_STARTS,
    limit=st.integers(1, 5),
    separator=st.sampled_from([None, "/"]),
)


async def put(objects: Objects, key: str, content: bytes, *, condition: Condition | None = None) -> ObjectEntry:
    """Store one object."""
    async with objects.stage(BUCKET, key) as draft:
        await draft.write(content)
        return await draft.publish(condition=condition)


async def keys_below(objects: Objects, prefix: str) -> list[str]:
    """Return the keys of all objects below a prefix."""
    return [entry.key async for entry in objects.entries(BUCKET, prefix)]


@pytest.mark.anyio
class ObjectsContract:
    """Tests of the promise `Objects`; a subclass says how its store is made."""

    def make_objects(self, folder: Path) -> Objects:
        """Return a store that may use *folder* and was not started."""
        raise NotImplementedError

    @pytest.fixture
    async def objects(self, tmp_path: Path) -> AsyncIterator[Objects]:
        """Open the store, and close it."""
        objects = self.make_objects(tmp_path)
        await objects.start()
        yield objects
        await objects.stop()

    async def test_checksums_are_those_of_the_bytes_that_are_there(self, objects: Objects) -> None:
        """CRC-32; of parts that were joined, of what was replaced, and of nothing where there is nothing."""
        await put(objects, "a/b", b"123456789")
        await put(objects, "a/c", b"")
        async with objects.stage(BUCKET, "a/d") as draft:
            await draft.write(b"1234")
            await draft.absorb(BUCKET, "a/c")
            await draft.write(b"56789")
            await draft.publish()

        check_value = 0xCBF43926  # of "123456789", as every catalogue of CRCs has it
        assert await objects.checksums(BUCKET, ["a/d", "a/b", "a/x", "a/c"]) == [check_value, check_value, None, 0]

        await put(objects, "a/b", b"12345678")
        assert (await objects.checksums(BUCKET, ["a/b"]))[0] != check_value

    async def test_an_object_that_is_moved_is_what_it_was_under_another_key(self, objects: Objects) -> None:
        """A seal does not hinder the hub itself; what was there is replaced; what is not there is told."""
        await put(objects, "a/b", b"frame")
        await put(objects, "image/c/0", b"older and longer")
        await objects.seal(BUCKET, "image")

        await objects.move(BUCKET, [("a/b", "image/c/0")])

        assert await objects.read(BUCKET, "image/c/0") == b"frame"
        assert await keys_below(objects, "a") == []
        assert await objects.checksums(BUCKET, ["image/c/0"]) == await self._checksums_of(objects, b"frame")
        with pytest.raises(ObjectRefusedError, match="NoSuchKey"):
            await objects.move(BUCKET, [("a/b", "image/c/1")])

    async def test_an_inventory_has_all_below_a_prefix_and_nothing_beside_it(self, objects: Objects) -> None:
        """Whatever is called alike."""
        for key in ("a/b/c", "a/d", "ab", "b/a/d"):
            await put(objects, key, key.encode())

        assert await objects.inventory(BUCKET, "a") == {
            "b/c": StoredObject(size=5, crc32=zlib.crc32(b"a/b/c")),
            "d": StoredObject(size=3, crc32=zlib.crc32(b"a/d")),
        }
        assert await objects.inventory(BUCKET, "a/x") == {}
        with pytest.raises(ObjectRefusedError):
            await objects.inventory(BUCKET, "a/../b")

    async def _checksums_of(self, objects: Objects, content: bytes) -> list[int | None]:
        await put(objects, "other", content)
        return await objects.checksums(BUCKET, ["other"])

    async def test_an_object_is_seen_only_when_it_is_published(self, objects: Objects) -> None:
        """No part of a draft is visible."""
        async with objects.stage(BUCKET, "a/b") as draft:
            await draft.write(b"x" * 3 * 2**20)
            assert await objects.read(BUCKET, "a/b") is None
            assert await keys_below(objects, "a") == []
            await draft.write(b"y")
            entry = await draft.publish()

        assert await objects.read(BUCKET, "a/b") == b"x" * 3 * 2**20 + b"y"
        assert [entry] == [found async for found in objects.entries(BUCKET, "a")]
        assert entry.size == 3 * 2**20 + 1

    async def test_a_draft_that_is_left_is_discarded(self, objects: Objects) -> None:
        """Leaving the block without publishing, by an error too, stores nothing."""
        async with objects.stage(BUCKET, "a/b") as draft:
            await draft.write(b"left")

        async def fail() -> None:
            async with objects.stage(BUCKET, "a/b") as draft:
                await draft.write(b"x" * 2**21)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await fail()

        assert await keys_below(objects, "a") == []

    async def test_a_failed_check_publishes_nothing(self, objects: Objects) -> None:
        """The check sees every byte through the digests, before anyone else does."""
        digest = hashlib.sha256()

        def check() -> None:
            assert digest.hexdigest() == hashlib.sha256(b"ab" * 2**20).hexdigest()
            raise ZeroDivisionError

        async with objects.stage(BUCKET, "a/b", digests=(digest,)) as draft:
            for _ in range(2**4):
                await draft.write(b"ab" * 2**16)
            with pytest.raises(ZeroDivisionError):
                await draft.publish(check=check)

        assert await objects.read(BUCKET, "a/b") is None

    async def test_who_reads_an_object_keeps_its_version(self, objects: Objects) -> None:
        """Replacing and deleting do not disturb a reader, and every version has its own ETag."""
        first = await put(objects, "a/b", b"old")
        async with objects.open(BUCKET, "a/b") as found:
            second = await put(objects, "a/b", b"new")
            await objects.delete(BUCKET, ["a/b"])
            assert found is not None
            content = await found.read(1, 3)

        assert content == b"ld"
        assert first.etag != second.etag
        assert await objects.read(BUCKET, "a/b") is None

    async def test_conditions_are_tested_with_the_write(self, objects: Objects) -> None:
        """Create-only and replace-only writes see what is there."""
        with pytest.raises(ObjectRefusedError, match="PreconditionFailed"):
            await put(objects, "a/b", b"0", condition=Condition("*"))
        first = await put(objects, "a/b", b"1", condition=Condition())
        with pytest.raises(ObjectRefusedError, match="PreconditionFailed"):
            await put(objects, "a/b", b"2", condition=Condition())
        await put(objects, "a/b", b"3", condition=Condition(first.etag))
        with pytest.raises(ObjectRefusedError, match="PreconditionFailed"):
            await put(objects, "a/b", b"4", condition=Condition(first.etag))

        assert await objects.read(BUCKET, "a/b") == b"3"

    async def test_of_many_that_create_one_object_one_succeeds(self, objects: Objects) -> None:
        """The condition and the write are one step."""
        tries = [put(objects, "a/b", str(number).encode(), condition=Condition()) for number in range(20)]

        results = await asyncio.gather(*tries, return_exceptions=True)

        assert sum(isinstance(result, ObjectEntry) for result in results) == 1
        assert {result.code for result in results if isinstance(result, ObjectRefusedError)} == {"PreconditionFailed"}

    async def test_an_object_cannot_lie_below_another(self, objects: Objects) -> None:
        """S3 allows it, a folder cannot: it is refused, whichever comes first, and nothing is lost."""
        await put(objects, "k/a", b"file")
        await put(objects, "k/b/c", b"folder")

        for key in ("k/a/b", "k/a/b/c", "k/b"):
            with pytest.raises(ObjectRefusedError, match="KeyConflict"):
                await put(objects, key, b"")

        assert await keys_below(objects, "k") == ["k/a", "k/b/c"]

    @pytest.mark.parametrize(
        "key",
        [
            *("", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "a/./b"),
            *("a\\b", "a\0b", "a\nb", "\ud800", "a" * 255, "é" * 99, "/".join("a" * 513)),
        ],
    )
    async def test_a_key_that_is_no_plain_path_is_refused(self, objects: Objects, key: str) -> None:
        """No key leads anywhere but below its bucket."""
        with pytest.raises(ObjectRefusedError):
            async with objects.stage(BUCKET, key):
                pass
        with pytest.raises(ObjectRefusedError):
            await objects.read(BUCKET, key)
        with pytest.raises(ObjectRefusedError):
            await objects.delete(BUCKET, [key])
        with pytest.raises(ObjectRefusedError):
            await objects.delete_prefix(BUCKET, key)
        with pytest.raises(ObjectRefusedError):
            await objects.seal(BUCKET, key)
        with pytest.raises(ObjectRefusedError):
            await keys_below(objects, key)

    @pytest.mark.parametrize("bucket", ["", "..", "A", "a/b", ".staging", ".sealed", "a" * 64])
    async def test_a_name_that_is_no_bucket_is_refused(self, objects: Objects, bucket: str) -> None:
        """The store's own folders are no buckets."""
        calls: list[Coroutine[Any, Any, object]] = [
            objects.read(bucket, "a"),
            objects.delete(bucket, ["a"]),
            objects.delete_prefix(bucket, "a"),
            objects.seal(bucket, "a"),
            objects.page(bucket, "", after="", limit=1, separator=None),
        ]

        results = await asyncio.gather(*calls, return_exceptions=True)

        assert {isinstance(result, ObjectRefusedError) and result.code for result in results} == {"InvalidBucketName"}

    async def test_a_large_object_is_not_read_at_once(self, objects: Objects) -> None:
        """What reads whole objects bounds them."""
        await put(objects, "a/b", b"12345")

        with pytest.raises(ObjectRefusedError, match="EntityTooLarge"):
            await objects.read(BUCKET, "a/b", max_bytes=4)

        assert await objects.read(BUCKET, "a/b", max_bytes=5) == b"12345"

    async def test_deleting_passes_over_what_is_missing(self, objects: Objects) -> None:
        """Deleting twice is no error."""
        await put(objects, "k/a/b", b"")

        await objects.delete(BUCKET, ["k/a/b", "k/a/b", "k/none", "none/at/all"])
        await put(objects, "k/a", b"no folder is left in the way")

        assert await keys_below(objects, "k") == ["k/a"]

    async def test_a_prefix_is_deleted_without_its_neighbours(self, objects: Objects) -> None:
        """A prefix is a folder, not the beginning of a name."""
        for key in ("k/a", "k/b/c", "kk/a", "k.b/a"):
            await put(objects, key, b"")

        await objects.delete_prefix(BUCKET, "k")
        await objects.delete_prefix(BUCKET, "k")

        assert await keys_below(objects, "k") == []
        assert await keys_below(objects, "kk") == ["kk/a"]
        assert await keys_below(objects, "k.b") == ["k.b/a"]

    async def test_nothing_is_written_below_a_seal(self, objects: Objects) -> None:
        """A seal stops new writes, deletes, parts of uploads, and drafts under way; neighbours go on."""
        await put(objects, "k/a", b"kept")
        async with objects.stage(BUCKET, "k/late") as late:
            for _ in range(3):  # enough that bytes are on the disk already
                await late.write(b"x" * 2**20)
            await objects.seal(BUCKET, "k")
            with pytest.raises(ObjectRefusedError, match="AccessDenied"):
                await late.publish()
        with pytest.raises(ObjectRefusedError, match="AccessDenied"):
            await put(objects, "k/a/b/c", b"")
        with pytest.raises(ObjectRefusedError, match="AccessDenied"):
            await objects.delete(BUCKET, ["k/a"])
        async with objects.stage(UPLOADS, f"{BUCKET}/k/big/1/00001") as part:
            with pytest.raises(ObjectRefusedError, match="AccessDenied"):
                await part.publish()
        await put(objects, "kk/a", b"")

        assert await objects.read(BUCKET, "k/a") == b"kept"
        assert await keys_below(objects, "k") == ["k/a"]

    async def test_a_seal_outlives_what_it_sealed(self, objects: Objects) -> None:
        """A grant that outlives its image must not bring the image's place back to life."""
        await put(objects, "k/a", b"")
        await objects.seal(BUCKET, "k")

        await objects.delete_prefix(BUCKET, "k")

        assert await keys_below(objects, "k") == []
        with pytest.raises(ObjectRefusedError, match="AccessDenied"):
            await put(objects, "k/a", b"")

    async def test_an_allowance_bounds_all_that_a_prefix_holds(self, objects: Objects) -> None:
        """Objects, parts, and bytes on their way count; what is deleted, replaced or given up does not."""
        allowance = Allowance(BUCKET, "k", max_bytes=10)
        await put(objects, "k/early", b"1234")

        async def add(bucket: str, key: str, size: int) -> None:
            async with objects.stage(bucket, key, allowance=allowance) as draft:
                await draft.write(b"x" * size)
                await draft.publish()

        await add(BUCKET, "k/a", 2)
        await add(UPLOADS, f"{BUCKET}/k/b/id/00001", 2)
        with pytest.raises(ObjectRefusedError, match="QuotaExceeded"):
            await add(BUCKET, "k/c", 3)
        await add(BUCKET, "k/a", 1)
        await objects.delete_prefix(UPLOADS, f"{BUCKET}/k/b/id")
        await objects.delete(BUCKET, ["k/early"])
        await add(BUCKET, "k/c", 9)
        with pytest.raises(ObjectRefusedError, match="QuotaExceeded"):
            await add(BUCKET, "k/d", 1)
        await objects.delete_prefix(BUCKET, "k")
        await add(BUCKET, "k/e", 10)

        assert await keys_below(objects, "k") == ["k/e"]

    async def test_drafts_side_by_side_share_an_allowance(self, objects: Objects) -> None:
        """Many writers together cannot take more than one may."""
        allowance = Allowance(BUCKET, "k", max_bytes=10)

        async def add(number: int) -> None:
            async with objects.stage(BUCKET, f"k/{number}", allowance=allowance) as draft:
                await draft.write(b"123")
                await draft.publish()

        results = await asyncio.gather(*(add(number) for number in range(12)), return_exceptions=True)

        assert len(await keys_below(objects, "k")) <= 3
        assert {error.code for error in results if isinstance(error, ObjectRefusedError)} == {"QuotaExceeded"}

    async def test_a_draft_absorbs_other_objects(self, objects: Objects) -> None:
        """Parts are joined in the order in which they are absorbed."""
        await put(objects, "k/1", b"one ")
        await put(objects, "k/2", b"two ")

        async with objects.stage(BUCKET, "k/all") as draft:
            await draft.write(b"zero ")
            await draft.absorb(BUCKET, "k/1")
            await draft.absorb(BUCKET, "k/2")
            await draft.write(b"three")
            with pytest.raises(ObjectRefusedError, match="NoSuchKey"):
                await draft.absorb(BUCKET, "k/none")
            await draft.publish()

        assert await objects.read(BUCKET, "k/all") == b"zero one two three"

    # Each store runs the test on its own: that the class differs is the purpose.
    @settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.differing_executors])
    @given(cut=CUTS)
    def test_pages_are_what_sorting_the_keys_gives(self, cut: Cut) -> None:
        """Any way to cut the list into pages gives the same list: all keys, in the order of their bytes."""
        self.check_pages(cut)

    def check_pages(self, cut: Cut) -> None:
        """Hold a fresh store against sorting; for stores that are too slow for many examples, too."""
        stored, objects, folders = asyncio.run(self._paged(cut))

        wanted = sorted((key for key in stored if key.startswith(cut.start) and key > cut.after), key=str.encode)
        ends = {key: -1 if cut.separator is None else key.find("/", len(cut.start)) for key in wanted}
        assert objects == [key for key in wanted if ends[key] < 0]
        assert folders == sorted({key[: end + 1] for key, end in ends.items() if end >= 0})

    async def _paged(self, cut: Cut) -> tuple[list[str], list[str], list[str]]:
        stored: list[str] = []
        found: list[str] = []
        folders: list[str] = []
        with tempfile.TemporaryDirectory() as folder:
            objects = self.make_objects(Path(folder))
            await objects.start()
            try:
                for key in sorted(cut.keys):
                    try:
                        await put(objects, key, b"")
                        stored.append(key)
                    except ObjectRefusedError as error:
                        assert error.code == "KeyConflict"  # noqa: PT017  # any other error is a failure
                position: str | None = cut.after
                while position is not None:
                    page = await objects.page(
                        BUCKET, cut.start, after=position, limit=cut.limit, separator=cut.separator
                    )
                    assert len(page.entries) + len(page.folders) <= cut.limit
                    found += [entry.key for entry in page.entries]
                    folders += page.folders
                    position = page.after
            finally:
                await objects.stop()
        return stored, found, folders
