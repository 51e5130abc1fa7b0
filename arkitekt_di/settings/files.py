"""Settings from files."""

import stat
from collections.abc import Mapping
from pathlib import Path

from arkitekt_di.settings.document import read_document
from arkitekt_di.settings.layer import Layer
from arkitekt_di.settings.origins import Kind, Origin
from arkitekt_di.settings.tree import Branch, Leaf

MAX_BYTES = 1024 * 1024
"""Largest settings file; one with every key and its comments has about 5 KiB."""


def file_layer(path: Path, kind: Kind, environ: Mapping[str, str]) -> Layer:
    """Read the file at *path*, which must be there.

    Parameters
    ----------
    path : Path
        A YAML file; an empty one sets nothing.
    kind : Kind
        What sort of file it is.
    environ : Mapping of str to str
        Variables for ``${NAME}`` in its values.
    """
    origin = Origin(kind, str(path))
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # reading a pipe could wait for ever
            return Layer.wrong(origin, "is not a file")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return Layer.wrong(origin, "there is no such file")
    except OSError as error:
        return Layer.wrong(origin, f"cannot be read: {error.strerror}")
    except ValueError:
        return Layer.wrong(origin, "is not a file name")
    if len(content) > MAX_BYTES:
        return Layer.wrong(origin, f"is larger than {MAX_BYTES // 1024} KiB, which no settings file is")
    return content_layer(content, origin, environ)


def optional_file_layers(path: Path, kind: Kind, environ: Mapping[str, str]) -> tuple[Layer, ...]:
    """Read the file at *path* where there is one."""
    return (file_layer(path, kind, environ),) if is_there(path) else ()


def is_there(path: Path) -> bool:
    """Return whether something stands at *path*; what may not be looked at does not."""
    try:
        return path.exists()
    except OSError:
        return False


def is_same_file(path: Path, other: Path) -> bool:
    """Return whether both paths lead to one file that is there."""
    try:
        return path.samefile(other)
    except OSError:
        return False


def content_layer(content: bytes, origin: Origin, environ: Mapping[str, str]) -> Layer:
    """Read the content of a file."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        where = origin.at(before.count(b"\n") + 1, error.start - before.rfind(b"\n"))
        return Layer.wrong(where, "not UTF-8 text: save the file with that encoding")
    document = read_document(text, origin, environ=environ)
    if document.node is None or (isinstance(document.node, Leaf) and document.node.value is None):
        return Layer(Branch(origin), document.problems)
    if isinstance(document.node, Branch):
        return Layer(document.node, document.problems)
    problem = document.node.origin.problem((), "the file must hold sections, such as 'mikro:' with keys below it")
    return Layer(Branch(origin), (*document.problems, problem))
