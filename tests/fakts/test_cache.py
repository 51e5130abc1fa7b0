import stat

import pytest

from arkitekt_di.fakts.cache import FileClaimCache, InMemoryClaimCache
from arkitekt_di.testing.fakts import HERE, ClaimCacheContract, configuration


class TestInMemoryClaimCache(ClaimCacheContract):
    def make_cache(self):
        return InMemoryClaimCache()


class TestFileClaimCache(ClaimCacheContract):
    @pytest.fixture(autouse=True)
    def in_folder(self, tmp_path):
        self.folder = tmp_path / "made" / "when needed"

    def make_cache(self):
        return FileClaimCache(self.folder)

    def test_only_the_user_may_read_it(self):
        self.make_cache().save(HERE, configuration())

        [file] = self.folder.iterdir()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600

    @pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b'{"self": 3}'])
    def test_a_damaged_file_counts_as_none(self, content, caplog):
        self.make_cache().save(HERE, configuration())
        [file] = self.folder.iterdir()
        file.write_bytes(content)

        assert self.make_cache().load(HERE) is None
        assert str(file) in caplog.text

    def test_a_folder_that_cannot_be_written_is_told_and_stops_nothing(self, caplog):
        self.folder.parent.mkdir()
        self.folder.write_text("a file in the place of the folder")
        cache = self.make_cache()

        cache.save(HERE, configuration())
        cache.forget(HERE)

        assert cache.load(HERE) is None
        assert "cannot be kept" in caplog.text
