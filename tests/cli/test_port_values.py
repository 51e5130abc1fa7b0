"""Words of a command line as values, and ports as words."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import pytest

from arkitekt_di.cli.port_values import parse_arguments, signature
from arkitekt_di.cli.results import as_json, as_text
from arkitekt_di.errors import ValueRefusedError
from arkitekt_di.mikro import Image
from arkitekt_di.rekuest.offer import make_offer
from arkitekt_di.rekuest.ports.told import Reference


class Way(Enum):
    UP = 1
    DOWN = 2


@dataclass
class Box:
    sizes: list[float]
    label: str | None = None


def work(  # noqa: PLR0913  # one port of each kind
    number: int,
    share: float,
    sure: bool,
    word: str,
    day: datetime,
    way: Way,
    box: Box,
    image: Image,
    mixed: int | str,
    sizes: list[int],
    maybe: int | None = None,
    name: str | None = None,
) -> Iterator[dict[str, float]]:
    """Work."""
    yield {"share": share}


PORTS = make_offer(work, {}).definition.args


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("number=-3", -3),
        ("share=1e-3", 0.001),
        ("sure=yes", True),
        ("sure=False", False),
        ("word=a=b c", "a=b c"),
        ("word=null", "null"),
        ("name=null", "null"),
        ("maybe=null", None),
        ("maybe=4", 4),
        ("day=2026-11-22T16:00:00+00:00", datetime(2026, 11, 22, 16, tzinfo=UTC)),
        ("way=UP", "UP"),
        ('box={"sizes": [1, 2.5]}', {"sizes": [1, 2.5]}),
        ("image=17", "17"),
        ("mixed=5", 5),
        ("mixed=five", "five"),
        ("sizes=[1, 2]", [1, 2]),
    ],
)
def test_a_word_is_read_as_its_port_says(word: str, value: Any):
    (read,) = parse_arguments(PORTS, [word]).values()

    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("words", "port", "reason"),
    [
        (["number=3.5"], "number", "int wanted, got '3.5'"),
        (["sure=perhaps"], "sure", "bool wanted"),
        (["sizes=1,2"], "sizes", r"list\[int\] wanted"),
        (["day=tomorrow"], "day", "date wanted"),
        (["numbr=1"], "numbr", "no such argument; there are number, share"),
        (["number=1", "number=2"], "number", "given twice"),
        (["number"], "number", "is not such as name=value"),
        (["number=null"], "number", "int wanted"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(words: list[str], port: str, reason: str):
    with pytest.raises(ValueRefusedError, match=reason) as caught:
        parse_arguments(PORTS, words)

    assert caught.value.port == port


def test_a_function_is_shown_in_one_line():
    def blur(image: Image, way: Way, sigma: float = 2.0, mask: Image | None = None) -> tuple[Image, int]:
        raise NotImplementedError

    definition = make_offer(blur, {}).definition

    assert signature(definition.key, definition.args, definition.returns, definition.kind) == (
        "blur(image: @mikro/arraydataset, way: UP | DOWN, sigma: float = 2.0, mask: @mikro/arraydataset | null)"
        " -> @mikro/arraydataset, int"
    )


def test_a_stream_is_shown_as_one():
    definition = make_offer(work, {}).definition

    assert signature("work", (), definition.returns, definition.kind) == "work() -> stream of dict[float]"


def test_results_are_shown_and_written():
    mesh = Reference("@lab/mesh", "7")

    assert as_text("plain") == "plain"
    assert as_text({"share": 0.5}) == '{\n  "share": 0.5\n}'
    assert "@lab/mesh" in as_text(mesh)
    assert as_json((mesh, Way.UP, datetime(2026, 1, 1, tzinfo=UTC))) == (
        '[{"type": "Reference", "id": "7", "name": null}, "UP", "2026-01-01T00:00:00+00:00"]'
    )
