"""Python values come back exactly, or are refused by name."""

import datetime as dt
import enum
import json
import math
from decimal import Decimal
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from arkitekt_di.errors import ImageRefusedError
from arkitekt_di.mikro.pixels.values import decode, encode

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_ZONES = st.sampled_from([None, dt.UTC, dt.timezone(dt.timedelta(hours=5, minutes=45)), ZoneInfo("Europe/Zurich")])
_HASHABLE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False),
    _TEXT,
    st.binary(max_size=8),
    st.complex_numbers(allow_nan=False),
    st.datetimes(timezones=_ZONES),
    st.dates(),
    st.times(),
    st.timedeltas(),
    st.uuids(),
    st.decimals(allow_nan=False),
    st.sampled_from([Path("a/b"), PurePosixPath("/x"), PureWindowsPath("c:\\y")]),
)
_DTYPES = st.one_of(
    hnp.boolean_dtypes(),
    hnp.integer_dtypes(endianness="?"),
    hnp.unsigned_integer_dtypes(endianness="?"),
    hnp.floating_dtypes(endianness="?"),
    hnp.complex_number_dtypes(endianness="?"),
    hnp.datetime64_dtypes(endianness="?"),
    hnp.timedelta64_dtypes(endianness="?"),
)
_ARRAYS = hnp.arrays(_DTYPES, hnp.array_shapes(min_dims=0, min_side=0, max_side=3))
_VALUES = st.recursive(
    st.one_of(
        _HASHABLE, st.just(math.nan), _ARRAYS, _ARRAYS.filter(lambda array: array.size > 0).map(lambda a: a.flat[0])
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.one_of(_HASHABLE, st.just("$")), inner, max_size=3),
        st.sets(_HASHABLE, max_size=3),
        st.frozensets(_HASHABLE, max_size=3),
    ),
    max_leaves=8,
)


def same(one: Any, other: Any) -> bool:
    """Tell whether two values are equal and of the same types all the way down; NaN is NaN, and -0.0 is not 0.0."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray | np.generic):
        left, right = np.asarray(one), np.asarray(other)
        return (left.dtype.str, left.shape, left.tobytes()) == (right.dtype.str, right.shape, right.tobytes())
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return same(list(one), list(other)) and same(list(one.values()), list(other.values()))
    if isinstance(one, float | complex | dt.datetime):
        return repr(one) == repr(other)
    return bool(one == other)


@given(_VALUES)
@settings(max_examples=300, deadline=None)
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    stored = json.dumps(encode(value, "attrs"), allow_nan=False)

    assert same(decode(json.loads(stored)), value)


@pytest.mark.parametrize("value", [np.array(["DAPI", "GFP"]), np.array([["é", ""]]), np.array([b"raw", b"x"])])
def test_arrays_of_text_come_back(value: Any) -> None:
    assert same(decode(encode(value, "attrs")), value)


def test_an_array_of_objects_keeps_each_of_them() -> None:
    value = np.array([None, "text", (1, 2), 2**80], dtype=object)

    assert decode(encode(value, "attrs")).tolist() == value.tolist()


def test_an_array_of_variable_text_comes_back() -> None:
    value = np.array(["a", "longer"], dtype=np.dtypes.StringDType())

    found = decode(encode(value, "attrs"))

    assert found.dtype == value.dtype
    assert found.tolist() == value.tolist()


def test_plain_json_stays_readable() -> None:
    value = {"objective": "60x", "channels": [1, 2.5, None, True], "µ": {"nested": "yes"}}

    assert encode(value, "attrs") == value


class Colour(enum.IntEnum):
    RED = 1


class Nameless(dt.tzinfo):
    def utcoffset(self, moment: dt.datetime | None) -> dt.timedelta:
        return dt.timedelta(0)

    dst = utcoffset

    def tzname(self, moment: dt.datetime | None) -> str:
        return "nowhere"


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ({"stage": {"driver": object()}}, "attrs['stage']['driver'] is a object"),
        ({"colour": Colour.RED}, "attrs['colour'] is a"),
        ({"when": pd.Timestamp("2026-01-01")}, "attrs['when'] is a pandas"),
        ({"list": [1, {2: print}]}, "attrs['list'][1][2]"),
        ({"wide": np.longdouble(1)}, "attrs['wide']"),
        ({"table": np.zeros(2, dtype=[("a", "i4")])}, "attrs['table']"),
        ({"text": "\ud800"}, "attrs['text'] holds half a surrogate pair"),
        ({"when": dt.datetime(2026, 1, 1, tzinfo=Nameless())}, "attrs['when'] has a time zone"),
    ],
)
def test_what_would_change_is_refused_by_name(value: Any, named: str) -> None:
    with pytest.raises(ImageRefusedError) as caught:
        encode(value, "attrs")

    assert named in str(caught.value)
    assert caught.value.remedy


def test_a_value_inside_itself_is_refused() -> None:
    value: list[Any] = []
    value.append(value)

    with pytest.raises(ImageRefusedError, match="nested"):
        encode(value, "attrs")


@pytest.mark.parametrize(
    "stored",
    [{"$": "later"}, {"$": "array", "dtype": "<f8", "shape": [1], "data": "!"}, {"$": "UUID"}, {"$": "date", "v": 1}],
)
def test_a_stored_value_that_makes_no_sense_says_so(stored: Any) -> None:
    with pytest.raises(ValueError, match="stored"):
        decode(stored)


def test_known_values_of_the_encoding() -> None:
    """What is written today has to be read for ever: docs/reference/image-encoding.md."""
    known = {
        '{"$":"tuple","v":[1,2]}': (1, 2),
        '{"$":"float","v":"-inf"}': -math.inf,
        '{"$":"complex","v":["1.0","-0.0"]}': complex(1.0, -0.0),
        '{"$":"bytes","v":"AP8="}': b"\x00\xff",
        '{"$":"scalar","dtype":"<i2","shape":[],"data":"AQA="}': np.int16(1),
        '{"$":"datetime","v":"2026-10-25T02:30:00","fold":1,"zone":"Europe/Zurich"}': dt.datetime(
            2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Zurich"), fold=1
        ),
        '{"$":"dict","v":[[1,"a"]]}': {1: "a"},
        '{"$":"Decimal","v":"1.10"}': Decimal("1.10"),
        '{"$":"UUID","v":"12345678-1234-5678-1234-567812345678"}': UUID("12345678-1234-5678-1234-567812345678"),
    }

    for stored, value in known.items():
        assert same(decode(json.loads(stored)), value)
        assert json.loads(stored) == encode(value, "attrs")
