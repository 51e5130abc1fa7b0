"""Every feature of mikro is either there or named with the reason why not; what is named exists."""

import re
from pathlib import Path
from typing import Final

import pytest

from arkitekt_di import errors, mikro
from tests.mikro.features import FEATURES

PAGE: Final = Path(__file__).parents[2] / "docs" / "reference" / "what-is-not-there.md"
RECORDS: Final = {"image": mikro.Image, "file": mikro.File, "table": mikro.Table, "roi": mikro.Roi}
PLAIN: Final = {"settings=", "mikro.*", "sample"}
"""Words of the page in code style that are no names of the package."""
IN_WORDS: Final = {"accepted arrays", "dimension rule", "chunking", "credentials"}
"""Features that are no function of their own."""


def rows() -> dict[str, tuple[str, str]]:
    table = PAGE.read_text().partition("## Row by row")[2].partition("\n## ")[0]
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines() if line.startswith("| ")]
    return {feature: (here, reason) for feature, here, reason in cells[1:]}


def exists(name: str) -> bool:
    record, _, member = name.partition(".")
    return (
        hasattr(RECORDS[record], member)
        if member and record in RECORDS
        else hasattr(mikro, name) or hasattr(errors, name)
    )


def test_the_page_goes_through_every_feature_in_order() -> None:
    assert tuple(rows()) == FEATURES


@pytest.mark.parametrize("feature", FEATURES)
def test_what_a_row_names_is_there_and_what_is_not_there_has_a_reason(feature: str) -> None:
    here, reason = rows()[feature]
    named = [name for name in re.findall(r"`([^`]+)`", here) if name not in PLAIN]

    assert [name for name in named if not exists(name)] == []
    assert reason
    assert named or here.startswith("not there") or feature in IN_WORDS
