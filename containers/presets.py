"""Presets of apps: a container class, the YAML beside it, and what else it replaces."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import import_module
from pathlib import Path

from dependency_injector import providers

from arkitekt_di.config import preset_path
from arkitekt_di.containers.application import AppContainer
from arkitekt_di.containers.overriding import replace as put
from arkitekt_di.errors import CompositionError, Problem
from arkitekt_di.settings.models import AppSettings
from arkitekt_di.settings.suggestion import did_you_mean


def demand_nothing(_: AppSettings) -> list[Problem]:
    """Find nothing missing."""
    return []


@dataclass(frozen=True)
class Preset:
    """One kind of app.

    Attributes
    ----------
    name : str
        Such as ``easy``.
    load : callable
        Returns the container class; called when an app is made.
    files : tuple of Path
        YAML files with the settings in which the preset differs from the defaults, the strongest first.
    overrides : Mapping of str to object
        Objects or providers that stand for services, by dotted name.
    demand : callable
        Says what the settings in use lack.
    """

    name: str
    load: Callable[[], type[AppContainer]]
    files: tuple[Path, ...] = ()
    overrides: Mapping[str, object] = field(default_factory=dict)
    demand: Callable[[AppSettings], list[Problem]] = demand_nothing

    def make(self, **inputs: object) -> AppContainer:
        """Return a container of its own with the overrides in it; *inputs* are its settings and manifest.

        Raises
        ------
        CompositionError
            An override names a provider that the container has not; the error tells the nearest.
        """
        container: AppContainer = self.load()(**inputs)
        for name, value in self.overrides.items():
            # A singleton belongs to one app: each gets a provider of its own.
            put(container, name, providers.deepcopy(value) if isinstance(value, providers.Provider) else value)
        return container

    def derived(self, name: str, *, overrides: Mapping[str, object], files: tuple[Path, ...]) -> "Preset":
        """Return a preset that is this one, but for *overrides* and for the settings in *files*."""
        return replace(self, name=name, overrides={**self.overrides, **overrides}, files=(*files, *self.files))


PRESETS: Mapping[str, tuple[str, str]] = {
    "easy": ("arkitekt_di.containers.easy", "EasyContainer"),
    "embedded": ("arkitekt_di.containers.embedded", "EmbeddedContainer"),
    "jupy": ("arkitekt_di.containers.jupy", "JupyContainer"),
    "port": ("arkitekt_di.containers.port", "PortContainer"),
    "qt": ("arkitekt_di.containers.qt", "QtContainer"),
    "scheduler": ("arkitekt_di.containers.scheduler", "SchedulerContainer"),
}
"""Module and class of each preset that comes with the package; loaded when asked for: only one needs the hub's code."""


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


def shipped_preset(name: str, demand: Callable[[AppSettings], list[Problem]] = demand_nothing) -> Preset:
    """Return a preset that comes with the package."""
    return Preset(name, partial(preset_container, name), (preset_path(name),), demand=demand)
