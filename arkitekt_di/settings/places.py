"""Where settings files of an app are looked for."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import platformdirs

from arkitekt_di.settings.files import is_there

APPLICATION = "arkitekt"
"""Name of our folder among those of other programs."""

CONFIG_VARIABLE = "ARKITEKT_CONFIG"
"""Environment variable that names files, separated as in PATH."""

PROJECT_FILE = "arkitekt.yaml"


def variable_files(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Return the files that ARKITEKT_CONFIG names, in its order."""
    names = environ.get(CONFIG_VARIABLE, "").split(os.pathsep)
    return tuple(Path(name) for name in names if name)


def project_file(start: Path) -> Path | None:
    """Return the nearest ``arkitekt.yaml``, from *start* up to the root of the repository.

    The search ends at the folder that holds ``.git``, at the home folder, or at the root of the file system.
    """
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - Path.home() raises where there is none
    start = start.absolute()
    for folder in (start, *start.parents):
        candidate = folder / PROJECT_FILE
        if is_there(candidate):
            return candidate
        if folder == home or is_there(folder / ".git"):
            return None
    return None


def user_file() -> Path:
    """Return the place of the user's own file."""
    return platformdirs.user_config_path(APPLICATION) / "config.yaml"


def system_files() -> tuple[Path, ...]:
    """Return the places of the files for everybody: that of this Python environment, then that of the machine."""
    return (
        Path(sys.prefix) / "etc" / APPLICATION / "config.yaml",
        platformdirs.site_config_path(APPLICATION) / "config.yaml",
    )
