"""What the doctor says."""

from dataclasses import dataclass
from enum import StrEnum


class Grade(StrEnum):
    """How much a finding matters."""

    GOOD = "good"
    NOTE = "note"
    FAULT = "fault"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    subject : str
        What it is about, such as ``settings`` or ``hub``.
    grade : Grade
    what : str
        What was found; holds no secret.
    fix : str
        What to do about it; empty where nothing has to be done, or where *what* says it.
    """

    subject: str
    grade: Grade
    what: str
    fix: str = ""


def good(subject: str, what: str) -> Finding:
    """Return a finding that needs nothing."""
    return Finding(subject, Grade.GOOD, what)


def note(subject: str, what: str, fix: str = "") -> Finding:
    """Return a finding that is good to know."""
    return Finding(subject, Grade.NOTE, what, fix)


def fault(subject: str, what: str, fix: str = "") -> Finding:
    """Return a finding that has to be mended."""
    return Finding(subject, Grade.FAULT, what, fix)
