"""The page of security rules names tests that exist; and what the hub must not contain, it does not."""

import ast
import re
from collections.abc import Collection, Iterable, Iterator
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
    assert _uses(SERVER, {"ClientSession", "urlopen", "requests", "httpx", "urllib3", "urllib.request"}) == []


def test_nothing_is_unpickled() -> None:
    sources = sorted((ROOT / "arkitekt_di").rglob("*.py"))

    assert set(SERVER) < set(sources)
    assert _uses(sources, {"pickle", "cloudpickle", "dill", "marshal", "shelve", "joblib"}) == []
    assert [path.name for path in sources if "allow_pickle=True" in path.read_text()] == []


def test_what_is_used_is_found(tmp_path: Path) -> None:
    source = tmp_path / "used.py"
    source.write_text("import pickle\nfrom dill import loads\nimport os\nos.marshal\n# shelve\n")

    assert _uses([source], {"pickle", "dill", "marshal", "shelve"}) == [
        ("used.py", "pickle"),
        ("used.py", "dill"),
        ("used.py", "marshal"),
    ]


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


def _uses(paths: Iterable[Path], words: Collection[str]) -> list[tuple[str, str]]:
    """Return where one of *words* is imported or looked up; what is not in a text is not in its tree either."""
    texts = ((path.name, path.read_text()) for path in paths)
    trees = ((name, ast.parse(text)) for name, text in texts if any(word in text for word in words))
    return [(name, used) for name, tree in trees for used in _names(tree) if used in words]


def _names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.Attribute):
            yield node.attr
