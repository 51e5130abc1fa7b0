"""Grants by themselves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkitekt_di.errors import ObjectRefusedError
from arkitekt_di.server.objects import Access, Grant, ObjectGrants

SECRET = b"S" * 32


_SEGMENTS = st.text(st.sampled_from("abc.é~%+-_"), min_size=1, max_size=8).filter(lambda text: text not in {".", ".."})


@given(
    key=st.lists(_SEGMENTS, min_size=1, max_size=3).map("/".join),
    access=st.sampled_from(Access),
    max_bytes=st.integers(0, 2**60),
)
def test_a_token_says_what_was_granted(key: str, access: Access, max_bytes: int) -> None:
    """All of it, to any hub with the same secret, and to no other."""
    credentials = ObjectGrants(SECRET, clock=lambda: 1000.0).issue(
        bucket="zarr", key=key, access=access, ttl_s=60, max_bytes=max_bytes
    )
    token = credentials.session_token.get_secret_value()

    assert ObjectGrants(SECRET).recognise(token) == Grant(
        access_key=credentials.access_key,
        bucket="zarr",
        prefix=key,
        access=access,
        expires_at=1060.0,
        max_bytes=max_bytes,
    )
    assert credentials.expires_in == 60
    with pytest.raises(ObjectRefusedError, match="InvalidToken"):
        ObjectGrants(b"T" * 32).recognise(token)


def test_every_byte_of_a_token_counts() -> None:
    """No token but the one that was issued is recognised."""
    grants = ObjectGrants(SECRET)
    token = grants.issue(bucket="zarr", key="a", access=Access.READ, ttl_s=9, max_bytes=9).session_token
    text = token.get_secret_value()

    for place in range(len(text)):
        changed = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        with pytest.raises(ObjectRefusedError, match="InvalidToken"):
            grants.recognise(changed)


def test_no_two_grants_share_keys() -> None:
    """Two grants for the same have different keys, so that one says nothing of the other."""
    grants = ObjectGrants(SECRET)
    issued = [grants.issue(bucket="zarr", key="a", access=Access.READ, ttl_s=9, max_bytes=9) for _ in range(50)]

    assert len({credentials.access_key for credentials in issued}) == 50
    assert len({credentials.secret_key.get_secret_value() for credentials in issued}) == 50


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="32 are needed"):
        ObjectGrants(b"short")


@pytest.mark.parametrize(
    ("bucket", "key"), [("zarr", ""), ("zarr", "a/"), ("zarr", "../a"), (".uploads", "a"), ("", "a")]
)
def test_a_grant_is_for_a_proper_prefix(bucket: str, key: str) -> None:
    """Nothing can be granted that reaches beyond one bucket."""
    with pytest.raises(ObjectRefusedError):
        ObjectGrants(SECRET).issue(bucket=bucket, key=key, access=Access.READ, ttl_s=9, max_bytes=9)


def test_a_grant_is_for_one_bucket_and_one_use() -> None:
    """The same prefix of another bucket is somebody else's."""
    reading = Grant("A", "zarr", "a", Access.READ, expires_at=9.0, max_bytes=9)

    reading.require(Access.READ, "zarr")
    with pytest.raises(ObjectRefusedError, match="AccessDenied"):
        reading.require(Access.READ, "other")
    with pytest.raises(ObjectRefusedError, match="AccessDenied"):
        reading.require(Access.WRITE, "zarr")
