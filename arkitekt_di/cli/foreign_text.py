"""Text that others wrote, for a terminal: it can neither steer the terminal nor turn the direction of reading."""

import re
from typing import Final

STEERING: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters of ISO 6429 but for tab and line feed, and those that turn the direction (Unicode, UAX 9)."""


def harmless(text: str) -> str:
    r"""Return *text* with each character that would steer a terminal written out, such as ``\x1b``."""
    return STEERING.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
