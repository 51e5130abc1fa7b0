"""Names that others chose, as people may see them."""

import unicodedata

MAX_SHOWN = 120
"""Characters of a name that an app gives itself; more would push the buttons off the screen."""


def shown(text: str) -> str:
    """Return *text* as people may see it: short, and without characters that hide, reorder or break it."""
    kept = "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(one)[0] in "CZ" and one != " " else one for one in text
    )
    return kept if len(kept) <= MAX_SHOWN else f"{kept[: MAX_SHOWN - 1]}…"
