"""Names of files that say what is in them, such as ``{well}_{field}_{c}.tif``."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from arkitekt_di.errors import FileRefusedError

DIMS: Final = {"c": "c", "channel": "c", "t": "t", "time": "t", "z": "z"}
"""Fields that number the pieces of one image, with the dimension along which these are stacked."""

_FIELD: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_NUMBER: Final = re.compile(r"(\d+)")


@dataclass(frozen=True)
class FileGroup:
    """The files of one image.

    Attributes
    ----------
    name : str
    fields : dict of str to str
        What the names say about the image, such as ``{"well": "A01"}``.
    dims : tuple of str
        Dimensions along which the files are stacked, the outermost first.
    labels : tuple of tuple of str
        What the names say along each of them, in order.
    files : tuple of Path
        In the order of the labels, the last dimension first to change.
    """

    name: str
    fields: dict[str, str]
    dims: tuple[str, ...]
    labels: tuple[tuple[str, ...], ...]
    files: tuple[Path, ...]


def group_files(folder: Path, pattern: str) -> tuple[FileGroup, ...]:
    """Return the images that the files of *folder* are pieces of.

    Parameters
    ----------
    folder : Path
    pattern : str
        A path relative to the folder, in which ``{name}`` stands for one or more characters other than ``/``.  The
        fields ``c`` (or ``channel``), ``t`` (or ``time``) and ``z`` number the pieces of one image; all others tell
        images apart.  A field that is named twice is the same text twice.

    Raises
    ------
    FileRefusedError
        No file fits, or an image lacks some of its pieces.
    """
    matcher, stacked = _compiled(folder, pattern)
    found = [(path, match.groupdict()) for path, match in _matches(folder, matcher)]
    if not found:
        raise FileRefusedError(str(folder), f"no file in it fits the pattern {pattern!r}", "Correct the pattern")
    images: dict[tuple[str, ...], list[tuple[Path, dict[str, str]]]] = {}
    for path, fields in found:
        key = tuple(text for name, text in fields.items() if name not in stacked)
        images.setdefault(key, []).append((path, fields))
    return tuple(_group(folder, pieces, stacked) for _, pieces in sorted(images.items(), key=lambda i: _natural(i[0])))


def _compiled(folder: Path, pattern: str) -> tuple[re.Pattern[str], tuple[str, ...]]:
    parts, seen = [], list[str]()
    for i, text in enumerate(_FIELD.split(pattern)):
        if i % 2 == 0:
            parts.append(re.escape(text))
        elif text in seen:
            parts.append(f"(?P={text})")
        else:
            seen.append(text)
            parts.append(f"(?P<{text}>[^/]+?)")
    stacked = tuple(name for name in seen if name in DIMS)
    if not seen or len({DIMS[name] for name in stacked}) < len(stacked):
        reason = "has no fields" if not seen else "names one dimension twice"
        raise FileRefusedError(str(folder), f"the pattern {pattern!r} {reason}", "Write such as {well}_{field}_{c}.tif")
    return re.compile("".join(parts)), tuple(sorted(stacked, key=lambda name: "tcz".index(DIMS[name])))


def _matches(folder: Path, matcher: re.Pattern[str]) -> Iterable[tuple[Path, re.Match[str]]]:
    for path in sorted(folder.rglob("*")):
        match = matcher.fullmatch(path.relative_to(folder).as_posix())
        if match is not None and path.is_file():
            yield path, match


def _group(folder: Path, pieces: list[tuple[Path, dict[str, str]]], stacked: tuple[str, ...]) -> FileGroup:
    fields = {name: text for name, text in pieces[0][1].items() if name not in stacked}
    labels = tuple(tuple(sorted({piece[name] for _, piece in pieces}, key=_natural_text)) for name in stacked)
    by_place = {tuple(piece[name] for name in stacked): path for path, piece in pieces}
    places: list[tuple[str, ...]] = [()]
    for along in labels:
        places = [(*place, label) for place in places for label in along]
    if missing := [place for place in places if place not in by_place]:
        lacking = ", ".join(f"{name} {text}" for name, text in zip(stacked, missing[0], strict=True))
        raise FileRefusedError(
            str(folder),
            f"the image {_name(folder, fields)!r} lacks {len(places) - len(by_place)} of {len(places)}: {lacking}",
            "Add the files, or leave the image out with a narrower pattern",
        )
    return FileGroup(
        _name(folder, fields), fields, tuple(DIMS[name] for name in stacked), labels, tuple(by_place[p] for p in places)
    )


def _name(folder: Path, fields: dict[str, str]) -> str:
    return " ".join([folder.name, *fields.values()]) if fields else folder.name


def _natural(texts: Iterable[str]) -> list[tuple[tuple[int, str], ...]]:
    return [_natural_text(text) for text in texts]


def _natural_text(text: str) -> tuple[tuple[int, str], ...]:
    """Return a key that sorts 2 before 10."""
    return tuple((int(part), "") if part.isdigit() else (-1, part) for part in _NUMBER.split(text))
