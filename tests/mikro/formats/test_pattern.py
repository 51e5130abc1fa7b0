"""Folders whose files are pieces of images."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st

from arkitekt_di.errors import FileRefusedError
from arkitekt_di.mikro.formats.importing import stacked_image
from arkitekt_di.mikro.formats.pattern import group_files

PATTERN = "{well}/s{field}_w{c}_z{z}.tif"


def plate(folder: Path) -> None:
    for well in ("A2", "A10"):
        (folder / well).mkdir()
        for field in (1, 2):
            for c, channel in enumerate(("DAPI", "GFP")):
                for z in (1, 2, 10):
                    value = 100 * int(well[1:]) + 50 * field + 10 * c + z
                    plane = np.full((6, 7), value, "uint16")
                    tifffile.imwrite(folder / well / f"s{field}_w{channel}_z{z}.tif", plane)
    (folder / "A2" / "Thumbs.db").touch()


def test_pieces_of_one_image_are_stacked_in_natural_order(tmp_path: Path):
    plate(tmp_path)

    groups = group_files(tmp_path, PATTERN)

    assert [group.fields for group in groups] == [
        {"well": well, "field": field} for well in ("A2", "A10") for field in ("1", "2")
    ]
    with stacked_image(groups[2], dims=None) as found:
        assert found.name == f"{tmp_path.name} A10 1"
        assert found.array.dims == ("c", "z", "y", "x")
        assert list(found.array.coords["c"].values) == ["DAPI", "GFP"]
        assert found.array.attrs == {"well": "A10", "field": "1"}
        assert found.array.isel(y=0, x=0).values.tolist() == [[1051, 1052, 1060], [1061, 1062, 1070]]


def test_an_image_that_lacks_a_piece_is_told(tmp_path: Path):
    plate(tmp_path)
    (tmp_path / "A10" / "s2_wGFP_z2.tif").unlink()

    with pytest.raises(FileRefusedError, match=r"A10 2' lacks 1 of 6: c GFP, z 2"):
        group_files(tmp_path, PATTERN)


def test_pieces_that_differ_are_told_by_name(tmp_path: Path):
    plate(tmp_path)
    tifffile.imwrite(tmp_path / "A2" / "s1_wGFP_z2.tif", np.zeros((6, 8), "uint16"))

    with pytest.raises(FileRefusedError, match=r"s1_wGFP_z2.tif: it has .*'x': 8"):
        stacked_image(group_files(tmp_path, PATTERN)[0], dims=None).__enter__()


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("{well}.nd2", "no file in it fits"),
        ("plane.tif", "has no fields"),
        ("{c}_{channel}.tif", "one dimension twice"),
    ],
)
def test_a_pattern_that_cannot_be_meant_is_told(tmp_path: Path, pattern: str, said: str):
    plate(tmp_path)

    with pytest.raises(FileRefusedError, match=said):
        group_files(tmp_path, pattern)


@given(st.lists(st.text("abc_.[+(", min_size=1, max_size=5), min_size=1, max_size=3))
def test_literal_parts_of_a_pattern_are_taken_as_they_are(parts: list[str]):
    from arkitekt_di.mikro.formats.pattern import _compiled

    pattern = "".join(f"{part}{{f{i}}}" for i, part in enumerate(parts))
    name = "".join(f"{part}X{i}" for i, part in enumerate(parts))

    match = _compiled(Path(), pattern)[0].fullmatch(name)

    assert match is not None
    assert match.groupdict() == {f"f{i}": f"X{i}" for i in range(len(parts))}
