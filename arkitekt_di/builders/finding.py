"""Finds builders by name: those of this package, and those that other packages offer."""

from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points

from arkitekt_di.builders.builder import Builder
from arkitekt_di.builders.desktop import qt
from arkitekt_di.builders.embedding import embedded
from arkitekt_di.builders.notebooks import jupy
from arkitekt_di.builders.scheduling import scheduler
from arkitekt_di.builders.scripts import easy
from arkitekt_di.builders.unattended import port
from arkitekt_di.errors import CompositionError
from arkitekt_di.settings.suggestion import did_you_mean

ENTRY_POINTS = "arkitekt_di.builders"
"""Group of entry points in which a package names its builders."""

SHIPPED: Mapping[str, Builder[...]] = {
    builder.preset.name: builder for builder in (easy, jupy, port, scheduler, qt, embedded)
}
"""The builders of this package."""


def find_builder(name: str) -> Builder[...]:
    """Return a builder by its name: one of this package, or one that an installed package offers.

    Parameters
    ----------
    name : str
        Such as ``easy``, or the name of an entry point in the group ``arkitekt_di.builders``.

    Raises
    ------
    CompositionError
        There is none, it does not load, or two packages offer one of that name.
    """
    if name in SHIPPED:
        return SHIPPED[name]
    offered = entry_points(group=ENTRY_POINTS)
    found = tuple(offered.select(name=name))
    if not found:
        known = [*SHIPPED, *sorted(offered.names)]
        raise CompositionError(f"there is no builder {name!r} (known: {', '.join(known)}){did_you_mean(name, known)}")
    if len({point.value for point in found}) > 1:
        places = ", ".join(sorted(point.value for point in found))
        raise CompositionError(f"several packages offer a builder {name!r} ({places}): uninstall all but one")
    return _load(found[0])


def _load(point: EntryPoint) -> Builder[...]:
    try:
        loaded = point.load()
    except Exception as error:
        raise CompositionError(
            f"the builder {point.name!r} does not load from {point.value}: {error}. Ask whoever made that package"
        ) from error
    if not isinstance(loaded, Builder):
        raise CompositionError(f"{point.value} is no builder: make it with arkitekt_di.builder(...)")
    return loaded
