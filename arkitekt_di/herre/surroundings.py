"""Looks at the place where the app runs."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from arkitekt_di.herre.choice import Surroundings

REMOTE_VARIABLES = (
    "SSH_CONNECTION",
    "SSH_TTY",
    "SSH_CLIENT",
    "JUPYTERHUB_SERVICE_PREFIX",
    "CODESPACES",
    "WSL_DISTRO_NAME",
)
"""Each says that the browser of the user is elsewhere."""

CONTAINER_MARKS = (Path("/.dockerenv"), Path("/run/.containerenv"))
"""Files that docker and podman leave in a container."""

TEXT_BROWSERS = frozenset({"elinks", "links", "lynx", "w3m", "www-browser"})
"""Browsers that would take over the terminal."""


def surroundings(environ: Mapping[str, str] = os.environ, marks: tuple[Path, ...] = CONTAINER_MARKS) -> Surroundings:
    """Return where this process runs.

    Parameters
    ----------
    environ : mapping of str to str, optional
        Environment variables.
    marks : tuple of Path, optional
        Files of which one is enough for a container.
    """
    return Surroundings(
        has_terminal=sys.stderr is not None and sys.stderr.isatty(),
        is_notebook=_is_notebook(),
        is_remote=any(environ.get(name) for name in REMOTE_VARIABLES) or any(mark.exists() for mark in marks),
        has_browser=_has_browser(environ),
    )


def _is_notebook() -> bool:
    ipython = sys.modules.get("IPython")  # a kernel has loaded it; nobody else has to
    shell = ipython.get_ipython() if ipython is not None else None
    return any(kind.__name__ == "ZMQInteractiveShell" for kind in type(shell).__mro__)


def _has_browser(environ: Mapping[str, str]) -> bool:
    chosen = Path(environ.get("BROWSER", "").partition(os.pathsep)[0].partition(" ")[0]).name
    if chosen in TEXT_BROWSERS:
        return False
    return not sys.platform.startswith("linux") or bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))
