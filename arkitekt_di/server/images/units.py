"""Units of axes that a record shows."""

from collections.abc import Mapping

SHOWN_UNITS = frozenset(
    {"angstrom", "attometer", "centimeter", "decimeter", "exameter", "femtometer", "foot", "gigameter", "hectometer"}
    | {"inch", "kilometer", "megameter", "meter", "micrometer", "mile", "millimeter", "nanometer", "parsec"}
    | {"petameter", "picometer", "terameter", "yard", "yoctometer", "yottameter", "zeptometer", "zettameter"}
    | {"attosecond", "centisecond", "day", "decisecond", "exasecond", "femtosecond", "gigasecond", "hectosecond"}
    | {"hour", "kilosecond", "megasecond", "microsecond", "millisecond", "minute", "nanosecond", "petasecond"}
    | {"picosecond", "second", "terasecond", "yoctosecond", "yottasecond", "zeptosecond", "zettasecond"}
)
"""Units of OME-NGFF 0.5, section "axes". The unmodified mikro refuses to read an image with a unit that it cannot
parse, so others stay in the array's attributes and are not shown in the record."""


def shown_units(units: Mapping[str, str]) -> dict[str, str]:
    """Return those of *units*, by axis, that every client can read."""
    return {axis: unit for axis, unit in units.items() if unit in SHOWN_UNITS}
