"""Every Python example in the documents runs."""

import asyncio
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from arkitekt_di.cli.main import app as command_line

nbclient: Any = pytest.importorskip("nbclient")
nbformat: Any = pytest.importorskip("nbformat")

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
NOTEBOOKS = [ROOT / "docs" / "tutorials" / "notebook.md"]
"""Documents whose examples are the cells of a notebook."""

QUICK = ("store-and-read-images.md", "call-a-function.md", "make-a-builder.md")
"""How-to pages that every run tries; what they show of the others is tested by the tests of each part, too."""

LONG = [
    ROOT / "docs" / "tutorials" / "run-a-lab-hub.md",
    *(path for path in (ROOT / "docs" / "how-to").glob("*.md") if path.name not in QUICK),
]
"""Documents whose examples start many processes, or a hub each: tried by ``-m long``."""

WITH_PYTHON = [path for path in DOCUMENTS if "```python\n" in path.read_text() and path not in NOTEBOOKS]


MARK = "--- end of a block ---"
BLOCK = re.compile(r"^```python\n(?P<code>.*?)^```(?:\s*^```text\n(?P<output>.*?)^```)?", re.DOTALL | re.MULTILINE)
"""An example, and what it prints where the document says so: a text block that follows at once."""


def printed_as_told(told: str, printed: str) -> bool:
    """Tell whether *printed* is what a document says; ``...`` stands for anything within a line."""
    pattern = ".*".join(map(re.escape, told.strip().split("...")))
    return re.fullmatch(pattern, printed.strip()) is not None


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, marks=[pytest.mark.long] if path in LONG else []) for path in WITH_PYTHON],
    ids=[str(path.relative_to(ROOT)) for path in WITH_PYTHON],
)
def test_the_examples_of_a_document_run_from_top_to_bottom(path: Path, tmp_path: Path, user_folders: dict[str, str]):
    blocks = list(BLOCK.finditer(path.read_text()))
    script = tmp_path / "example.py"
    script.write_text("\n\n".join(f"{block['code']}\nprint({MARK!r})" for block in blocks))

    ran = subprocess.run(
        [sys.executable, script],
        cwd=tmp_path,
        env=user_folders | {"PYTHONIOENCODING": "utf-8", "COLUMNS": "120"},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    outputs = ran.stdout.split(f"{MARK}\n")
    for block, printed in zip(blocks, outputs, strict=False):
        told = block["output"]
        assert told is None or printed_as_told(told, printed), f"the document says\n{told}but it is\n{printed}"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_cells_of_a_document_run_in_a_kernel_and_the_saved_notebook_holds_no_secret(
    path: Path, tmp_path: Path, user_folders: dict[str, str]
):
    blocks = list(BLOCK.finditer(path.read_text()))
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(block["code"]) for block in blocks])
    client = nbclient.NotebookClient(notebook, kernel_name="python3", timeout=180)

    asyncio.run(client.async_execute(env=user_folders, cwd=str(tmp_path)))

    for block, cell in zip(blocks, notebook.cells, strict=True):
        printed = "".join(
            output["text"] if output["output_type"] == "stream" else f"{output['data']['text/plain']}\n"
            for output in cell.outputs
        )
        told = block["output"]
        assert told is None or printed_as_told(told, printed), f"the document says\n{told}but it is\n{printed}"
    secrets = secrets_in(tmp_path)
    assert secrets
    saved = nbformat.writes(notebook)
    assert not [secret for secret in secrets if secret in saved]


def secrets_in(folder: Path) -> list[str]:
    """Return the keys and tokens that stand in the files of a user."""
    files = [file.read_text() for file in folder.rglob("*.json") if file.is_file()]
    return [found for text in files for found in re.findall(r'"(?:\w+_token|\w*key)": *"([^"]{20,})"', text)]


@pytest.mark.parametrize(
    ("told", "printed", "is_right"),
    [
        ("a\n", "a\n", True),
        ("a\n", "b\n", False),
        ("<Image 'a', id ...>\n", "<Image 'a', id 17>\n", True),
        ("a ... b\n", "a \n b\n", False),
        ("a.b\n", "axb\n", False),
    ],
)
def test_what_a_document_says_is_compared_with_what_is_printed(told: str, printed: str, is_right: bool):
    assert printed_as_told(told, printed) is is_right


def test_every_link_between_documents_leads_somewhere():
    broken = [
        (path.name, target)
        for path in [*DOCUMENTS, ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md"]
        for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", path.read_text())
        if not (path.parent / target).exists()
    ]

    assert broken == []


def test_no_docstring_has_roles_of_sphinx_which_the_pages_would_show_raw():
    role = re.compile(r":(?:py:)?(?:func|class|attr|meth|mod|exc|data):`")
    folders = [ROOT / "arkitekt_di", ROOT / "containers", ROOT / "config"]
    raw = [str(path) for folder in folders for path in folder.rglob("*.py") if role.search(path.read_text())]

    assert raw == []


def test_every_page_stands_in_the_navigation():
    navigation = (ROOT / "mkdocs.yml").read_text()
    pages = [str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs").rglob("*.md")]

    missing = [page for page in pages if page not in navigation and not page.startswith("explanations/decisions/")]
    assert missing == []


def test_every_how_to_page_leads_on_to_another_page():
    alone = [
        path.name
        for path in (ROOT / "docs" / "how-to").glob("*.md")
        if not re.search(r"\]\([^)]+\.md", path.read_text())
    ]

    assert alone == []


def test_every_command_in_the_readme_exists():
    used = set(re.findall(r"arkitekt-di (\w+)", (ROOT / "README.md").read_text()))

    assert used
    for command in used:
        ran = CliRunner().invoke(command_line, [command, "--help"])
        assert ran.exit_code == 0, f"{command}: {ran.stderr}"


def test_the_documents_are_built_without_a_warning(tmp_path: Path):
    ran = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", tmp_path / "site"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    assert 'class="doc' in (tmp_path / "site" / "reference" / "app" / "index.html").read_text()
