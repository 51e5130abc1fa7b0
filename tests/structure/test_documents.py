"""Every Python example in the documents runs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
WITH_PYTHON = [path for path in DOCUMENTS if "```python\n" in path.read_text()]


def python_in(path: Path) -> str:
    return "\n\n".join(re.findall(r"^```python\n(.*?)^```", path.read_text(), re.DOTALL | re.MULTILINE))


@pytest.mark.parametrize("path", WITH_PYTHON, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_examples_of_a_document_run_from_top_to_bottom(path: Path, tmp_path: Path, user_folders: dict[str, str]):
    script = tmp_path / "example.py"
    script.write_text(python_in(path))

    ran = subprocess.run(
        [sys.executable, script],
        cwd=tmp_path,
        env=user_folders,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr


def test_every_link_between_documents_leads_somewhere():
    broken = [
        (path.name, target)
        for path in [*DOCUMENTS, ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md"]
        for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", path.read_text())
        if not (path.parent / target).exists()
    ]

    assert broken == []


def test_every_command_in_the_readme_exists():
    used = set(re.findall(r"arkitekt-di (\w+)", (ROOT / "README.md").read_text()))

    for command in used:
        ran = subprocess.run(
            [sys.executable, "-m", "arkitekt_di", command, "--help"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ran.returncode == 0, f"{command}: {ran.stderr}"
