"""The page of what images survive names tests that exist, for every accident."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "explanations" / "what-images-survive.md").read_text()
ACCIDENTS = 16


def test_every_accident_has_tests_and_each_of_them_exists() -> None:
    rows = [row for row in PAGE.splitlines() if row.startswith("| ")][1:]
    named = [re.findall(r"`(tests/[\w/]+\.py)`: ((?:`test_\w+`(?: \(long\))?(?:, )?)+)", row) for row in rows]
    missing = [
        f"{path}: {name}"
        for row in named
        for path, names in row
        for name in re.findall(r"test_\w+", names)
        if f"def {name}(" not in (ROOT / path).read_text()
    ]

    assert len(rows) == ACCIDENTS
    assert all(named)
    assert missing == []


def test_what_is_said_to_be_long_is_and_nothing_else() -> None:
    for path, name, mark in re.findall(r"(tests/[\w/]+\.py)`: [^|;]*?`(test_\w+)`( \(long\))?", PAGE):
        text = (ROOT / path).read_text()
        above = text.partition(f"def {name}(")[0].rpartition("\n\n\n")[2]

        assert ("mark.long" in above or "pytestmark = [pytest.mark.conformance, pytest.mark.long" in text) == bool(mark)
