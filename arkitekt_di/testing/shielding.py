"""Keeps what the user has on this machine out of tests: folders, settings, logins."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

FOLDERS = ("CONFIG", "DATA", "STATE")
"""The user's folders (XDG Base Directory Specification): ``XDG_CONFIG_HOME`` and so on."""

VARIABLES = ("ARKITEKT_", "FAKTS")
"""How variables with settings begin."""


def shielded_environment(folder: Path, kinds: Sequence[str] = (*FOLDERS, "CACHE")) -> dict[str, str]:
    """Return the variables of this process without settings of ours, and with the user's folders inside *folder*."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(VARIABLES)}
    folders = {f"XDG_{kind}_HOME": str(folder / kind.lower()) for kind in kinds}
    return kept | folders | {"ARKITEKT_HERRE__STORE": "file"}  # not the keyring of whoever runs the tests


@contextmanager
def shielding(folder: Path) -> Iterator[None]:
    """Give this process the environment of `shielded_environment` while the block runs.

    The folder of caches stays: other libraries keep what they have downloaded there.
    """
    before = dict(os.environ)
    after = shielded_environment(folder, FOLDERS)
    try:
        for name in before.keys() - after.keys():
            del os.environ[name]
        os.environ.update(after)
        yield
    finally:
        for name in after.keys() - before.keys():
            os.environ.pop(name, None)
        os.environ.update({name: value for name, value in before.items() if os.environ.get(name) != value})
