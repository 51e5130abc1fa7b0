import threading

import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringError, PasswordDeleteError

from arkitekt_di.herre.bound_keyring import BoundKeyring
from arkitekt_di.herre.keyring_store import SERVICE, KeyringTokenStore, find_keyring
from arkitekt_di.herre.store import FileTokenStore, TokenStore
from arkitekt_di.testing.herre import HERE, TokenStoreContract, token


class Chest(KeyringBackend):
    """A real backend of the package keyring, in memory."""

    priority = 0.1
    viable = False  # the package knows every backend there is, and would choose this one for other tests

    def __init__(self):
        super().__init__()
        self.kept = {}
        self.is_locked = False
        self.largest = 10_000

    def get_password(self, service, username):
        self._check()
        return self.kept.get((service, username))

    def set_password(self, service, username, password):
        self._check()
        if len(password) > self.largest:
            raise OSError(1783, "the stub received bad data")  # as Windows says it
        self.kept[service, username] = password

    def delete_password(self, service, username):
        self._check()
        if (service, username) not in self.kept:
            raise PasswordDeleteError
        del self.kept[service, username]

    def _check(self):
        if self.is_locked:
            raise KeyringError("canary")


@pytest.fixture
def chest():
    return Chest()


@pytest.fixture
def files(tmp_path):
    return FileTokenStore(tmp_path / "tokens")


@pytest.fixture
def store(chest, files):
    return KeyringTokenStore(lambda: chest, files)


def keeps_its_promise(store: KeyringTokenStore) -> TokenStore:
    return store  # checked by mypy


class TestKeyringTokenStore(TokenStoreContract):
    @pytest.fixture(autouse=True)
    def in_folder(self, tmp_path):
        self.folder = tmp_path

    def make_store(self):
        chest = Chest()
        return KeyringTokenStore(lambda: chest, FileTokenStore(self.folder))


class TestWithoutAKeyring(TokenStoreContract):
    @pytest.fixture(autouse=True)
    def in_folder(self, tmp_path):
        self.folder = tmp_path

    def make_store(self):
        return KeyringTokenStore(lambda: None, FileTokenStore(self.folder))


def test_a_login_in_the_keyring_is_in_no_file(store, chest, tmp_path):
    store.save(HERE, token())

    assert list(chest.kept) == [(SERVICE, HERE.name)]
    assert not any(path.is_file() for path in tmp_path.rglob("*.json"))
    assert "keyring" in store.place(HERE)


def test_without_a_keyring_it_is_in_a_file_and_the_place_says_so(files):
    store = KeyringTokenStore(lambda: None, files)
    store.save(HERE, token())

    assert files.load(HERE) == token()
    assert store.place(HERE) == files.place(HERE)


def test_a_keyring_that_locks_itself_loses_no_renewal(store, chest, files, caplog):
    store.save(HERE, token(access="old"))
    chest.is_locked = True
    store.save(HERE, token(access="renewed"))

    assert store.load(HERE) == token(access="renewed")
    chest.is_locked = False
    assert store.load(HERE) == token(access="renewed")  # and not the used one in the keyring
    assert store.place(HERE) == files.place(HERE)
    store.save(HERE, token(access="latest"))
    assert (store.load(HERE), files.load(HERE)) == (token(access="latest"), None)
    assert "canary" not in caplog.text


def test_a_login_that_is_too_large_for_the_keyring_goes_to_a_file(store, chest, files):
    chest.largest = 10

    store.save(HERE, token())

    assert files.load(HERE) == token()


def test_a_locked_keyring_gives_nothing_and_forgetting_does_not_fail(store, chest, caplog):
    store.save(HERE, token())
    chest.is_locked = True

    assert store.load(HERE) is None
    store.forget(HERE)
    assert "cannot be removed" in caplog.text


@pytest.mark.parametrize("content", ["", "{", "canary"])
def test_a_damaged_entry_counts_as_none(store, chest, content, caplog):
    chest.kept[SERVICE, HERE.name] = content

    assert store.load(HERE) is None
    assert "canary" not in caplog.text


def test_the_keyring_is_looked_for_once_and_not_before_it_is_needed(chest, files):
    asked = []

    def find():
        asked.append(1)
        return chest

    store = KeyringTokenStore(find, files)
    assert asked == []
    store.load(HERE)
    store.save(HERE, token())
    assert asked == [1]


def test_a_keyring_that_keeps_nothing_is_none(monkeypatch):
    from keyring.backends import fail, null

    for nothing in (fail.Keyring(), null.Keyring()):
        monkeypatch.setattr("keyring.get_keyring", lambda nothing=nothing: nothing)
        assert find_keyring() is None
    monkeypatch.setattr("keyring.get_keyring", Chest)
    assert isinstance(find_keyring(), Chest)


def test_without_the_extra_there_is_no_keyring(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "keyring", None)

    assert find_keyring() is None


class LockedChest(Chest):
    """Waits for somebody who unlocks it."""

    def __init__(self):
        super().__init__()
        self.asked = 0
        self.unlocked = threading.Event()

    def _check(self):
        self.asked += 1
        self.unlocked.wait()


def test_a_keyring_that_nobody_unlocks_is_given_up_and_the_login_is_in_a_file(files, monkeypatch, caplog):
    monkeypatch.setattr("arkitekt_di.herre.bound_keyring.BoundKeyring.__init__.__defaults__", (0.05,))
    chest = LockedChest()
    store = KeyringTokenStore(lambda: chest, files)
    try:
        assert store.load(HERE) is None
        store.save(HERE, token())

        assert store.load(HERE) == token()
        assert store.place(HERE) == files.place(HERE)
        assert chest.asked == 1  # not again: each question would wait as long
        assert "TimeoutError" in caplog.text
    finally:
        chest.unlocked.set()


def test_what_a_keyring_raises_arrives_where_it_was_asked(chest):
    chest.is_locked = True

    with pytest.raises(KeyringError):
        BoundKeyring(chest).get_password("service", "name")
