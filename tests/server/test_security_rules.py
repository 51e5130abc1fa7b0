"""The page of security rules names tests that exist; and what the hub must not contain, it does not."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "explanations" / "security-rules.md").read_text()
SERVER = sorted((ROOT / "arkitekt_di" / "server").rglob("*.py"))


def test_every_test_that_the_page_names_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)`: ((?:`test_\w+`(?:, )?)+)", PAGE)
    missing = [
        f"{path}: {name}"
        for path, names in named
        for name in re.findall(r"test_\w+", names)
        if not re.search(rf"\b(?:def )?{name}\b", (ROOT / path).read_text())
    ]

    assert len(named) > 30
    assert missing == []


def test_every_rule_of_the_hub_names_a_test() -> None:
    rows = PAGE.partition("## The hub")[2].partition("\n## ")[0].split("\n|")[3:]

    assert len(rows) > 25
    assert [row for row in rows if "`test_" not in row] == []


def test_every_trap_of_oauthlib_is_closed_by_a_test() -> None:
    rows = PAGE.partition("## What oauthlib does by itself")[2].split("\n|")[3:]

    assert len(rows) > 20
    assert [row for row in rows if "`test_" not in row] == []


def test_the_hub_has_no_client_of_http() -> None:
    clients = {"ClientSession", "urlopen", "requests", "httpx", "urllib3"}
    used = [
        (path.name, name)
        for path in SERVER
        for name in _names(path)
        if name in clients or name.startswith("urllib.request")
    ]

    assert used == []


def test_nothing_is_unpickled() -> None:
    readers = {"pickle", "cloudpickle", "dill", "marshal", "shelve", "joblib"}
    sources = [*SERVER, *(ROOT / "arkitekt_di").rglob("*.py")]

    assert [(path.name, name) for path in sources for name in _names(path) if name in readers] == []
    assert [path.name for path in sources if "allow_pickle=True" in path.read_text()] == []


def test_no_statement_is_put_together_from_text() -> None:
    """SQLAlchemy binds values, save where text is handed to `text()` or a driver."""
    raw = [
        (path.name, ast.unparse(call))
        for path in SERVER
        if "migrations" not in path.parts
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call)
        and (
            getattr(call.func, "id", "") == "text"
            or getattr(call.func, "attr", "") in {"text", "execute", "exec_driver_sql"}
        )
        and call.args
        and isinstance(call.args[0], ast.JoinedStr | ast.BinOp)
        and "PRAGMA" not in ast.unparse(call)  # takes no bound values
    ]

    assert raw == []


def _names(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.Attribute):
            yield node.attr
