"""Names of files for keys."""

from hypothesis import given
from hypothesis import strategies as st

from arkitekt_di.errors import ObjectRefusedError
from arkitekt_di.server.objects.keys import ancestors, check_key, file_name, segment_of


@given(st.text(max_size=80))
def test_a_key_is_refused_or_comes_back_from_its_file_names(key: str) -> None:
    """File names are plain ASCII, lead nowhere else, and can be turned back."""
    try:
        check_key(key)
    except ObjectRefusedError:
        return

    names = [file_name(segment) for segment in key.split("/")]

    assert "/".join(segment_of(name) or "" for name in names) == key
    assert all(name.isascii() and not set(name) & set("/\\\0:#") and name not in {"", ".", ".."} for name in names)


def test_a_zarr_key_is_its_own_path() -> None:
    """What lies on disk is a plain zarr array."""
    assert [file_name(part) for part in ("k-1", "c", "12", "zarr.json")] == ["k-1", "c", "12", "zarr.json"]


def test_foreign_files_stand_for_nothing() -> None:
    """Only names that a key is kept under are read back."""
    assert {segment_of(name) for name in ("a b", "%2f", "%2F", "%zz", "é", "a#", "%FF", "%0A", "%5C")} == {None}


def test_ancestors_are_the_folders_above_and_the_key() -> None:
    assert list(ancestors("a/b/c")) == ["a", "a/b", "a/b/c"]
