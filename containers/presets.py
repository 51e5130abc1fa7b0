"""The presets by name, each loaded when it is asked for: only one of them needs the hub's code."""

from collections.abc import Mapping
from importlib import import_module

from arkitekt_di.containers.application import AppContainer
from arkitekt_di.errors import CompositionError
from arkitekt_di.settings.suggestion import did_you_mean

PRESETS: Mapping[str, tuple[str, str]] = {
    "easy": ("arkitekt_di.containers.easy", "EasyContainer"),
    "embedded": ("arkitekt_di.containers.embedded", "EmbeddedContainer"),
}
"""Module and class of each preset."""


def preset_container(name: str) -> type[AppContainer]:
    """Return the container class of a preset.

    Raises
    ------
    CompositionError
        There is no such preset; the error tells the nearest.
    """
    if name not in PRESETS:
        raise CompositionError(f"there is no preset {name!r}{did_you_mean(name, PRESETS)}")
    module, attribute = PRESETS[name]
    container: type[AppContainer] = getattr(import_module(module), attribute)
    return container
