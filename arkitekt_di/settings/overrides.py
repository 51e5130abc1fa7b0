"""Settings that are other for one call."""

from collections.abc import Mapping
from typing import TypeVar

from arkitekt_di.settings.assignments import argument_layers
from arkitekt_di.settings.load import load_settings
from arkitekt_di.settings.models import Section

S = TypeVar("S", bound=Section)


def changed(section: S, values: Mapping[str, object]) -> S:
    """Return *section* with *values* in place of its own; raises `ConfigurationError` where one will not do."""
    if not values:
        return section
    layers = [*argument_layers(values), *argument_layers(section.model_dump())]
    return load_settings(type(section), layers).settings
