"""Every promise that a service stands behind has an implementation in memory and a contract suite, as the page says."""

import ast
import re
from importlib import import_module
from pathlib import Path
from typing import Protocol

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "testing.md").read_text()
ROW = re.compile(
    r"^\| (?P<promises>`\w+`(?:, `\w+`)*) \| `(?P<memory>[\w.]+)` \| `(?P<suite>[\w.]+)` \|$", re.MULTILINE
)
ROWS = [(re.findall(r"`(\w+)`", row["promises"]), row["memory"], row["suite"]) for row in ROW.finditer(PAGE)]

PARTS = {
    "Access": "of the promises about bytes",
    "AgentSocket": "of AgentDoor: what it opens",
    "BlobUploads": "of FileRecords and TableRecords",
    "Bridge": "koil, which every test uses as it is",
    "GraphQL": "of the records that a hub keeps; their suites run over it",
    "Person": "a person",
    "PixelSink": "of PixelStore: what it opens for writing",
    "PixelSource": "of PixelStore: what it opens for reading",
    "Presenter": "what a person sees",
    "Renewal": "of the promises about bytes",
    "Service": "the life that every service has",
}
"""Promises without a row of their own, and what they are."""


def promises() -> set[str]:
    found = set()
    for path in (ROOT / "arkitekt_di" / "protocols").glob("*.py"):
        module = import_module(f"arkitekt_di.protocols.{path.stem}")
        found |= {name for name, one in vars(module).items() if getattr(one, "_is_protocol", False)}
    return found - {Protocol.__name__}


def named(path: str) -> type:
    module, _, name = path.rpartition(".")
    found: type = getattr(import_module(module), name)
    return found


def subclasses_in_tests(suite: str) -> list[str]:
    name = suite.rpartition(".")[2]
    trees = [ast.parse(path.read_text()) for path in (ROOT / "tests").rglob("test_*.py")]
    classes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    return [one.name for one in classes if name in {base.id for base in one.bases if isinstance(base, ast.Name)}]


def test_the_page_has_a_row_for_every_promise_but_for_parts():
    in_rows = [name for names, _, _ in ROWS for name in names]

    assert len(in_rows) == len(set(in_rows))
    assert set(in_rows) | set(PARTS) == promises()
    assert set(in_rows).isdisjoint(PARTS)


@pytest.mark.parametrize(("names", "memory", "suite"), ROWS, ids=[memory for _, memory, _ in ROWS])
def test_what_is_in_memory_keeps_the_promise_and_passes_the_suite_like_the_real_one(
    names: list[str], memory: str, suite: str
):
    implementation = named(memory)
    assert named(suite).__name__.endswith("Contract")

    for name in names:
        module = next(m for m in promise_modules() if hasattr(m, name))
        members = [member for member in dir(getattr(module, name)) if not member.startswith("_")]
        assert [member for member in members if not hasattr(implementation, member)] == []
    users = subclasses_in_tests(suite)
    assert [name for name in users if "InMemory" in name]
    assert [name for name in users if "InMemory" not in name]


def promise_modules() -> list[object]:
    return [
        import_module(f"arkitekt_di.protocols.{path.stem}")
        for path in (ROOT / "arkitekt_di" / "protocols").glob("*.py")
        if path.stem != "__init__"
    ]
