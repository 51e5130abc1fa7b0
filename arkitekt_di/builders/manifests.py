"""What an app calls itself, from what its builder was told."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from arkitekt_di.containers.application import REQUIREMENTS
from arkitekt_di.errors import ConfigurationError, Problem
from arkitekt_di.messages.manifest import Manifest, Requirement


def manifest_of(
    identifier: str | None,
    version: str,
    *,
    logo: str | None = None,
    scopes: Sequence[str] = ("openid",),
    device_id: str | None = None,
    requirements: Sequence[Requirement] = REQUIREMENTS,
) -> Manifest:
    """Return the manifest of an app; one without a name has that of the running script.

    Raises
    ------
    ConfigurationError
        Names each argument that a hub would not take.
    """
    try:
        return Manifest(
            identifier=identifier or _script() or "python",
            version=version,
            logo=logo,
            scopes=tuple(scopes),
            requirements=tuple(requirements),
            device_id=device_id,
        )
    except ValidationError as error:
        raise ConfigurationError(
            [Problem("argument", None, None, str(wrong["loc"][0]), wrong["msg"]) for wrong in error.errors()]
        ) from error


def without_none(values: Mapping[str, object]) -> dict[str, object]:
    """Return those of *values* that somebody gave."""
    return {key: value for key, value in values.items() if value is not None}


def _script() -> str:
    """Return the name of what runs: of the file, or of the package of ``python -m``; nothing of ``python -c``."""
    script = Path(sys.argv[0])
    name = script.parent.name if script.stem == "__main__" else script.stem
    return name if not name.startswith("-") else ""
