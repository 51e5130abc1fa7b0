"""What a shell completes beyond commands and options."""

from collections.abc import Iterator
from importlib.metadata import entry_points


def known_presets(incomplete: str) -> Iterator[str]:
    """Yield the presets of this package, and those that installed packages offer, which begin with *incomplete*."""
    from arkitekt_di.config import PRESETS

    offered = entry_points(group="arkitekt_di.builders").names
    return (name for name in sorted({*PRESETS, *offered}) if name.startswith(incomplete))
