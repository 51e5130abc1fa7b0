import stat

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from arkitekt_di.herre.store import FileTokenStore, InMemoryTokenStore, TokenKey
from arkitekt_di.testing.herre import HERE, TokenStoreContract, token


class TestInMemoryTokenStore(TokenStoreContract):
    def make_store(self):
        return InMemoryTokenStore()


class TestFileTokenStore(TokenStoreContract):
    @pytest.fixture(autouse=True)
    def in_folder(self, tmp_path):
        self.folder = tmp_path / "made" / "when needed"

    def make_store(self):
        return FileTokenStore(self.folder)

    def test_another_store_on_the_same_folder_has_the_token(self):
        self.make_store().save(HERE, token())

        assert self.make_store().load(HERE) == token()

    def test_only_the_user_may_read_it(self):
        self.make_store().save(HERE, token())

        [file] = self.folder.iterdir()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(self.folder.stat().st_mode) == 0o700

    def test_a_file_that_others_could_read_is_closed_to_them(self):
        self.make_store().save(HERE, token())
        [file] = self.folder.iterdir()
        file.chmod(0o644)

        self.make_store().load(HERE)

        assert stat.S_IMODE(file.stat().st_mode) == 0o600

    @pytest.mark.parametrize("content", [b"", b"{", b"\xff", b'{"access_token": "canary"}'])
    def test_a_damaged_file_counts_as_none_and_is_told_without_its_content(self, content, caplog):
        self.make_store().save(HERE, token())
        [file] = self.folder.iterdir()
        file.write_bytes(content)

        assert self.make_store().load(HERE) is None
        assert str(file) in caplog.text
        assert "canary" not in caplog.text

    @pytest.mark.anyio
    async def test_a_folder_that_cannot_be_written_is_told_and_stops_nothing(self, caplog):
        self.folder.parent.mkdir()
        self.folder.write_text("a file in the place of the folder")
        store = self.make_store()

        async with store.exclusive(HERE, timeout_s=1):
            store.save(HERE, token(access="canary"))
        store.forget(HERE)

        assert store.load(HERE) is None
        assert "cannot be kept" in caplog.text
        assert "canary" not in caplog.text


KEYS = st.builds(TokenKey, st.sampled_from(["http://a", "http://b"]), st.sampled_from(["one app", "another app"]))


@pytest.mark.parametrize("kind", ["file", "memory"])
def test_a_store_behaves_as_a_dictionary_that_knows_issuers(kind, tmp_path_factory):
    class StoreMachine(RuleBasedStateMachine):
        @initialize()
        def open_store(self):
            folder = tmp_path_factory.mktemp("tokens")
            shared = InMemoryTokenStore()
            # Each step may come from another program on the same folder.
            self.open = (lambda: FileTokenStore(folder)) if kind == "file" else (lambda: shared)
            self.model = {}

        @rule(key=KEYS, issuer=st.sampled_from(["http://a", "http://b"]), access=st.text(min_size=1))
        def save(self, key, issuer, access):
            kept = token(TokenKey(issuer, ""), access=access)
            self.open().save(key, kept)
            self.model[key] = kept if issuer == key.issuer else None

        @rule(key=KEYS)
        def forget(self, key):
            self.open().forget(key)
            self.model.pop(key, None)

        @rule(key=KEYS)
        def load(self, key):
            assert self.open().load(key) == self.model.get(key)

        @invariant()
        def no_token_is_given_to_another_issuer(self):
            for key in getattr(self, "model", ()):
                loaded = self.open().load(key)
                assert loaded is None or loaded.issuer == key.issuer

    run_state_machine_as_test(StoreMachine, settings=settings(max_examples=20, stateful_step_count=15, deadline=None))
