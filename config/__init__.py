"""Presets of apps, one YAML file each; a section is named as its container and its attribute on the app."""

from importlib.resources import files
from pathlib import Path

from arkitekt_di.errors import ConfigurationError, Problem

PRESETS = ("easy", "embedded", "jupy", "port", "qt", "scheduler")
"""Names of the presets that come with the package."""


def preset_path(name: str) -> Path:
    """Return the YAML file of a preset.

    Parameters
    ----------
    name : str
        Such as ``easy``.

    Raises
    ------
    ConfigurationError
        There is no preset of that name.
    """
    if name not in PRESETS:
        known = ", ".join(map(repr, PRESETS))
        raise ConfigurationError(
            [Problem("--preset", None, None, name, f"there is no such preset: choose one of {known}")]
        )
    return Path(str(files(__name__).joinpath(f"{name}.yaml")))
