"""Units by their full names, and what kind of axis a name stands for."""

from typing import Final

from arkitekt_di.messages.images import AxisType

_PREFIXES: Final = {
    "a": "atto",
    "f": "femto",
    "p": "pico",
    "n": "nano",
    "u": "micro",
    "\N{MICRO SIGN}": "micro",
    "\N{GREEK SMALL LETTER MU}": "micro",
    "m": "milli",
    "c": "centi",
    "d": "deci",
    "": "",
    "h": "hecto",
    "k": "kilo",
    "M": "mega",
}

_BASES: Final = ("meter", "second")

_SYMBOLS: Final = {
    **{f"{prefix}m": f"{word}meter" for prefix, word in _PREFIXES.items()},
    **{f"{prefix}s": f"{word}second" for prefix, word in _PREFIXES.items()},
    "\N{LATIN CAPITAL LETTER A WITH RING ABOVE}": "angstrom",
    "\N{ANGSTROM SIGN}": "angstrom",
    "micron": "micrometer",
    "microns": "micrometer",
    "sec": "second",
    "min": "minute",
    "h": "hour",
    "hr": "hour",
    "d": "day",
}

_SHORT: Final = {
    **{f"{word}{unit}": f"{prefix}{unit[0]}" for prefix, word in _PREFIXES.items() if prefix != "u" for unit in _BASES},
    **{f"micro{unit}": f"µ{unit[0]}" for unit in _BASES},
    "angstrom": "Å",
    "minute": "min",
    "hour": "h",
    "day": "d",
}

_NAMES: Final = frozenset(_SYMBOLS.values())

_TYPES: Final = {
    "x": AxisType.SPACE,
    "y": AxisType.SPACE,
    "z": AxisType.SPACE,
    "t": AxisType.TIME,
    "time": AxisType.TIME,
    "c": AxisType.CHANNEL,
    "channel": AxisType.CHANNEL,
}


def full_unit(unit: str) -> str:
    """Return the UDUNITS-2 name of *unit*, such as ``micrometer`` for ``µm``, ``um``, ``microns`` and ``micrometre``.

    These are the names that OME-NGFF 0.5, section "axes", recommends.  A unit that is not known is returned as it is.
    """
    stripped = unit.strip()
    if (name := _SYMBOLS.get(stripped)) is not None:
        return name
    word = stripped.lower().replace("metre", "meter").removesuffix("s")
    return word if word in _NAMES else stripped


def short_unit(unit: str) -> str:
    """Return the symbol of a unit, such as ``µm`` for ``micrometer``; what has none is returned as it is."""
    return _SHORT.get(unit, unit)


def axis_type(dim: str) -> AxisType:
    """Return what the dimension *dim* stands for; a name that says nothing is an index, which promises no distances."""
    return _TYPES.get(dim.lower(), AxisType.INDEX)
