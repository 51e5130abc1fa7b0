"""The XML that S3 speaks."""

from collections.abc import Iterable
from datetime import UTC, datetime
from io import BytesIO
from xml.etree import ElementTree as ET
from xml.parsers import expat

from aiohttp import web

from arkitekt_di.errors import ObjectRefusedError

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"

Children = Iterable["tuple[str, str | Children]"]
"""Names with their text, or with further children."""


def document(name: str, children: Children, *, namespace: str | None = NAMESPACE, status: int = 200) -> web.Response:
    """Answer with one XML document."""
    root = ET.Element(name, {} if namespace is None else {"xmlns": namespace})
    _fill(root, children)
    body: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return web.Response(status=status, body=body, content_type="application/xml")


def iso_time(modified_ns: int) -> str:
    """Return a time as S3's documents have it."""
    return datetime.fromtimestamp(modified_ns // 10**9, tz=UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def records(body: bytes, name: str) -> list[dict[str, str]]:
    """Return the leaves of each element *name* right below the root of a document.

    Raises
    ------
    ObjectRefusedError
        It is no XML, or declares entities (``MalformedXML``).
    """
    reader = _RecordReader(name)
    try:
        reader.parser.ParseFile(BytesIO(body))
    except (expat.ExpatError, ValueError) as error:
        raise ObjectRefusedError("MalformedXML", "the body is not the XML that is wanted here") from error
    return reader.found


class _RecordReader:
    def __init__(self, name: str) -> None:
        self.found: list[dict[str, str]] = []
        self._name = name
        self._path: list[str] = []
        self._text: list[str] = []
        self.parser = expat.ParserCreate("utf-8", " ")
        self.parser.StartDoctypeDeclHandler = self._refuse  # entities come with a doctype, and only with one
        self.parser.StartElementHandler = self._open
        self.parser.EndElementHandler = self._close
        self.parser.CharacterDataHandler = self._text.append

    def _refuse(self, *_declaration: object) -> None:
        raise ObjectRefusedError("MalformedXML", "a document with a doctype is not read")

    def _open(self, tag: str, _attributes: dict[str, str]) -> None:
        self._path.append(tag.rpartition(" ")[2])
        self._text.clear()
        if self._path[1:] == [self._name]:
            self.found.append({})

    def _close(self, _tag: str) -> None:
        if len(self._path) == 3 and self._path[1] == self._name:  # root, record, leaf
            self.found[-1][self._path[2]] = "".join(self._text)
        self._path.pop()
        self._text.clear()


def _fill(parent: ET.Element, children: Children) -> None:
    for name, content in children:
        child = ET.SubElement(parent, name)
        if isinstance(content, str):
            child.text = content
        else:
            _fill(child, content)
