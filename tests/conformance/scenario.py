"""The one scenario that every client runs: what it does, and what must come out.

Imported by scripts in other virtual environments, so it needs nothing but numpy.
"""

import hashlib
from typing import Any

import numpy as np

NAME = "conformance stack"
DIMS = ("c", "z", "y", "x")
CROP = (slice(1, 2), slice(0, 3), slice(10, 40), slice(5, 25))
"""Part of the picture that is read on its own."""


def pixels() -> np.ndarray[Any, np.dtype[np.uint16]]:
    """Return the picture: dims `DIMS`, uint16, no two planes alike."""
    c, z, y, x = np.ogrid[:2, :5, :96, :80]
    return np.asarray((c * 31 + z * 7 + 1) * (y * 80 + x) % 65521, np.uint16)


def digest(array: Any) -> str:
    """Return a SHA-256 over the values in C order."""
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def coarser() -> np.ndarray[Any, np.dtype[np.uint16]]:
    """Return the next level of resolution, as a client that makes its own would: every other pixel of y and x."""
    return pixels()[..., ::2, ::2]


def assert_report(report: dict[str, Any]) -> None:
    """Check what a client reports after it has stored, found and read the picture."""
    array = pixels()
    assert report["name"] == NAME
    assert tuple(report["dims"]) == DIMS
    assert tuple(report["shape"]) == array.shape
    assert report["dtype"] == "uint16"
    assert report["fetched_id"] == report["id"]
    assert report["id"] in report["found"]
    assert report["not_found"] == []
    assert report["is_lazy"] is True
    assert report["crop"] == digest(array[CROP])
    assert report["whole"] == digest(array)
    assert [tuple(shape) for shape in report["levels"]] == [array.shape, coarser().shape]
    assert report["level 1"] == digest(coarser())
