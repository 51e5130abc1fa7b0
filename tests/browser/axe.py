"""axe-core, the accessibility checker, fetched once from npm into the user's cache."""

import shutil
import subprocess
import tarfile

import platformdirs
import pytest
from playwright.sync_api import Page

VERSION = "4.14.1"


def axe_source() -> str:
    """Return the checker's script; skips the test where npm is missing or nothing can be fetched."""
    folder = platformdirs.user_cache_path("arkitekt-di-tests") / f"axe-core-{VERSION}"
    script = folder / "package" / "axe.min.js"
    if not script.exists():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip("npm is not installed, so axe-core cannot be fetched")
        folder.mkdir(parents=True, exist_ok=True)
        fetched = subprocess.run(
            [npm, "pack", f"axe-core@{VERSION}", "--silent"], cwd=folder, capture_output=True, timeout=120, check=False
        )
        if fetched.returncode:
            pytest.skip("axe-core cannot be fetched from npm")
        with tarfile.open(folder / f"axe-core-{VERSION}.tgz") as archive:
            archive.extract("package/axe.min.js", folder, filter="data")
    return script.read_text()


def violations(page: Page, source: str) -> list[str]:
    """Return what is hard to use with a keyboard or a screen reader, by the rules of WCAG 2.2 AA and best practice."""
    page.evaluate(source)
    found = page.evaluate("axe.run().then(result => result.violations)")
    return [f"{one['id']}: {one['help']}: {[node['html'] for node in one['nodes']]}" for one in found]
